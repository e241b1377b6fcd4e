"""A convolutional layer in one direction: sizes, and what a pass is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from throughtime.cells.engine.native.convolution.cell import recipe
from throughtime.cells.engine.native.convolution.order import Order
from throughtime.cells.engine.native.library import PANEL
from throughtime.cells.engine.native.quantities import Variant
from throughtime.cells.engine.native.recipe import Spot
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes, stacks


class Sized:
    """A recipe for sizes, and where the cell's parameters lie in what is stored. ``units`` are channels of a state."""

    def __init__(self, graph: Graph, variant: Variant, sizes: Sizes) -> None:
        self.recipe, self.graph, self.sizes, self.units = recipe(graph, variant), graph, sizes, sizes.hidden_size
        self.kernel_size = sizes.kernel_size
        self.padded = -(-self.units // PANEL) * PANEL
        self.names = tuple(stack.name for stack in stacks(graph))
        self.kinds = tuple(stack.members[0].kind for stack in stacks(graph))
        self.shapes = tuple(tuple(stack.shape(sizes)) for stack in stacks(graph))
        self.spots = {
            member.name: Spot(number, sum(stack.rows(sizes)[:at]))
            for number, stack in enumerate(stacks(graph))
            for at, member in enumerate(stack.members)
        }

    def member(self, stored: Sequence[Tensor], name: str) -> Tensor:
        """One of the cell's parameters, among what is stored."""
        stack, row = self.spots[name]
        return stored[stack][row : row + self.units]


@lru_cache(maxsize=256)
def sized(graph: Graph, variant: Variant, sizes: Sizes) -> Sized:
    return Sized(graph, variant, sizes)


@dataclass(frozen=True)
class Layer:
    """What a pass runs; ``reference(x, *state, *stored)`` gives the same.

    ``thinning (B, 1, 1, padded)``, sorted: recurrent dropout. ``masks (count, H)`` by name.
    """

    sized: Sized
    order: Order
    thinning: Tensor | None
    masks: Mapping[str, Tensor]
    reference: Callable[..., Sequence[Tensor]]


def check_shapes(sized: Sized, x: Tensor, state: Sequence[Tensor], stored: Sequence[Tensor]) -> None:
    """Raise ValueError for a state or a weight that does not fit: the engine reads addresses, and trusts sizes."""
    expected = (len(x), sized.units, *x.shape[3:])
    if [tuple(part.shape) for part in state] != [expected] * len(sized.graph.states):
        found = ", ".join(str(tuple(part.shape)) for part in state)
        raise ValueError(f"state has shapes {found}; this layer needs {len(sized.graph.states)} of {expected}")
    for tensor, name, kind, shape in zip(stored, sized.names, sized.kinds, sized.shapes, strict=True):
        needed = expected[1:] if kind == "diagonal" else shape
        if tensor.shape != needed:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; this layer needs {needed}")
