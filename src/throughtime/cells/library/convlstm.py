from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Shi, Chen, Wang, Yeung, Wong and Woo 2015, Convolutional LSTM network, equation 3",
    differences="the gates in torch's order; peepholes=no leaves out the weights on the cell state, and with them "
    "the bond to one size of frame",
    convolution=True,
)
def convlstm(p, x, h, c, *, gate=sigmoid, activation=tanh, output_activation=tanh, peepholes=True):
    """Peephole LSTM over frames: every linear map is a convolution."""
    i = gate(p.W_i @ x + p.U_i @ h + (p.p_i * c if peepholes else 0) + p.b_i)
    f = gate(p.W_f @ x + p.U_f @ h + (p.p_f * c if peepholes else 0) + p.b_f)
    g = activation(p.W_g @ x + p.U_g @ h + p.b_g)
    c = f * c + i * g
    o = gate(p.W_o @ x + p.U_o @ h + (p.p_o * c if peepholes else 0) + p.b_o)  # sees the new cell state
    return o * output_activation(c), c
