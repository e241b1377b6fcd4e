"""The engine in the graph of autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from throughtime.cells.engine.native.passes import Layer, backward, forward
from throughtime.cells.engine.native.pieces import backward_in_pieces, forward_in_pieces
from throughtime.cells.engine.native.untraced import untraced


class Through(torch.autograd.Function):
    """``layer, x, *state, *stored`` to ``output, *state``.

    A backward pass that shall itself be differentiated is that of the reference.
    """

    @staticmethod
    def forward(ctx: Any, layer: Layer, x: Tensor, *rest: Tensor) -> Any:
        count = len(layer.sized.graph.states)
        training, ctx.before = any(ctx.needs_input_grad), None
        if training and layer.every is not None and layer.every < layer.rows.steps:
            y, after, ctx.before = forward_in_pieces(layer, layer.every, x, rest[:count], rest[count:])
            tape: list[Tensor] = []  # made again, a piece at a time
        else:
            y, after, tape = forward(layer, x, rest[:count], rest[count:], training)
        if training:
            ctx.layer = layer
            ctx.save_for_backward(*after, *tape, x, *rest)  # autograd frees the tape once it has been used
        return (y, *after)

    @staticmethod
    @untraced
    def backward(ctx: Any, dy: Tensor, *dstate: Tensor) -> Any:
        count, saved = len(dstate), ctx.saved_tensors
        inputs = saved[-len(ctx.needs_input_grad) + 1 :]
        ends, tape = saved[:count], saved[count : -len(inputs)]
        if torch.is_grad_enabled():
            return (None, *by_reference(ctx, inputs, (dy, *dstate)))
        x, *rest = inputs
        stored = rest[count:]
        wants_x = ctx.needs_input_grad[1]
        if ctx.before is not None:
            found = backward_in_pieces(ctx.layer, ctx.layer.every, x, stored, ctx.before, dy, dstate, wants_x)
        else:
            found = backward(ctx.layer, x, stored, tape, ends, dy, dstate, wants_x)
        return (None, found.x, *found.state, *found.stored)


def by_reference(ctx: Any, inputs: tuple[Tensor, ...], gradients: tuple[Tensor, ...]) -> list[Tensor | None]:
    """The gradients of what a call was given, by the reference, so that they can be differentiated again."""
    wanted = [tensor for tensor, needed in zip(inputs, ctx.needs_input_grad[1:], strict=True) if needed]
    outputs = ctx.layer.reference(*inputs)
    reached = [(output, gradient) for output, gradient in zip(outputs, gradients, strict=True) if output.requires_grad]
    found = iter(
        torch.autograd.grad(
            [output for output, _ in reached],
            wanted,
            [gradient for _, gradient in reached],
            create_graph=True,
            materialize_grads=True,
        )
    )
    return [next(found) if needed else None for needed in ctx.needs_input_grad[1:]]
