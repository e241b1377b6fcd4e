from throughtime.cells import cell, sigmoid


@cell(
    source="the textbook form with an output and an input gate; the gated recurrent unit of Cho et al. 2014",
    differences="the gates are named for what they do: o lets the old state out, i lets the new one in; the "
    "squashing of the candidate is a sigmoid, unless activation=tanh",
)
def gru_two_gate(p, x, s, *, gate=sigmoid, activation=sigmoid):
    """Gated recurrent unit written with an output and an input gate."""
    o = gate(p.W_o @ s + p.U_o @ x + p.b_o)
    i = gate(p.W_i @ s + p.U_i @ x + p.b_i)
    s_tilde = activation(p.W @ (o * s) + p.U @ x + p.b)
    return (1 - i) * s + i * s_tilde
