"""One layer in one direction, forward and backward: memory for what outlives a stage, and one call into the engine."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.cells.engine.native.library import PANEL, flushed, isa, library, refused
from throughtime.cells.engine.native.products import NEAR, Operands, Sweeps, Table
from throughtime.cells.engine.native.recipe import Bound, Sized
from throughtime.cells.engine.native.rows import Rows
from throughtime.cells.engine.native.words import RUN
from throughtime.cells.engine.native.workspace import workspaces
from throughtime.cells.engine.rounding import rounded

CACHE = 1_300_000  # bytes of weights that stay in a core's own cache
FEW = 3  # rows of a thread, up to which the products with x are better made for all steps at once

Buffer = tuple[
    int, int, int, int
]  # where it begins, where the states of finished rows lie, numbers to the next row and step


@dataclass(frozen=True)
class Layer:
    """What a pass runs; ``masks`` by name, without gradients; ``reference(x, *state, *stored)`` gives the same.

    ``every``: only the states before every so many steps are kept for the way back. ``bf16``: the operands of products
    inside the time loop, and of those with x, are rounded to bfloat16.
    """

    sized: Sized
    rows: Rows
    masks: Mapping[str, Tensor]
    reference: Callable[..., Sequence[Tensor]]
    every: int | None = None
    bf16: bool = False


def check_shapes(sized: Sized, x: Tensor, state: Sequence[Tensor], stored: Sequence[Tensor]) -> None:
    """Raise ValueError for a state or a weight that does not fit: the engine reads addresses, and trusts sizes."""
    if len(state) != len(sized.graph.states):
        raise ValueError(f"{len(state)} states are given; this layer has {len(sized.graph.states)}")
    for part in state:
        if part.shape != (len(x), sized.units) or part.dtype != x.dtype:
            raise ValueError(
                f"a state has shape {tuple(part.shape)} of {part.dtype}; this layer has {sized.units} units"
            )
    for tensor, name, shape in zip(stored, sized.names, sized.shapes, strict=True):
        if tensor.shape != shape or tensor.dtype != x.dtype:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)} of {tensor.dtype}; this layer needs {shape}")


@dataclass(frozen=True)
class Division:
    """How threads share the work: each takes some units of all rows, or all units of some rows."""

    threads: int
    by_units: bool
    block: int  # panels that are treated at a time


def forward(
    layer: Layer,
    x: Tensor,
    state: Sequence[Tensor],
    stored: Sequence[Tensor],
    training: bool,
    y: Tensor | None = None,
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """``x (B, T, F)`` and the state ``(B, H)`` each to the output ``(B, T, H)``, the state at the end, and the tape.

    The tape is what :func:`backward` needs: quantities that were kept, and the states before each step. The output of
    a piece of the steps is written into the whole ``y``.
    """
    sized, rows = layer.sized, layer.rows
    units, padded = sized.units, sized.padded
    x = _side_by_side(x)
    y = rows.empty(units, x) if y is None else y
    if not rows.count:
        return y, [part.clone(memory_format=torch.contiguous_format) for part in state], []
    stored = [tensor.contiguous() for tensor in stored]
    division = _division(sized.forward(training, False), sized, rows, _weight_size(layer, x))
    hoisted = bool(sized.recipe.hoisted) and rows.batch <= FEW * (1 if division.by_units else division.threads)
    bound = sized.forward(training, hoisted)
    buffers = {"x": _user(x), "y": _user(y)}
    tape = [workspaces.empty(rows.room, len(sized.recipe.kept) * padded if training else 0, x.dtype)]
    buffers["tape"] = _at(tape[0])
    alive = _put_masks(layer, buffers)
    before = Sweeps()
    if hoisted:
        products = workspaces.empty(rows.count, len(sized.recipe.hoisted) * padded, x.dtype)
        flat, maps = rows.packed(x), stored
        if layer.bf16:
            flat, maps = rounded(flat), sized.hoisted.rounded(stored)
        sized.hoisted.sweep(before, flat, maps, products)
        buffers["hoisted"] = _at(products)
    ends = []
    for name, part in zip(sized.graph.states, state, strict=True):
        part = _side_by_side(part)
        values = workspaces.empty(rows.room if training else 2 * rows.batch, padded, x.dtype)
        end = x.new_empty(rows.batch, units) if rows.all_run else part.clone(memory_format=torch.contiguous_format)
        buffers[f"state_{name}"] = (values.data_ptr(), part.data_ptr(), part.stride(0), 0)
        buffers[f"next_{name}"] = (values.data_ptr(), end.data_ptr(), units, 0)
        alive.append(part)
        ends.append(end)
        tape.append(values)
    _run(bound, layer, division, x, stored, buffers, before=before)
    return y, ends, tape if training else []


@dataclass
class Gradients:
    """Of the input, of the state before the first step, and of what is stored."""

    x: Tensor | None
    state: list[Tensor]
    stored: list[Tensor]


def backward(
    layer: Layer,
    x: Tensor,
    stored: Sequence[Tensor],
    tape: Sequence[Tensor],
    ends: Sequence[Tensor],
    dy: Tensor,
    dstate: Sequence[Tensor],
    wants_x: bool,
    dx: Tensor | None = None,
) -> Gradients:
    """The gradients of all that :func:`forward` was given; that of a piece of x is written into the whole ``dx``."""
    sized, rows = layer.sized, layer.rows
    if not rows.count:
        return Gradients(
            torch.zeros_like(x) if dx is None else dx, list(dstate), [torch.zeros_like(tensor) for tensor in stored]
        )
    x, dy, stored = _side_by_side(x), _side_by_side(dy), [tensor.contiguous() for tensor in stored]
    bound, pitch = sized.backward, sized.recipe.columns * sized.padded
    division = _division(bound, sized, rows, _weight_size(layer, dy))
    room = NEAR * (division.threads if division.by_units else 1) // dy.element_size()
    near = [kind != "map" or tensor.numel() <= room for kind, tensor in zip(sized.kinds, stored, strict=True)]
    recent = all(near) and "map" in sized.kinds  # no gradient of a sum outlives what the engine makes of it
    gradients = None if recent else workspaces.empty(rows.count, pitch, dy.dtype)
    table = Table(0, pitch, rows.count) if gradients is None else Table.of(gradients)
    buffers = {"dy": _user(dy), "tape": _at(tape[0]), "gradients": (table.address, 0, 0, 0)}
    alive = _put_masks(layer, buffers)
    of_state = _put_states(layer, tape[1:], ends, dstate, buffers, alive)
    of_stored = [
        torch.empty_like(tensor) if kind == "map" or complete else torch.zeros_like(tensor)
        for tensor, kind, complete in zip(stored, sized.kinds, sized.complete, strict=True)
    ]
    products, operands, along = sized.products, Operands(sized, rows, x, tape[0], tape[1:]), Sweeps()
    flat = dy.new_empty(rows.count, x.shape[2]) if wants_x and all(near) else None
    if flat is not None and not products.sweep_input(along, table, stored, flat):
        flat.zero_()
    for number, kind in enumerate(sized.kinds):
        if kind == "map" and near[number]:
            products.sweep_stack(along, number, table, operands, of_stored[number])
    _run(bound, layer, division, dy, stored, buffers, of_stored, along=along, recent=recent)
    if flat is not None:
        dx = rows.unpacked(flat, dx)
    if gradients is None:
        return Gradients(dx, of_state, of_stored)
    with flushed():
        if wants_x and flat is None:
            dx = products.of_input(rows, x, gradients, stored, dx)
        for number, is_near in enumerate(near):
            if not is_near:
                of_stored[number] = products.of_stack(number, gradients, operands)
    return Gradients(dx, of_state, of_stored)


def _put_states(
    layer: Layer,
    before: Sequence[Tensor],
    ends: Sequence[Tensor],
    dstate: Sequence[Tensor],
    buffers: dict[str, Buffer],
    alive: list[Tensor],
) -> list[Tensor]:
    """The states and what is carried back through them, among the buffers; returns where their gradients will be."""
    rows, of_state = layer.rows, []
    for name, values, end, part in zip(layer.sized.graph.states, before, ends, dstate, strict=True):
        part = _side_by_side(part)
        found = part.new_empty(rows.batch, layer.sized.units)
        ring = part.new_empty(2 * rows.batch, layer.sized.padded)
        buffers[f"state_{name}"] = _at(values)
        buffers[f"after_{name}"] = (values.data_ptr(), end.data_ptr(), end.stride(0), 0)
        buffers[f"carried_{name}"] = (ring.data_ptr(), part.data_ptr(), part.stride(0), found.data_ptr())
        buffers[f"carried_out_{name}"] = _at(ring)
        alive += [part, ring]
        of_state.append(found)
    return of_state


def _run(
    bound: Bound,
    layer: Layer,
    division: Division,
    like: Tensor,
    stored: Sequence[Tensor],
    buffers: Mapping[str, Buffer],
    sums: Sequence[Tensor] = (),
    before: Sweeps | None = None,
    along: Sweeps | None = None,
    recent: bool = False,
) -> None:
    """One call into the engine; ``sums``, laid out as ``stored``, takes the gradients of vectors.

    ``recent``: the gradients of sums serve only the products along the loop, and the engine has memory for them.
    """
    packed = workspaces.empty(1, bound.packed_size, like.dtype)
    words, _arrays = given(bound, layer.sized, layer.rows, division, like, stored, buffers, packed, sums, layer.bf16)
    for at, sweeps in ((_BEFORE, before), (_ALONG, along)):
        if sweeps is not None:
            words[at], words[at + 1] = sweeps.words.buffer_info()[0], sweeps.count
    words[_RECENT] = recent
    engine = library()
    assert engine is not None
    problem = engine.tt_run(words.buffer_info()[0])
    if problem:
        refused(problem)


def given(
    bound: Bound,
    sized: Sized,
    rows: Rows,
    division: Division,
    like: Tensor,
    stored: Sequence[Tensor],
    buffers: Mapping[str, Buffer],
    packed: Tensor,
    sums: Sequence[Tensor] = (),
    bf16: bool = False,
) -> tuple[array[int], tuple[array[int], ...]]:
    """The words of the engine's TtRun, and the arrays to which they point: those of the buffers first."""
    size = like.element_size()
    places = array("q", [word for name in bound.compiled.buffers for word in buffers.get(name, _NOWHERE)])
    found = [(tensor.data_ptr(), tensor.stride(0)) for tensor in stored]
    maps = array("q", [w for k, row in bound.maps for w in (found[k][0] + row * found[k][1] * size, found[k][1])])
    vectors = array("q", [found[k][0] + row * size for k, row in bound.vectors])
    partsums = array("q", [sums[k].data_ptr() + row * size for k, row in bound.partsums] if sums else ())
    words = array(
        "q",
        (
            *(len(RUN), bound.compiled.handle or 0),
            *(rows.steps, rows.batch, sized.units, sized.sizes.input_size, rows.first_step),
            *(rows.row_step, *rows.pointers),
            *(rows.backwards, bound is sized.backward, size == 8, isa(), bf16, division.threads),
            *(division.by_units, division.block, 0, packed.data_ptr(), bound.constants.buffer_info()[0]),
            *(places.buffer_info()[0], maps.buffer_info()[0], vectors.buffer_info()[0], partsums.buffer_info()[0]),
            *(0, 0, 0, 0, 0),
        ),
    )
    assert len(words) == len(RUN)
    return words, (places, maps, vectors, partsums)


_BEFORE, _ALONG, _RECENT = RUN.index("before"), RUN.index("along"), RUN.index("recent")
_NOWHERE = (0, 0, 0, 0)  # the engine has memory of its own for what outlives a stage and not a step


def _side_by_side(tensor: Tensor) -> Tensor:
    """A tensor whose features lie side by side."""
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def _at(tensor: Tensor) -> Buffer:
    return (tensor.data_ptr(), 0, 0, 0)


def _user(tensor: Tensor) -> Buffer:
    return (tensor.data_ptr(), 0, tensor.stride(0), tensor.stride(1))


def _put_masks(layer: Layer, buffers: dict[str, Buffer]) -> list[Tensor]:
    """The masks among the buffers; returns what must stay alive."""
    alive = []
    for name, mask in layer.masks.items():
        mask = _side_by_side(mask)
        buffers[f"mask_{name}"] = (mask.data_ptr(), 0, mask.stride(0), mask.stride(1) if mask.dim() == 3 else 0)
        alive.append(mask)
    return alive


def _weight_size(layer: Layer, like: Tensor) -> int:
    """Bytes of a packed weight."""
    return 2 if layer.bf16 else like.element_size()


def _division(bound: Bound, sized: Sized, rows: Rows, size: int) -> Division:
    threads, batch, panels = torch.get_num_threads(), rows.batch, sized.padded // PANEL
    by_units = False
    if threads > 1:
        small = bound.packed_size * size <= CACHE
        by_units = panels >= 4 and not (small and batch >= 2 * threads)
        threads = min(threads, panels // 4 * 2 if by_units else batch)
        by_units = by_units and threads > 1
    mine = batch if by_units else -(-batch // threads)
    return Division(threads, by_units, panels_at_once(mine))


def panels_at_once(rows: int) -> int:
    """Of a block: with few rows more, so that each operation has something to do."""
    return 4 if rows > 3 else 8 if rows > 1 else 16
