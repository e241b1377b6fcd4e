"""A split with all its columns encoded."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from throughtime.data.fields import Field
from throughtime.data.order import words
from throughtime.data.records import Records


class Dataset:
    """Encodes every row of ``records`` once.

    ``records`` are the rows as they came, ``columns`` holds the encoded values, ``lengths (N,)`` the steps of a row's
    longest column (1 for what has no time).
    Raises DataError, with its place, for the first value that a field refuses.
    """

    def __init__(self, records: Records, fields: Mapping[str, Field]) -> None:
        self.records, self.fields = records, dict(fields)
        self.columns: dict[str, list[Any]] = {
            column: [field.encode(value, records.where(i, column)) for i, value in enumerate(records.column(column))]
            for column, field in fields.items()
        }
        self.lengths = np.zeros(len(records), dtype=np.int64)
        for column, field in fields.items():
            steps = [field.length(value) for value in self.columns[column]]
            self.lengths = np.maximum(self.lengths, np.array(steps, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.lengths)

    def cropped(self, longest: int, seed: int, epoch: int) -> Dataset:
        """The same rows, of longer sequences a window of ``longest`` steps; (seed, epoch, row) draw where it begins.

        Columns of equal length keep their steps together.
        """
        view = copy(self)
        view.columns = dict(self.columns)
        drawn = words(len(self), seed, epoch, 2)
        for column in (name for name, field in self.fields.items() if field.stepwise):
            view.columns[column] = [
                _window(ids, longest, int(word)) for ids, word in zip(self.columns[column], drawn, strict=True)
            ]
        view.lengths = np.minimum(self.lengths, longest)
        return view

    def on_drawn_strands(self, seed: int, epoch: int) -> Dataset:
        """The same rows, each with probability one half as its reverse complement; (seed, epoch, row) draw which.

        Whatever goes with it step by step, tags or numbers, is turned round with it.
        """
        view = copy(self)
        view.columns = dict(self.columns)
        turned = (words(len(self), seed, epoch, 3) >> np.uint64(63)).astype(bool)
        for column, field in self.fields.items():
            if field.stepwise:
                other = getattr(field, "other_strand", _backwards)
                view.columns[column] = [
                    other(steps) if turn else steps for steps, turn in zip(self.columns[column], turned, strict=True)
                ]
        return view


def _backwards(steps: np.ndarray) -> np.ndarray:
    return steps[::-1]


def _window(ids: np.ndarray, longest: int, word: int) -> np.ndarray:
    if len(ids) <= longest:
        return ids
    start = word % (len(ids) - longest + 1)
    return ids[start : start + longest]
