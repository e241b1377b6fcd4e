"""Convolutional cells behind the signature of all engines."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from throughtime.cells.engine import reference
from throughtime.cells.engine.backwards import in_both_directions
from throughtime.cells.engine.contract import Result, Work
from throughtime.cells.engine.native.autograd import by_reference
from throughtime.cells.engine.native.convolution.backward import backward
from throughtime.cells.engine.native.convolution.cell import why_not_cell
from throughtime.cells.engine.native.convolution.forward import forward
from throughtime.cells.engine.native.convolution.layer import Layer, check_shapes, sized
from throughtime.cells.engine.native.convolution.memory import padded
from throughtime.cells.engine.native.convolution.order import Order
from throughtime.cells.engine.native.masks import variant_and_masks
from throughtime.cells.engine.native.untraced import untraced

_by_reference = in_both_directions(reference.run)


def why_not(work: Work) -> str | None:
    """Why this work, of a convolutional cell, cannot be done in this way, in words; None if it can."""
    if work.checkpoint_time is not None and torch.is_grad_enabled():
        return f"the cell {work.graph.cell} is convolutional, and of such a cell all states are kept"
    if torch.is_autocast_enabled("cpu"):
        return "under autocast convolutions are in another type than what lies between them"
    if torch.compiler.is_compiling():
        return f"the cell {work.graph.cell} is convolutional, and torch traces its reference"
    return why_not_cell(work.graph)


def run(work: Work) -> Result:
    """The same as the reference's ``run``, in both directions; ``why_not(work)`` must be None."""
    variant, masks = variant_and_masks(work)
    made = sized(work.graph, variant, replace(work.sizes, space=tuple(work.x.shape[3:])))
    stored = [work.weights[name] for name in made.names]
    check_shapes(made, work.x, work.state, stored)
    order = Order(work.x, work.lengths, work.backwards)
    thinning = masks.pop("recurrent", None)
    if thinning is not None:
        thinning = padded(order.sorted(thinning), made.padded)[:, None, None]
    packed = {name: order.packed(mask) for name, mask in masks.items()}
    layer = Layer(made, order, thinning, packed, partial(_again, work, made.names))
    y, *state = Through.apply(layer, work.x, *work.state, *stored)
    return Result(y, tuple(state))


def _again(work: Work, names: tuple[str, ...], x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
    """The same work on other tensors, by the reference: output and state."""
    count = len(work.graph.states)
    weights = dict(zip(names, rest[count:], strict=True))
    result = _by_reference(replace(work, x=x, state=rest[:count], weights=weights))
    return result.output, *result.state


class Through(torch.autograd.Function):
    """``layer, x, *state, *stored`` to ``output, *state``; a second derivative is that of the reference."""

    @staticmethod
    def forward(ctx: Any, layer: Layer, x: Tensor, *rest: Tensor) -> Any:
        count = len(layer.sized.graph.states)
        training = any(ctx.needs_input_grad)
        y, after, tape = forward(layer, x, rest[:count], rest[count:], training)
        if training:
            # saved like the inputs, so that autograd gives the memory back after the way back
            ctx.layer, ctx.inputs = layer, 1 + len(rest)
            ctx.save_for_backward(x, *rest, *tape)
        return (y, *after)

    @staticmethod
    @untraced
    def backward(ctx: Any, dy: Tensor, *dstate: Tensor) -> Any:
        inputs, tape = ctx.saved_tensors[: ctx.inputs], ctx.saved_tensors[ctx.inputs :]
        if torch.is_grad_enabled():
            return (None, *by_reference(ctx, inputs, (dy, *dstate)))
        x, *rest = inputs
        stored = rest[len(dstate) :]
        if not tape:  # no sample has a step
            return (None, torch.zeros_like(x), *dstate, *(torch.zeros_like(tensor) for tensor in stored))
        with torch.autocast("cpu", enabled=False):
            found = backward(ctx.layer, stored, tape, dy, dstate, ctx.needs_input_grad[1])
        return (None, found.x, *found.state, *found.stored)
