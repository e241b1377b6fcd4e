from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Greff, Srivastava, Koutník, Steunebrink and Schmidhuber 2017, LSTM: a search space odyssey (CIFG)",
    differences="without the paper's peepholes",
)
def lstm_coupled(p, x, h, c, *, gate=sigmoid, activation=tanh, output_activation=tanh):
    """LSTM with coupled gates: what it forgets is what it writes."""
    f = gate(p.W_f @ x + p.U_f @ h + p.b_f)
    g = activation(p.W_g @ x + p.U_g @ h + p.b_g)
    o = gate(p.W_o @ x + p.U_o @ h + p.b_o)
    c = f * c + (1 - f) * g
    return o * output_activation(c), c
