"""The engine in the graph of autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from throughtime.cells.engine.native.passes import Layer, backward, forward


class Through(torch.autograd.Function):
    """``layer, x, *state, *stored`` to ``output, *state``.

    A backward pass that shall itself be differentiated is that of the reference.
    """

    @staticmethod
    def forward(ctx: Any, layer: Layer, x: Tensor, *rest: Tensor) -> Any:
        count = len(layer.sized.graph.states)
        training = any(ctx.needs_input_grad)
        y, after, tape = forward(layer, x, rest[:count], rest[count:], training)
        if training:
            ctx.layer, ctx.tape = layer, tape
            ctx.save_for_backward(*after, x, *rest)
        return (y, *after)

    @staticmethod
    def backward(ctx: Any, dy: Tensor, *dstate: Tensor) -> Any:
        ends, inputs = ctx.saved_tensors[: len(dstate)], ctx.saved_tensors[len(dstate) :]
        if torch.is_grad_enabled():
            return (None, *_of_reference(ctx, inputs, (dy, *dstate)))
        x, *rest = inputs
        stored = rest[len(dstate) :]
        found = backward(ctx.layer, x, stored, ctx.tape, ends, dy, dstate, ctx.needs_input_grad[1])
        return (None, found.x, *found.state, *found.stored)


def _of_reference(ctx: Any, inputs: tuple[Tensor, ...], gradients: tuple[Tensor, ...]) -> list[Tensor | None]:
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
