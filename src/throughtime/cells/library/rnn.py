from throughtime.cells import cell, tanh


@cell(
    source="Elman 1990, Finding structure in time",
    differences="one bias where torch keeps two that are only ever added; any activation; with output=yes the "
    "output is y = V h, with a size of its own, where it is h otherwise",
)
def rnn(p, x, h, *, activation=tanh, output=False):
    """Elman's simple recurrent network."""
    h = activation(p.W @ x + p.U @ h + p.b)
    return (p.V @ h + p.b_y, h) if output else h
