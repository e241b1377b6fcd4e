"""The engine as an operator of torch, so that it passes whole through ``torch.compile`` and ``torch.export``.

What they trace has no Python objects in it; so the cell travels as text, and is read again where the operator runs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from throughtime.cells.engine.native.passes import Layer, backward, check_shapes, forward
from throughtime.cells.engine.native.quantities import Variant
from throughtime.cells.engine.native.recipe import Sized, sized
from throughtime.cells.engine.native.rows import rows_of
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import Sizes


def described(cell: str, input_size: int, hidden_size: int, recurrent: bool, zoneout: float, clip: float) -> str:
    """A layer as text: the graph in JSON, its sizes, and what its layer adds; ``zoneout`` -1 by masks, 0 none."""
    return f"{input_size} {hidden_size} {int(recurrent)} {zoneout} {clip} {cell}"


@lru_cache(maxsize=256)
def _read(text: str) -> Sized:
    inputs, units, recurrent, zoneout, clip, cell = text.split(" ", 5)
    graph = Graph.from_json(json.loads(cell))
    shares: tuple[float, ...] | str = "masks" if float(zoneout) < 0 else ()
    if float(zoneout) > 0:
        shares = tuple(float(zoneout) for _ in graph.states)
    variant = Variant(recurrent == "1", shares, float(clip) or None)
    return sized(graph, variant, Sizes(int(inputs), int(units), int(units)))


def _layer(text: str, x: Tensor, lengths: Tensor | None, masks: Sequence[Tensor], backwards: bool) -> Layer:
    made = _read(text)
    _check(made, x, lengths, masks)
    rows = rows_of(x, lengths, backwards)
    rows.room = x.shape[0] * x.shape[1]  # sizes must not depend on the lengths
    names = ["recurrent"] if made.variant.recurrent else []
    names += [f"zoneout_{name}" for name in made.graph.states] if made.variant.zoneout == "masks" else []
    return Layer(made, rows, dict(zip(names, masks, strict=True)), _no_reference)


def _check(made: Sized, x: Tensor, lengths: Tensor | None, masks: Sequence[Tensor]) -> None:
    """The engine trusts sizes, and a traced program may be given anything."""
    if x.dim() != 3 or x.shape[2] != made.sizes.input_size or x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"x has shape {tuple(x.shape)} of {x.dtype}; this layer reads (B, T, {made.sizes.input_size})")
    if lengths is not None:
        fits = lengths.shape == x.shape[:1] and not lengths.is_floating_point()
        if not fits or (len(lengths) and not 0 <= int(lengths.min()) <= int(lengths.max()) <= x.shape[1]):
            raise ValueError(f"lengths {lengths.tolist()} do not fit x of shape {tuple(x.shape)}")
    for mask in masks:
        if mask.shape not in ((len(x), made.units), (len(x), x.shape[1], made.units)) or mask.dtype != x.dtype:
            raise ValueError(f"a mask has shape {tuple(mask.shape)} of {mask.dtype}")


def _no_reference(*_: Tensor) -> Sequence[Tensor]:
    raise RuntimeError("a compiled layer has no second derivative; call it outside torch.compile")


@torch.library.custom_op("throughtime::layer", mutates_args=())
def layer(
    text: str,
    x: Tensor,
    lengths: Tensor | None,
    state: Sequence[Tensor],
    stored: Sequence[Tensor],
    masks: Sequence[Tensor],
    backwards: bool,
    training: bool,
) -> list[Tensor]:
    """Output ``(B, T, H)``, the state at the end ``(B, H)`` each, and in training the tape."""
    x = x.contiguous()
    made = _layer(text, x, lengths, masks, backwards)
    check_shapes(made.sized, x, state, stored)
    y, ends, tape = forward(made, x, state, stored, training)
    tape = tape or (_tape(made.sized, x) if training else [])
    for kept in tape:
        kept[made.rows.count :] = 0  # the same call gives the same numbers, those too that nobody reads
    return [y, *ends, *tape]


@layer.register_fake
def _(
    text: str,
    x: Tensor,
    lengths: Tensor | None,
    state: Sequence[Tensor],
    stored: Sequence[Tensor],
    masks: Sequence[Tensor],
    backwards: bool,
    training: bool,
) -> list[Tensor]:
    made = _read(text)
    y = x.new_empty(x.shape[0], x.shape[1], made.units)
    ends = [x.new_empty(x.shape[0], made.units) for _ in state]
    return [y, *ends, *(_tape(made, x) if training else [])]


def _tape(made: Sized, x: Tensor) -> list[Tensor]:
    rows = x.shape[0] * x.shape[1]
    return [
        x.new_empty(rows, width * made.padded) for width in (len(made.recipe.kept), *(1 for _ in made.graph.states))
    ]


@torch.library.custom_op("throughtime::layer_backward", mutates_args=())
def layer_backward(
    text: str,
    x: Tensor,
    lengths: Tensor | None,
    stored: Sequence[Tensor],
    masks: Sequence[Tensor],
    backwards: bool,
    ends: Sequence[Tensor],
    tape: Sequence[Tensor],
    dy: Tensor,
    dstate: Sequence[Tensor],
) -> list[Tensor]:
    """The gradients of x, of the state before the first step, and of what is stored."""
    x = x.contiguous()
    check_shapes(_read(text), x, dstate, stored)
    found = backward(_layer(text, x, lengths, masks, backwards), x, stored, tape, ends, dy, dstate, True)
    assert found.x is not None
    return [tensor.contiguous() for tensor in (found.x, *found.state, *found.stored)]


@layer_backward.register_fake
def _(
    text: str,
    x: Tensor,
    lengths: Tensor | None,
    stored: Sequence[Tensor],
    masks: Sequence[Tensor],
    backwards: bool,
    ends: Sequence[Tensor],
    tape: Sequence[Tensor],
    dy: Tensor,
    dstate: Sequence[Tensor],
) -> list[Tensor]:
    same = (x, *dstate, *stored)
    return [tensor.new_empty(tensor.shape) for tensor in same]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    text, x, lengths, state, stored, masks, backwards, _ = inputs
    ctx.text, ctx.backwards = text, backwards
    ctx.counts = (len(state), len(stored), len(masks))
    ctx.has_lengths = lengths is not None
    ctx.save_for_backward(x, *([lengths] if ctx.has_lengths else []), *stored, *masks, *output[1:])


def _differentiate(ctx: Any, gradients: list[Tensor]) -> tuple[Any, ...]:
    states, stacks, masks = ctx.counts
    x, *saved = ctx.saved_tensors
    lengths = saved.pop(0) if ctx.has_lengths else None
    stored, saved = saved[:stacks], saved[stacks:]
    noise, saved = saved[:masks], saved[masks:]
    ends, tape = saved[:states], saved[states:]
    dy, *dstate = gradients[: 1 + states]
    found = layer_backward(ctx.text, x, lengths, stored, noise, ctx.backwards, ends, tape, dy, dstate)
    dx, dstate, dstored = found[0], found[1 : 1 + states], found[1 + states :]
    return None, dx, None, dstate, dstored, [None] * masks, None, None


layer.register_autograd(_differentiate, setup_context=_keep)
