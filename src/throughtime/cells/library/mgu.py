from throughtime.cells import cell, sigmoid, tanh


@cell(
    source="Zhou, Wu, Zhang and Zhou 2016, Minimal gated unit for recurrent neural networks",
    differences="none",
)
def mgu(p, x, h, *, gate=sigmoid, activation=tanh):
    """Minimal gated unit: one gate that forgets and resets."""
    f = gate(p.W_f @ x + p.U_f @ h + p.b_f)
    n = activation(p.W_n @ x + p.U_n @ (f * h) + p.b_n)
    return (1 - f) * h + f * n
