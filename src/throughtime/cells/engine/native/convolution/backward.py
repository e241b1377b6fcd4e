"""One convolutional layer in one direction, backward.

Of each step one call into the engine, and one convolution an operand. Then the gradients of the kernels and of x, each
one convolution over all steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from throughtime.cells.engine.native.convolution.cell import Operand
from throughtime.cells.engine.native.convolution.kernels import (
    convolved,
    kernel_gradient,
    kernels,
    put_gradients,
    turned,
)
from throughtime.cells.engine.native.convolution.layer import Layer
from throughtime.cells.engine.native.convolution.memory import (
    NOWHERE,
    at,
    by_channel,
    channels_first,
    channels_last,
    diagonal_buffers,
    empty,
    mask_buffers,
    padded,
    tape_buffers,
    thinned,
)
from throughtime.cells.engine.native.convolution.pointwise import Pointwise
from throughtime.cells.engine.native.library import flushed
from throughtime.cells.engine.native.passes import Gradients


def backward(
    layer: Layer,
    stored: Sequence[Tensor],
    tape: Sequence[Tensor],
    dy: Tensor,
    dstate: Sequence[Tensor],
    wants_x: bool,
) -> Gradients:
    """The gradients of all that :func:`forward` was given."""
    order, sized = layer.order, layer.sized
    stored = [tensor.contiguous() for tensor in stored]
    loop = _Backward(layer, stored, tape, order.packed(channels_last(dy)), dstate)
    with flushed():
        for t in reversed(range(len(order.active) - 1)):
            loop.step(t)
        dx = loop.of_input() if wants_x else None
        of_stored = loop.of_stored()
    ends = [channels_first(order.unsorted(end), sized.units) for end in loop.ends()]
    return Gradients(None if dx is None else order.unpacked(dx), ends, of_stored)


class _Backward:
    """The time loop from the last step to the first, and what is gathered on the way."""

    def __init__(
        self, layer: Layer, stored: Sequence[Tensor], tape: Sequence[Tensor], dy: Tensor, dstate: Sequence[Tensor]
    ) -> None:
        self.layer, self.order, self.sized, self.dy = layer, layer.order, layer.sized, dy
        self.frames, self.kept, *self.pasts = tape
        recipe, width, space = self.sized.recipe, self.sized.padded, tuple(dy.shape[1:3])
        self.stored, self.kernels = stored, kernels(self.sized, stored)
        self.turned = [turned(kernel) for kernel in self.kernels]
        self.rest = [padded(self.order.sorted(channels_last(part)), width) for part in dstate]
        self.carried = [part[:0] for part in self.rest]
        self.gradients = [empty(self.order.count, space, parts * width, dy) for parts in recipe.widths]
        self.fixed, self.alive = diagonal_buffers(self.sized, stored)
        self.totals = {name: dy.new_zeros(*space, self.sized.units) for name in recipe.diagonals}
        for name, total in self.totals.items():
            ring = dy.new_empty(2, *space, width)
            self.alive.append(ring)
            self.fixed[f"total_{name}"] = (ring.data_ptr(), total.data_ptr(), self.sized.units, total.data_ptr())
            self.fixed[f"total_out_{name}"] = at(ring)
        self.biases = recipe.backward.program.partsums
        self.sums = dy.new_zeros(len(self.order.active) - 1, len(self.biases), self.sized.units)
        self.pointwise = Pointwise(recipe.backward, self.sized, space[0] * space[1], stored, reverse=True)

    def step(self, t: int) -> None:
        begin, n = self.order.begin[t], self.order.active[t]
        before = self.order.batch + self.order.begin[t - 1] if t else 0
        buffers = {**self.fixed, **mask_buffers(self.layer, begin), **tape_buffers(self.kept, begin)}
        buffers["dy"] = by_channel(self.dy[begin:], self.sized.units)
        for s, gradients in enumerate(self.gradients):
            buffers[f"gradients_{s}"] = at(gradients[begin:])
        carried = self._joined(n)
        out = {name: torch.empty_like(carried[0]) for name in self.sized.recipe.pointwise_ends}
        for name, past, part in zip(self.sized.graph.states, self.pasts, carried, strict=True):
            buffers[f"state_{name}"] = at(past[before:])
            buffers[f"after_{name}"] = at(past[self.order.batch + begin :])
            buffers[f"carried_{name}"] = at(part)
            buffers[f"carried_out_{name}"] = at(out[name]) if name in out else NOWHERE
        self.pointwise(n, buffers, self.sums[t].data_ptr())
        self.carried = [self._through(name, begin, n, out.get(name)) for name in self.sized.graph.states]

    def _joined(self, n: int) -> list[Tensor]:
        """What is carried to this step: from the step after it, or from the end of those that end here."""
        return [
            part if len(part) == n else torch.cat([part, rest[len(part) : n]])
            for part, rest in zip(self.carried, self.rest, strict=True)
        ]

    def _through(self, state: str, begin: int, n: int, total: Tensor | None) -> Tensor:
        """The gradient of a state before the step: its pointwise part, and that through the products."""
        recipe = self.sized.recipe
        for k, operand in enumerate(recipe.operands):
            if operand.state == state:
                part = convolved(self.gradients[recipe.gradients[k]][begin : begin + n], self.turned[k])
                part = thinned(part, self.layer.thinning if operand.thinned else None)
                total = part if total is None else total.add_(part)
        return torch.zeros_like(self.rest[0][:n]) if total is None else total

    def ends(self) -> list[Tensor]:
        """Of the states before the first step."""
        return self._joined(self.order.batch)

    def of_input(self) -> Tensor:
        """(count, height, width, C)"""
        recipe = self.sized.recipe
        for k, operand in enumerate(recipe.operands):
            if not operand.state:
                return convolved(self.gradients[recipe.gradients[k]], self.turned[k])
        return torch.zeros_like(self.frames)

    def of_stored(self) -> list[Tensor]:
        found, recipe = [torch.zeros_like(tensor) for tensor in self.stored], self.sized.recipe
        for s, gradients in enumerate(self.gradients):
            mine = [k for k in range(len(recipe.operands)) if recipe.gradients[k] == s]
            frames = [self._read(recipe.operands[k]) for k in mine]
            gradient = kernel_gradient(gradients, _side_by_side(frames), self.sized.kernel_size)
            for k, part in zip(mine, gradient.split([one.shape[-1] for one in frames], 1), strict=True):
                put_gradients(self.sized, k, part, found)
        for name, total in zip(self.biases, self.sums.sum(0), strict=True):
            self.sized.member(found, name).copy_(total)
        for name, total in self.totals.items():
            self.sized.member(found, name).copy_(total.permute(2, 0, 1))
        return found

    def _read(self, operand: Operand) -> Tensor:
        """What the products of all steps were applied to: (count, height, width, channels)."""
        if not operand.state:
            return self.frames
        past = self.pasts[self.sized.graph.states.index(operand.state)][self.order.before()]
        if not operand.thinned or self.layer.thinning is None:
            return past
        return past * self.layer.thinning[self.order.samples()]


def _side_by_side(frames: Sequence[Tensor]) -> Tensor:
    """All channels (n, height, width, *): one product with them is faster than one with each."""
    if len(frames) == 1:
        return frames[0]
    width = sum(one.shape[-1] for one in frames)
    return torch.cat(list(frames), -1, out=empty(len(frames[0]), tuple(frames[0].shape[1:3]), width, frames[0]))
