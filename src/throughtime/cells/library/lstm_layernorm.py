from throughtime.cells import cell, norm, sigmoid, tanh


@cell(
    source="Ba, Kiros and Hinton 2016, Layer normalization, equations 20 to 22",
    differences="each gate is normalised by itself, over its hidden_size sums, where the paper normalises all four "
    "together; a gate's one shift is its bias",
)
def lstm_layernorm(p, x, h, c, *, gate=sigmoid, activation=tanh, output_activation=tanh):
    """LSTM whose sums are normalised over the layer."""
    i = gate(norm(p.W_i @ x) * p.v_i + norm(p.U_i @ h) * p.u_i + p.b_i)
    f = gate(norm(p.W_f @ x) * p.v_f + norm(p.U_f @ h) * p.u_f + p.b_f)
    g = activation(norm(p.W_g @ x) * p.v_g + norm(p.U_g @ h) * p.u_g + p.b_g)
    o = gate(norm(p.W_o @ x) * p.v_o + norm(p.U_o @ h) * p.u_o + p.b_o)
    c = f * c + i * g
    return o * output_activation(norm(c) * p.v_c + p.b_c), c
