"""Batches of rows of about equal length, in an order that is a function of (seed, epoch) alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from throughtime.batch import Batch
from throughtime.data.dataset import Dataset
from throughtime.data.order import permutation

BUCKET = 50  # batches whose rows are sorted by length together: little padding, and still a random order


@dataclass(frozen=True)
class Batches:
    """Batches from number ``start`` on; ``len`` counts the whole epoch's. Each row is in exactly one of them."""

    dataset: Dataset
    rows: tuple[np.ndarray, ...]
    start: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Batch]:
        for rows in self.rows[self.start :]:
            yield collated(self.dataset, rows)


def batches(dataset: Dataset, *, batch_size: int, seed: int, epoch: int, shuffle: bool, start: int = 0) -> Batches:
    """The batches of one epoch, or in order of length without ``shuffle``; ``batch.sample_ids`` are row numbers.

    Their number is the same in every epoch; one of them may be smaller than the others.
    """
    if not shuffle:
        rows = np.arange(len(dataset))
        return Batches(dataset, tuple(_cut(_by_length(dataset, rows), batch_size)), start)
    buckets = _cut(permutation(len(dataset), seed, epoch, 0), BUCKET * batch_size)
    cut = [rows for bucket in buckets for rows in _cut(_by_length(dataset, bucket), batch_size)]
    order = permutation(len(cut), seed, epoch, 1)
    return Batches(dataset, tuple(cut[k] for k in order), start)


def collated(dataset: Dataset, rows: np.ndarray) -> Batch:
    """One batch of these rows."""
    columns = {
        column: field.collate([dataset.columns[column][row] for row in rows])
        for column, field in dataset.fields.items()
    }
    return Batch(columns, torch.from_numpy(rows.astype(np.int64)))


def _by_length(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    return rows[np.argsort(dataset.lengths[rows], kind="stable")]


def _cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[k : k + size] for k in range(0, len(rows), size)]
