from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000",
    differences="one bias where torch keeps two that are only ever added; every squashing can be chosen",
)
def lstm(p, x, h, c, *, gate=sigmoid, activation=tanh, output_activation=tanh):
    """Long short-term memory with a forget gate."""
    i = gate(p.W_i @ x + p.U_i @ h + p.b_i)
    f = gate(p.W_f @ x + p.U_f @ h + p.b_f)
    g = activation(p.W_g @ x + p.U_g @ h + p.b_g)
    o = gate(p.W_o @ x + p.U_o @ h + p.b_o)
    c = f * c + i * g
    return o * output_activation(c), c
