"""One layer in one direction, forward and backward: memory for what outlives a stage, and one call into the engine."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.native.library import isa, library
from throughtime.cells.engine.native.products import Products, hoisted_products
from throughtime.cells.engine.native.recipe import Bound, Sized, Spot
from throughtime.cells.engine.native.rows import Rows
from throughtime.cells.engine.native.workspace import workspaces

CACHE = 1_300_000  # bytes of weights that stay in a core's own cache
FEW = 3  # rows of a thread, up to which the products with x are better made for all steps at once

Buffer = tuple[
    int, int, int, int
]  # where it begins, where the states of finished rows lie, numbers to the next row and step


@dataclass(frozen=True)
class Layer:
    """What a pass runs; ``masks`` by name, without gradients; ``reference(x, *state, *stored)`` gives the same."""

    sized: Sized
    rows: Rows
    masks: Mapping[str, Tensor]
    reference: Callable[..., Sequence[Tensor]]


@dataclass(frozen=True)
class Division:
    """How threads share the work: each takes some units of all rows, or all units of some rows."""

    threads: int
    by_units: bool
    block: int  # panels that are treated at a time


def forward(
    layer: Layer, x: Tensor, state: Sequence[Tensor], stored: Sequence[Tensor], training: bool
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """``x (B, T, F)`` and the state ``(B, H)`` each to the output ``(B, T, H)``, the state at the end, and the tape.

    The tape is what :func:`backward` needs: quantities that were kept, the states before each step, those at the end.
    """
    sized, rows = layer.sized, layer.rows
    units, padded = sized.units, sized.padded
    x = x if x.stride(2) == 1 else x.contiguous()
    stored = [tensor.contiguous() for tensor in stored]
    y = rows.empty(units, x)
    division = _division(sized.forward(training, False), sized, rows, x.element_size())
    hoisted = bool(sized.recipe.hoisted) and rows.batch <= FEW * (1 if division.by_units else division.threads)
    bound = sized.forward(training, hoisted)
    buffers = {"x": _user(x), "y": _user(y)}
    alive = [_put_masks(layer, buffers)]
    tape = [workspaces.empty(rows.count, len(sized.recipe.kept) * padded if training else 0, x.dtype)]
    buffers["tape"] = _at(tape[0])
    if hoisted and rows.count:
        alive.append([hoisted_products(sized, rows, x, stored)])
        buffers["hoisted"] = _at(alive[-1][0])
    ends = []
    for name, part in zip(sized.graph.states, state, strict=True):
        part = rows.by_length(part)
        values = workspaces.empty(rows.count if training else 2 * rows.batch, padded, x.dtype)
        first = (rows.first(values) if training else values)[: int(rows.active[0])]
        first[:, :units] = part[: len(first)]
        if padded > units:
            first[:, units:] = 0
            end = F.pad(part, (0, padded - units))
        else:
            end = torch.empty_like(part, memory_format=torch.contiguous_format) if rows.dense else part.clone()
        buffers[f"state_{name}"] = _at(values)
        buffers[f"next_{name}"] = (values.data_ptr(), end.data_ptr(), 0, 0)
        ends.append(end)
        tape.append(values)
    if rows.count:
        _run(bound, layer, division, x, stored, buffers)
    elif rows.dense:
        ends = [_padded(part, padded) for part in state]
    return y, [rows.by_user(end)[:, :units] for end in ends], [*tape, *ends] if training else []


@dataclass
class Gradients:
    x: Tensor | None
    state: list[Tensor]
    stored: list[Tensor]


def backward(
    layer: Layer,
    x: Tensor,
    stored: Sequence[Tensor],
    tape: Sequence[Tensor],
    dy: Tensor,
    dstate: Sequence[Tensor],
    wants_x: bool,
) -> Gradients:
    """The gradients of all that :func:`forward` was given."""
    sized, rows, states = layer.sized, layer.rows, layer.sized.graph.states
    units, padded, bound = sized.units, sized.padded, sized.backward
    stored = [tensor.contiguous() for tensor in stored]
    kept, before, ends = tape[0], tape[1 : 1 + len(states)], tape[1 + len(states) :]
    dy = dy if dy.stride(2) == 1 else dy.contiguous()
    gradients = workspaces.empty(rows.count, sized.recipe.columns * padded, dy.dtype)
    buffers = {"dy": _user(dy), "tape": _at(kept), "gradients": _at(gradients)}
    alive = _put_masks(layer, buffers)
    rings = []
    for name, values, end, part in zip(states, before, ends, dstate, strict=True):
        ring = _padded(rows.by_length(part), padded).expand(2, -1, -1).contiguous()
        buffers[f"state_{name}"] = _at(values)
        buffers[f"after_{name}"] = (values.data_ptr(), end.data_ptr(), 0, 0)
        buffers[f"carried_{name}"] = buffers[f"carried_out_{name}"] = _at(ring)
        rings.append(ring)
    of_stored: list[Tensor] = []
    for tensor, stack, complete in zip(stored, sized.stacks, sized.complete, strict=True):
        empty = stack.members[0].kind == "map" or (complete and rows.count)
        of_stored.append(torch.empty_like(tensor) if empty else torch.zeros_like(tensor))
    if rows.count:
        division = _division(bound, sized, rows, dy.element_size())
        sums = [_address(of_stored, spot, dy.element_size()) for spot in bound.partsums]
        _run(bound, layer, division, dy, stored, buffers, sums)
    del alive
    engine, threads = library(), torch.get_num_threads()
    assert engine is not None
    engine.tt_flush(threads, 1)  # gradients that have faded to denormal numbers would slow the products below
    try:
        products = Products(sized, rows, x, kept, before, gradients)
        dx = products.of_input(stored) if wants_x else None
        for number, stack in enumerate(sized.stacks):
            if stack.members[0].kind == "map":
                of_stored[number] = products.of_stack(number, stored[number])
    finally:
        engine.tt_flush(threads, 0)
    state = [rows.by_user(ring[1])[:, :units] for ring in rings] if rows.steps else list(dstate)
    return Gradients(dx, state, of_stored)


def _run(
    bound: Bound,
    layer: Layer,
    division: Division,
    like: Tensor,
    stored: Sequence[Tensor],
    buffers: Mapping[str, Buffer],
    sums: Sequence[int] = (),
) -> None:
    engine, rows, sized = library(), layer.rows, layer.sized
    assert engine is not None
    size = like.element_size()
    packed = workspaces.empty(1, bound.packed_size, like.dtype)
    places = array("q", [number for name in bound.compiled.buffers for number in buffers.get(name, _NOWHERE)])
    maps = array("q", [n for spot in bound.maps for n in (_address(stored, spot, size), stored[spot.stack].stride(0))])
    vectors = array("q", [_address(stored, spot, size) for spot in bound.vectors])
    partsums = array("q", sums)
    words = array("q", [_WORDS, bound.compiled.handle or 0])
    words.extend((rows.steps, rows.batch, sized.units, sized.sizes.input_size, 0, rows.row_step, *rows.pointers))
    words.extend((rows.backwards, bound is sized.backward, size == 8, isa(), division.threads, division.by_units))
    words.extend((division.block, 0, packed.data_ptr(), bound.constants.buffer_info()[0]))
    words.extend(numbers.buffer_info()[0] for numbers in (places, maps, vectors, partsums))
    assert len(words) == _WORDS
    problem = engine.tt_run(words.buffer_info()[0])
    if problem:
        raise RuntimeError(f"the engine refused a run: {problem}")


_WORDS = 26  # of the engine's TtRun
_NOWHERE = (0, 0, 0, 0)


def _address(tensors: Sequence[Tensor], spot: Spot, size: int) -> int:
    tensor = tensors[spot.stack]
    return tensor.data_ptr() + spot.row * tensor.stride(0) * size


def _at(tensor: Tensor) -> Buffer:
    return (tensor.data_ptr(), 0, 0, 0)


def _user(tensor: Tensor) -> Buffer:
    """A tensor (B, T, F) whose features lie side by side."""
    return (tensor.data_ptr(), 0, tensor.stride(0), tensor.stride(1))


def _put_masks(layer: Layer, buffers: dict[str, Buffer]) -> list[Tensor]:
    """The masks among the buffers; returns what must stay alive."""
    alive = []
    for name, mask in layer.masks.items():
        if mask.dim() == 3:
            mask = mask if mask.stride(2) == 1 else mask.contiguous()
            buffers[f"mask_{name}"] = _user(mask)
        else:
            mask = _padded(layer.rows.by_length(mask), layer.sized.padded).contiguous()
            buffers[f"mask_{name}"] = _at(mask)
        alive.append(mask)
    return alive


def _padded(values: Tensor, padded: int) -> Tensor:
    missing = padded - values.shape[1]
    return F.pad(values, (0, missing)) if missing else values


def _division(bound: Bound, sized: Sized, rows: Rows, size: int) -> Division:
    threads, batch, panels = torch.get_num_threads(), rows.batch, sized.padded // 16
    by_units = False
    if threads > 1:
        small = bound.packed_size * size <= CACHE
        by_units = panels >= 4 and not (small and batch >= 2 * threads)
        threads = min(threads, panels // 4 * 2 if by_units else max(1, batch))
        by_units = by_units and threads > 1
    mine = batch if by_units else -(-batch // threads)
    return Division(threads, by_units, 4 if mine > 3 else 8 if mine > 1 else 16)
