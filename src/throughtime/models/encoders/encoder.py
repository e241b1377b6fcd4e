"""The contract of an encoder, and the registry by kind of column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from throughtime.batch import Draw, Sequences
from throughtime.cells.engine import Execution
from throughtime.cells.engine.contract import State
from throughtime.cells.equations import Graph
from throughtime.cells.recurrent import Recurrent
from throughtime.data.fields import Field
from throughtime.models.settings import NetworkSettings
from throughtime.registry import Registry


@dataclass(frozen=True)
class Shape:
    """How the states of recurrent layers lie: ``count`` tensors ``(num_layers * directions, B, hidden_size)``."""

    count: int
    num_layers: int
    directions: int
    hidden_size: int

    @classmethod
    def of(cls, layers: Recurrent) -> Shape:
        return cls(len(layers.graph.states), layers.num_layers, 2 if layers.bidirectional else 1, layers.hidden_size)


@dataclass(frozen=True)
class Encoding:
    """A hidden sequence ``(B, T, F)`` with ``lengths (B,)``; a column without time is a sequence of one step.

    ``states`` are the last ones of all layers, as the encoder's ``shape`` says; those of a column without time are its
    features. ``bag (B, T, E)`` are the embeddings themselves, where a head shall see them beside the hidden states.
    ``ids (B, T)`` are the tokens that were read, where they were tokens.
    """

    hidden: Tensor
    lengths: Tensor
    states: State
    bag: Tensor | None = None
    ids: Tensor | None = None


class Encoder(nn.Module, ABC):
    """What every encoder has: ``encoder(column, draw)`` turns one column of a batch into an :class:`Encoding`.

    It goes in two parts, so that one can ask what other vectors would have come to. The column is a tensor or
    :class:`Sequences`, as its field collates it; ``draw`` is None outside training.

    ``pooling`` is how its states become one vector where one is wanted; ``bidirectional`` says that one half of the
    features was read backwards. ``bag_size`` counts the features of its encodings' bag, 0 without one. ``stepwise``
    says that its hidden sequence has a state for every step of the column, and ``shape`` how its last states lie.
    """

    output_size: int
    shape: Shape
    bidirectional: bool
    pooling: str
    bag_size: int = 0
    stepwise: bool = False

    @abstractmethod
    def vectors(self, column: Any, draw: Draw | None) -> Tensor:
        """A vector for each step ``(B, T, F)``, dropout included; T is 1 for a column without time."""

    @abstractmethod
    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        """The encoding of vectors ``(B, T, F)`` with ``lengths (B,)``, wherever they come from."""

    def entering(self, vectors: Tensor) -> Tensor:
        """What the recurrent layers, where there are some, read of such vectors ``(..., F)``: by default all."""
        return vectors

    def forward(self, column: Any, draw: Draw | None) -> Encoding:
        return self.over(self.vectors(column, draw), steps_of(column), draw)


def steps_of(column: Tensor | Sequences) -> Tensor:
    """How many steps each row of a column has ``(B,)``: of ``(B, T, F)`` all T, and 1 where it has no time."""
    if isinstance(column, Sequences):
        return column.lengths
    if column.ndim == 3:
        return torch.full((len(column),), column.shape[1], dtype=torch.int64, device=column.device)
    return torch.ones(len(column), dtype=torch.int64, device=column.device)


@dataclass(frozen=True)
class Surroundings:
    """What an encoder is built with beside its field: settings, cell, execution, and the generator of first weights.

    ``vectors (V, E)`` are first embeddings that were made of the training texts.
    """

    settings: NetworkSettings
    cell: Graph
    execution: Execution
    place: str  # names its random masks
    generator: Generator | None = None
    vectors: np.ndarray | None = None


encoders: Registry[Callable[[Any, Surroundings], Encoder]] = Registry("encoder", "throughtime.models.encoders")


def encoder_for(field: Field, surroundings: Surroundings) -> Encoder:
    """A new encoder for this field's column."""
    return encoders[field.kind](field, surroundings)
