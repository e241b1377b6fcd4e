from throughtime.cells import cell, norm, sigmoid, tanh


@cell(
    source="Ba, Kiros and Hinton 2016, Layer normalization, supplement, equations 25 to 29",
    differences="each gate is normalised by itself; the reset gate acts after the product, as in the paper; z keeps, "
    "as in torch",
)
def gru_layernorm(p, x, h, *, gate=sigmoid, activation=tanh):
    """Gated recurrent unit whose sums are normalised over the layer."""
    r = gate(norm(p.W_r @ x) * p.v_r + norm(p.U_r @ h) * p.u_r + p.b_r)
    z = gate(norm(p.W_z @ x) * p.v_z + norm(p.U_z @ h) * p.u_z + p.b_z)
    n = activation(norm(p.W_n @ x) * p.v_n + p.b_n + r * (norm(p.U_n @ h) * p.u_n + p.b_hn))
    return (1 - z) * n + z * h
