from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Hochreiter and Schmidhuber 1997, Long short-term memory",
    differences="full backpropagation through time in place of the paper's truncated gradient; tanh in place of its "
    "scaled sigmoids; one cell a memory block",
)
def lstm_1997(p, x, h, c, *, gate=sigmoid, activation=tanh, output_activation=tanh):
    """The first LSTM, without a forget gate: what is written stays."""
    i = gate(p.W_i @ x + p.U_i @ h + p.b_i)
    g = activation(p.W_g @ x + p.U_g @ h + p.b_g)
    o = gate(p.W_o @ x + p.U_o @ h + p.b_o)
    c = c + i * g
    return o * output_activation(c), c
