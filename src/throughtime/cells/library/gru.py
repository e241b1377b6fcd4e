from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Cho et al. 2014, Learning phrase representations using RNN encoder-decoder, in the form of cuDNN and torch",
    differences="the reset gate acts after the product, so that all products with h are one; one bias where torch "
    "keeps two that are only ever added; update_keeps=no turns the sign of z, as in later papers",
)
def gru(p, x, h, *, gate=sigmoid, activation=tanh, update_keeps=True):
    """Gated recurrent unit, reset after the product."""
    r = gate(p.W_r @ x + p.U_r @ h + p.b_r)
    z = gate(p.W_z @ x + p.U_z @ h + p.b_z)
    n = activation(p.W_n @ x + p.b_n + r * (p.U_n @ h + p.b_hn))
    return (1 - z) * n + z * h if update_keeps else (1 - z) * h + z * n
