"""A program in the words that the compiled engine reads, and checks."""

from __future__ import annotations

import ctypes
import weakref
from array import array
from collections.abc import Iterator

from throughtime.cells.engine.native.library import library
from throughtime.cells.engine.native.program import Group, Kind, Operation, Place, Program

VERSION = 2
# a run as the engine's header has it, in its order
RUN = (
    *("words", "program", "steps", "rows", "units", "inputs", "first_step", "row_step"),
    *("active", "offsets", "lengths", "order", "reversed", "backward", "is_double", "isa", "is_bf16", "threads"),
    *("by_units", "block", "is_packed", "packed", "constants", "buffers", "maps", "vectors", "partsums"),
    *("before", "before_count", "along", "along_count", "recent"),
)
STEP_OF_STREAM = ("words", "layers", "states", "runs", "buffers")  # the engine's TtStep
OPS = (
    *("copy", "add", "sub", "mul", "div", "neg", "sigmoid", "tanh", "relu", "exp", "sqrt"),
    *("dsigmoid", "dtanh", "drelu", "rowsum", "rowdot", "partsum", "partdot", "mean", "rstd"),
)
SPILL, STEP, RING, OTHER_RING, USER, NEXT, NEXT_RING, STATE, STATE_RING, CARRIED, RECENT = range(11)
INPUTS, UNITS, PARTS = range(3)


class Compiled:
    """A program inside the engine; ``handle`` is its address. Raises ValueError with what is wrong with a program."""

    def __init__(self, program: Program) -> None:
        engine = library()
        assert engine is not None
        self.program = program
        self.buffers = tuple(program.buffers)
        words = words_of(program)
        problem = ctypes.create_string_buffer(200)
        self.handle: int | None = engine.tt_program(words.buffer_info()[0], len(words), problem, len(problem))
        if not self.handle:
            raise ValueError(problem.value.decode())
        weakref.finalize(self, engine.tt_program_free, self.handle)


def words_of(program: Program) -> array[int]:
    """The whole program; the order is that of the engine's header."""
    return array("i", _program(program))


def _program(program: Program) -> Iterator[int]:
    yield from (VERSION, program.slots, program.scalars, len(program.buffers), len(program.vectors))
    yield from (len(program.partsums), len(program.maps), len(program.constants), len(program.stages))
    for name, parts in program.buffers.items():
        kind = _layout_over_frames(name) if program.over_frames else _layout(name, program.keeps_states)
        yield from (kind, parts, INPUTS if name == "x" else UNITS)
    words = _Words(program)
    for stage in program.stages:
        yield from (len(stage.before), len(stage.groups), len(stage.ops))
        for operation in (*stage.before, *stage.ops):
            yield from words.operation(operation)
        for group in stage.groups:
            yield from words.group(group)


def _layout(name: str, keeps_states: bool) -> int:
    """How the rows of a buffer lie."""
    if name in ("x", "y", "dy") or name.startswith("mask_"):
        return USER
    if name.startswith("carried_"):
        return OTHER_RING if name.startswith("carried_out_") else CARRIED
    if name.startswith(("next_", "after_")):
        return NEXT if keeps_states else NEXT_RING
    if name.startswith("state_"):
        return STATE if keeps_states else STATE_RING
    return {"spill": SPILL, "gradients": RECENT}.get(name, STEP)


def _layout_over_frames(name: str) -> int:
    """The same where samples take the place of time: a total goes from one to the next."""
    if name in ("y", "dy") or name.startswith(("mask_", "diagonal_")):
        return USER
    if name.startswith("total_"):
        return OTHER_RING if name.startswith("total_out_") else CARRIED
    return STEP


class _Words:
    def __init__(self, program: Program) -> None:
        self.numbers = {
            Kind.BUFFER: {name: k for k, name in enumerate(program.buffers)},
            Kind.VECTOR: {name: k for k, name in enumerate(program.vectors)},
        }
        self.maps = {name: k for k, name in enumerate(program.maps)}

    def operation(self, operation: Operation) -> Iterator[int]:
        yield OPS.index(operation.op)
        for place in (operation.to, operation.a, operation.b):
            yield from self.place(place)

    def place(self, place: Place) -> tuple[int, int, int]:
        named = self.numbers.get(place.kind)
        return int(place.kind), named[place.name] if named else place.index, place.column

    def group(self, group: Group) -> Iterator[int]:
        reads = PARTS if group.transposed else INPUTS if group.operand == "x" else UNITS
        yield from (self.numbers[Kind.BUFFER][group.operand], group.column, reads, len(group.sums), group.parts)
        yield from group.sums
        yield from (self.maps[name] for names in group.maps for name in names)
