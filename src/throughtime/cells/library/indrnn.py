from throughtime.cells import cell, relu


@cell(
    source="Li, Li, Cook, Zhu and Gao 2018, Independently recurrent neural network (IndRNN)",
    differences="the recurrent weights are not clipped to a range while training; they begin as uniform in 0 to 1",
)
def indrnn(p, x, h, *, activation=relu):
    """Independently recurrent network: each unit sees its own past alone."""
    return activation(p.W @ x + p.u * h + p.b)
