"""Windows over a stream for truncated backpropagation through time: rows side by side, each goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from throughtime.batch import Batch, Sequences
from throughtime.data.streams.store import Stream
from throughtime.data.vocabulary import SOS, SPECIALS

SOS_ID = SPECIALS.index(SOS)
READ, NEXT = "text", "next"  # columns of a batch: the tokens, and those that follow them


@dataclass(frozen=True)
class Windows:
    """The N tokens in ``rows`` contiguous rows, cut into windows of ``steps`` tokens; every token is predicted once.

    Row r holds tokens ``r L .. (r + 1) L - 1`` with ``L = ceil(N / rows)``. A token is read one step before it is
    predicted; before the first stands ``<sos>``. ``batch.sample_ids`` number the windows (window * rows + row), and
    ``batch.offset`` is the time of a window's first step in its row. Iteration begins at window ``start``.
    """

    stream: Stream
    rows: int
    steps: int
    start: int = 0

    @property
    def row_length(self) -> int:
        return -(-len(self.stream) // self.rows)

    def __len__(self) -> int:
        return -(-self.row_length // self.steps)

    def __iter__(self) -> Iterator[Batch]:
        for window in range(self.start, len(self)):
            yield self.window(window)

    def window(self, number: int) -> Batch:
        """One window of all rows; rows that have ended have length 0."""
        begins = np.arange(self.rows) * self.row_length
        ends = np.minimum(begins + self.row_length, len(self.stream))
        firsts = np.minimum(begins + number * self.steps, ends)
        lengths = np.minimum(self.steps, ends - firsts)
        read, following = (np.zeros((self.rows, max(1, int(lengths.max()))), dtype=np.int64) for _ in range(2))
        for row, (first, length) in enumerate(zip(firsts.tolist(), lengths.tolist(), strict=True)):
            following[row, :length] = self.stream.read(first, first + length)
            read[row, :length] = before(self.stream, first, length)
        counted = torch.from_numpy(lengths.astype(np.int64))
        columns: dict[str, torch.Tensor | Sequences] = {
            READ: Sequences(torch.from_numpy(read), counted),
            NEXT: Sequences(torch.from_numpy(following), counted),
        }
        return Batch(columns, torch.arange(self.rows) + number * self.rows, offset=number * self.steps)


def before(stream: Stream, first: int, length: int) -> np.ndarray:
    """The tokens that are read to predict ``stream.ids[first : first + length]``."""
    if first > 0:
        return stream.read(first - 1, first + length - 1)
    return np.concatenate([[SOS_ID], stream.read(0, max(0, length - 1))])[:length]
