"""Long sequences in little memory: every k-th state is kept, and the steps between are run again on the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from throughtime.cells.engine.native.passes import Gradients, Layer, backward, forward


def forward_in_pieces(
    layer: Layer, every: int, x: Tensor, state: Sequence[Tensor], stored: Sequence[Tensor]
) -> tuple[Tensor, list[Tensor], list[list[Tensor]]]:
    """The output, the state at the end, and the state before each piece of ``every`` steps."""
    y = layer.rows.empty(layer.sized.units, x)
    current, before = list(state), []
    for piece in _pieces(layer, every):
        before.append(current)
        _, current, _ = forward(piece, x, current, stored, False, y)
    return y, current, before


def backward_in_pieces(
    layer: Layer,
    every: int,
    x: Tensor,
    stored: Sequence[Tensor],
    before: Sequence[Sequence[Tensor]],
    dy: Tensor,
    dstate: Sequence[Tensor],
    wants_x: bool,
) -> Gradients:
    """The gradients of all that :func:`forward_in_pieces` was given."""
    # The output is made once more and not read: all its steps lie in one place
    y = x.new_empty(len(x), 1, layer.sized.units).expand(-1, x.shape[1], -1)
    dx = layer.rows.empty(x.shape[2], x) if wants_x else None
    of_state, of_stored = list(dstate), [torch.zeros_like(tensor) for tensor in stored]
    for piece, state in reversed(list(zip(_pieces(layer, every), before, strict=True))):
        _, ends, tape = forward(piece, x, state, stored, True, y)
        found = backward(piece, x, stored, tape, ends, dy, of_state, wants_x, dx)
        of_state = found.state
        for total, more in zip(of_stored, found.stored, strict=True):
            total += more
    return Gradients(dx, of_state, of_stored)


def _pieces(layer: Layer, every: int) -> Iterator[Layer]:
    steps = layer.rows.steps
    return (replace(layer, rows=layer.rows.piece(at, min(at + every, steps))) for at in range(0, steps, every))
