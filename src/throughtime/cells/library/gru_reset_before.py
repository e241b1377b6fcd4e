from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Cho et al. 2014, Learning phrase representations using RNN encoder-decoder, equations 5 to 8",
    differences="with biases, unless bias=no; update_keeps=no turns the sign of z, as in later papers",
)
def gru_reset_before(p, x, h, *, gate=sigmoid, activation=tanh, update_keeps=True):
    """Gated recurrent unit, reset before the product."""
    r = gate(p.W_r @ x + p.U_r @ h + p.b_r)
    z = gate(p.W_z @ x + p.U_z @ h + p.b_z)
    n = activation(p.W_n @ x + p.U_n @ (r * h) + p.b_n)
    return (1 - z) * n + z * h if update_keeps else (1 - z) * h + z * n
