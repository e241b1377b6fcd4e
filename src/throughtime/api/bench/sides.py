"""The two sides of a comparison: networks over the same input, forward alone and in a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.api.bench.plan import Shape
from throughtime.cells.cell import Cell
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import stacks
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import ThroughtimeError

TOLERANCE = 1e-4  # of the largest value: rounding in float32 over a thousand steps stays below 1e-5


@dataclass(frozen=True)
class Side:
    """``call`` gives what the gradient ``dy`` (None: 1, of a single number) flows back from, to x and ``learned``."""

    call: Callable[[Tensor], Tensor]
    x: Tensor
    dy: Tensor | None
    learned: tuple[Tensor, ...]

    @torch.no_grad()
    def forward(self) -> Tensor:
        return self.call(self.x)

    def train(self) -> None:
        """Forward and backward; gradients are made anew, as after ``zero_grad``."""
        for tensor in (self.x, *self.learned):
            tensor.grad = None
        self.call(self.x).backward(self.dy)


@dataclass(frozen=True)
class Material:
    """What all sides of a case read: ``x (B, T, I)`` and a dense gradient of the output ``(B, T, H)``."""

    x: Tensor
    dy: Tensor | None

    def side(self, call: Callable[[Tensor], Tensor], learned: Iterable[Tensor]) -> Side:
        return Side(call, self.x.clone().requires_grad_(), self.dy, tuple(learned))


def material(shape: Shape, *space: int) -> Material:
    """Fixed random numbers; with ``space``, frames of that height and width."""
    numbers = torch.Generator().manual_seed(1)
    x = torch.randn(shape.batch, shape.steps, shape.input_size, *space, generator=numbers)
    return Material(x, torch.randn(shape.batch, shape.steps, shape.hidden_size, *space, generator=numbers))


def ours(cell: str | Cell | Graph, shape: Shape) -> Recurrent:
    """The layer that is measured; its weights begin as torch's do."""
    numbers = torch.Generator().manual_seed(2)
    return Recurrent(
        cell, shape.input_size, shape.hidden_size, engine="native", initialisation="uniform", generator=numbers
    )


def output_of(layer: Callable[..., tuple[Tensor, object]]) -> Callable[[Tensor], Tensor]:
    """The output alone, of a layer that also returns its state."""
    return lambda x: layer(x)[0]


def named_parts(layer: Recurrent) -> dict[str, Tensor]:
    """Each of the cell's parameters by its name in the equations: pieces of the stored tensors of a single layer."""
    direction = layer.directions[0]
    weights = layer.weights(direction)
    return {
        member.name: part
        for stack in stacks(layer.graph)
        for member, part in zip(stack.members, weights[stack.name].split(stack.rows(direction.sizes)), strict=True)
    }


def check_equal(sides: Mapping[str, Side]) -> None:
    """Raise ThroughtimeError unless all sides compute the same output and gradient of x.

    What does not do the same work must not be compared.
    """
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for name, side in sides.items():
        side.train()
        assert side.x.grad is not None
        found[name] = side.forward(), side.x.grad
    first = next(iter(found))
    for name, values in found.items():
        for what, value, wanted in zip(("output", "gradient of x"), values, found[first], strict=True):
            error = float((value - wanted).abs().max() / (wanted.abs().max() + 1e-30))
            if not error <= TOLERANCE:
                raise ThroughtimeError(
                    f"bench: {name} and {first} differ by {error:.1e} of the largest {what}; they cannot be compared"
                )
