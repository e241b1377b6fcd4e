"""What the engine's programs are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """Where an operand of an operation lies; the engine's TtPlace."""

    SLOT = 0
    BUFFER = 1
    VECTOR = 2
    CONSTANT = 3
    SCALAR = 4
    PARTSUM = 5
    NOWHERE = 6


@dataclass(frozen=True)
class Place:
    """A slot, constant, scalar or partsum by number; a part (``column``) of a buffer's rows, or a vector, by name."""

    kind: Kind
    index: int = 0
    name: str = ""
    column: int = 0


@dataclass(frozen=True)
class Operation:
    op: str
    to: Place
    a: Place
    b: Place = Place(Kind.NOWHERE)


@dataclass(frozen=True)
class Group:
    """Products of one operand: part ``column`` and on of its buffer, ``parts`` of them, into the slots ``sums``.

    ``maps`` holds for each slot the map of each part; ``transposed`` says that the operand are gradients of sums.
    """

    operand: str
    column: int
    sums: tuple[int, ...]
    maps: tuple[tuple[str, ...], ...]
    transposed: bool

    @property
    def parts(self) -> int:
        return len(self.maps[0])


@dataclass(frozen=True)
class Stage:
    """Sums begin (``before``), products are added to them (``groups``), the rest follows (``ops``)."""

    before: tuple[Operation, ...]
    groups: tuple[Group, ...]
    ops: tuple[Operation, ...]


@dataclass(frozen=True)
class Program:
    """The stages, and what they need: slots, numbers a row (``scalars``), buffers with so many parts, and so on."""

    stages: tuple[Stage, ...]
    slots: int
    scalars: int
    constants: tuple[float, ...]
    vectors: tuple[str, ...]
    partsums: tuple[str, ...]  # the parameter of each
    maps: tuple[str, ...]
    buffers: dict[str, int]  # name and parts
    keeps_states: bool  # all states over time, not the last two alone
    over_frames: bool = False  # rows are the places of a frame, and what the engine takes for time are the samples
