"""How much arithmetic the products of a cell are, counted on its graph, and how fast this machine does such."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch

from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes, parameters

SIDE = 1024  # of the square matrices at which the peak is measured


def products(graph: Graph, sizes: Sizes) -> int:
    """Multiplications in all linear maps of one step of one row.

    A map that is applied twice counts twice; what is done unit by unit, peepholes among it, does not count.

    >>> from throughtime.cells import cells
    >>> products(cells["gru"].graph(), Sizes(input_size=3, hidden_size=5, output_size=5)) == 3 * (5 * 3 + 5 * 5)
    True
    """
    shapes = {parameter.name: parameter.shape(sizes) for parameter in parameters(graph)}
    return sum(prod(shapes[name]) for name, _ in graph.products()) * prod(sizes.space)


def forward_flops(graph: Graph, sizes: Sizes, steps: int, batch: int) -> int:
    """A multiplication and an addition for each."""
    return 2 * steps * batch * products(graph, sizes)


def training_flops(graph: Graph, sizes: Sizes, steps: int, batch: int) -> int:
    """Forward, and as much again for the gradient of what the maps are applied to, and for that of the maps."""
    return 3 * forward_flops(graph, sizes, steps, batch)


def sgemm() -> Callable[[], object]:
    """A product of matrices that does nothing else: ``peak(its seconds)`` is the most one can hope for."""
    a, b, c = (torch.rand(SIDE, SIDE) for _ in range(3))
    return lambda: torch.mm(a, b, out=c)


def peak(seconds: float) -> float:
    """Flops in a second."""
    return 2 * SIDE**3 / seconds
