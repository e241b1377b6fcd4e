"""A batch of samples on its way through the rooms, and who draws its random masks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, device


@dataclass(frozen=True)
class Sequences:
    """A padded column: ``data (B, T, *features)``, of which row b is valid up to ``lengths[b]`` (0 is legal).

    What stands behind the length is finite and never changes a result.
    """

    data: Tensor
    lengths: Tensor  # (B,) int64

    def to(self, where: device | str) -> Sequences:
        return Sequences(self.data.to(where), self.lengths.to(where))


def valid_mask(lengths: Tensor, steps: int) -> Tensor:
    """Which of so many steps each row has, ``(B, steps)`` of bool.

    >>> valid_mask(torch.tensor([2, 0]), 3).int().tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def without_padding(values: Tensor, lengths: Tensor) -> Tensor:
    """``(B, T, ...)`` with 0 in the padding, whatever stands there."""
    padding = ~valid_mask(lengths, values.shape[1])
    return values.masked_fill(padding.reshape(*padding.shape, *(1 for _ in values.shape[2:])), 0)


@dataclass(frozen=True)
class Draw:
    """Who draws: every random mask is a function of these values, the layer, the step and the unit alone.

    So a mask is the same whatever else is in the batch, however time is cut, and after a restart.
    Masks over weights have no sample; ``update`` takes its place.
    """

    seed: int
    epoch: int
    update: int
    sample_ids: Tensor  # (B,) int64
    offset: int = 0  # time of the batch's first step within the sequences


@dataclass(frozen=True)
class Batch:
    """Columns by name, each a tensor with B rows or :class:`Sequences`.

    ``sample_ids (B,)`` are the samples' numbers in their split, ``offset`` is the time of the first step (for
    sequences that are cut), and ``draw`` says how random masks are drawn; it is None outside training. ``state`` is
    what was handed over at the end of the batch before, where this one goes on with the same sequences.
    """

    columns: dict[str, Tensor | Sequences]
    sample_ids: Tensor  # (B,) int64
    offset: int = 0
    draw: Draw | None = field(default=None)
    state: tuple[Tensor, ...] | None = None

    def __len__(self) -> int:
        return int(self.sample_ids.shape[0])

    def __getitem__(self, column: str) -> Tensor | Sequences:
        return self.columns[column]

    def drawing(self, seed: int, epoch: int, update: int) -> Batch:
        """The same batch, in training: with its masks drawn from these numbers."""
        return replace(self, draw=Draw(seed, epoch, update, self.sample_ids, self.offset))

    def after(self, state: tuple[Tensor, ...] | None) -> Batch:
        """The same batch, going on from this state."""
        return replace(self, state=state)

    def rows(self, index: Tensor) -> Batch:
        """These rows of the batch, with their numbers, and so their masks, and their states."""
        columns = {
            name: Sequences(column.data[index], column.lengths[index])
            if isinstance(column, Sequences)
            else column[index]
            for name, column in self.columns.items()
        }
        ids = self.sample_ids[index]
        draw = None if self.draw is None else replace(self.draw, sample_ids=ids)
        state = None if self.state is None else tuple(part[:, index] for part in self.state)
        return Batch(columns, ids, self.offset, draw, state)

    def to(self, where: device | str) -> Batch:
        draw = None if self.draw is None else replace(self.draw, sample_ids=self.draw.sample_ids.to(where))
        columns = {name: column.to(where) for name, column in self.columns.items()}
        return Batch(columns, self.sample_ids.to(where), self.offset, draw, self.state)
