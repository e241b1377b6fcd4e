from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Gers and Schmidhuber 2000, Recurrent nets that time and count",
    differences="full backpropagation through time, through the peepholes too",
)
def lstm_peephole(p, x, h, c, *, gate=sigmoid, activation=tanh, output_activation=tanh):
    """LSTM whose gates also see the cell state."""
    i = gate(p.W_i @ x + p.U_i @ h + p.p_i * c + p.b_i)
    f = gate(p.W_f @ x + p.U_f @ h + p.p_f * c + p.b_f)
    g = activation(p.W_g @ x + p.U_g @ h + p.b_g)
    c = f * c + i * g
    o = gate(p.W_o @ x + p.U_o @ h + p.p_o * c + p.b_o)  # sees the new cell state
    return o * output_activation(c), c
