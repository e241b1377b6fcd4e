"""The contract of an encoder, and the registry by kind of column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Generator, Tensor

from throughtime.batch import Draw, Sequences
from throughtime.cells.equations import Graph
from throughtime.data.fields import Field
from throughtime.models.settings import NetworkSettings
from throughtime.registry import Registry


@dataclass(frozen=True)
class Encoding:
    """A hidden sequence ``(B, T, F)`` with ``lengths (B,)``; a column without time is a sequence of one step."""

    hidden: Tensor
    lengths: Tensor


class Encoder(Protocol):
    """A module that encodes one column. ``has_time`` is False for a column of single values."""

    output_size: int
    bidirectional: bool
    has_time: bool

    def __call__(self, column: Tensor | Sequences, draw: Draw | None) -> Encoding: ...


@dataclass(frozen=True)
class Surroundings:
    """What an encoder is built with beside its field: settings, cell, engine, and the generator of first weights."""

    settings: NetworkSettings
    cell: Graph
    engine: str
    place: str  # names its random masks
    generator: Generator | None = None


encoders: Registry[Callable[[Any, Surroundings], Encoder]] = Registry("encoder", "throughtime.models.encoders")


def encoder_for(field: Field, surroundings: Surroundings) -> Encoder:
    """A new encoder for this field's column."""
    return encoders[field.kind](field, surroundings)
