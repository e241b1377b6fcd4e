"""One convolutional layer in one direction, forward.

The products with x are convolutions of several steps at once. Then, of each step, one convolution an operand, and one
call into the engine.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from throughtime.cells.engine.native.convolution.kernels import biases, convolved, kernels
from throughtime.cells.engine.native.convolution.layer import Layer
from throughtime.cells.engine.native.convolution.memory import (
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
from throughtime.cells.engine.native.convolution.order import Order
from throughtime.cells.engine.native.convolution.pointwise import Pointwise

AT_ONCE = 1 << 23  # bytes of products with x that are made at a time, so that they are read while near


def forward(
    layer: Layer, x: Tensor, state: Sequence[Tensor], stored: Sequence[Tensor], training: bool
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """``x (B, T, C, height, width)`` and the state ``(B, H, height, width)`` each to the output, state and tape.

    The tape is what :func:`backward` needs: the packed input ``(count, height, width, C)``, the kept quantities
    ``(quantities, count, height, width, padded)``, and of each state the start and what follows from each step,
    ``(B + count, height, width, padded)``. It is empty if no sample has a step.
    """
    order, sized, space = layer.order, layer.sized, x.shape[3:]
    if not order.count:
        y = x.new_zeros(*x.shape[:2], sized.units, *space)
        return y, [part.clone(memory_format=torch.contiguous_format) for part in state], []
    stored = [tensor.contiguous() for tensor in stored]
    loop = _Forward(layer, order.packed(channels_last(x)), state, stored, training)
    for t in range(len(order.active) - 1):
        loop.step(t)
    ends = [channels_first(order.unsorted(end), sized.units) for end in loop.ends]
    tape = [loop.inputs.frames, loop.kept, *(past.all for past in loop.pasts)] if training else []
    return order.unpacked(loop.output()), ends, tape


class _Forward:
    """The time loop, and where it has come to."""

    def __init__(
        self, layer: Layer, frames: Tensor, state: Sequence[Tensor], stored: Sequence[Tensor], training: bool
    ) -> None:
        self.layer, self.order, self.sized, recipe = layer, layer.order, layer.sized, layer.sized.recipe
        self.space = tuple(frames.shape[1:3])
        self.kernels = kernels(self.sized, stored)
        starts = [padded(self.order.sorted(channels_last(part)), self.sized.padded) for part in state]
        wholes = [training or k == recipe.step.output for k in recipe.step.new_states]
        self.pasts = [_Past(self.order, start, whole) for start, whole in zip(starts, wholes, strict=True)]
        self.ends = [start.clone() for start in starts]
        count = self.order.count if training else 0
        kept = empty(count * len(recipe.kept), self.space, self.sized.padded, frames)
        self.kept = kept.unflatten(0, (len(recipe.kept), count))
        self.y = frames.new_empty(self.order.count if recipe.own_output else 0, *self.space, self.sized.units)
        self.inputs = _Inputs(self.order, frames)
        for k, operand in enumerate(recipe.operands):
            if not operand.state:
                self.inputs.kernel, self.inputs.bias = self.kernels[k], biases(self.sized, k, stored)
        self.fixed, self.alive = diagonal_buffers(self.sized, stored)
        self.pointwise = Pointwise(recipe.forward(training), self.sized, self.space[0] * self.space[1], stored)

    def step(self, t: int) -> None:
        begin, n, on = self.order.begin[t], self.order.active[t], self.order.active[t + 1]
        states = self.sized.graph.states
        before = {name: past.before(t) for name, past in zip(states, self.pasts, strict=True)}
        after = [past.after(t) for past in self.pasts]
        buffers = {**self.fixed, **mask_buffers(self.layer, begin), **tape_buffers(self.kept, begin)}
        buffers["y"] = by_channel(self.y[begin:], self.sized.units)
        products = []
        for k, operand in enumerate(self.sized.recipe.operands):
            if operand.state:
                read = thinned(before[operand.state], self.layer.thinning if operand.thinned else None)
                products.append(convolved(read, self.kernels[k]))
            else:
                products.append(self.inputs.products(t))
            buffers[f"products_{k}"] = at(products[-1])
        for name, new in zip(states, after, strict=True):
            buffers |= {f"state_{name}": at(before[name]), f"new_{name}": at(new)}
        self.pointwise(n, buffers)
        for new, end in zip(after, self.ends, strict=True):
            if on < n:
                end[on:n] = new[on:n]

    def output(self) -> Tensor:
        """(count, height, width, H)"""
        recipe = self.sized.recipe
        if recipe.own_output:
            return self.y
        past = self.pasts[recipe.step.new_states.index(recipe.step.output)]
        return past.all[self.order.batch :, ..., : self.sized.units]


class _Past:
    """A state over time: at the start and after each step, or the last alone."""

    def __init__(self, order: Order, start: Tensor, whole: bool) -> None:
        self.order, self.now = order, start
        self.whole = whole
        space, width = tuple(start.shape[1:3]), start.shape[3]
        self.all = empty(order.batch + order.count if whole else 0, space, width, start)
        if whole:
            self.all[: order.batch] = start

    def before(self, t: int) -> Tensor:
        """(active, height, width, padded)"""
        return self.now[: self.order.active[t]]

    def after(self, t: int) -> Tensor:
        """The same, to be written; from then on it is the last."""
        n = self.order.active[t]
        if self.whole:
            begin = self.order.batch + self.order.begin[t]
            self.now = self.all[begin : begin + n]
        else:
            self.now = torch.empty_like(self.now[:n])
        return self.now


class _Inputs:
    """The products with x of several steps at a time."""

    def __init__(self, order: Order, frames: Tensor) -> None:
        self.order, self.frames = order, frames
        self.kernel: Tensor | None = None
        self.bias: Tensor | None = None
        self.begin = self.end = 0  # of the frames that are made
        self.made = frames

    def products(self, t: int) -> Tensor:
        """(active, height, width, maps * padded)"""
        begin, n = self.order.begin[t], self.order.active[t]
        if begin >= self.end:
            assert self.kernel is not None
            most = AT_ONCE // (self.frames[0, ..., 0].numel() * len(self.kernel) * self.frames.element_size())
            self.begin, self.end = begin, begin + n
            for more in self.order.active[t + 1 :]:
                if self.end - begin + more > most:
                    break
                self.end += more
            self.made = convolved(self.frames[begin : self.end], self.kernel, self.bias)
        return self.made[begin - self.begin :][:n]
