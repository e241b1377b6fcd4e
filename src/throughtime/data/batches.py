"""Batches of rows of about equal length, in an order that is a function of (seed, epoch) alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from throughtime.batch import Batch
from throughtime.data.dataset import Dataset

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
    """The batches of one epoch, or in order of length without ``shuffle``; ``batch.sample_ids`` are row numbers."""
    if not shuffle:
        order = np.argsort(dataset.lengths, kind="stable")
        return Batches(dataset, tuple(_cut(order, batch_size)), start)
    chance = np.random.Generator(np.random.PCG64([seed, epoch]))
    order = chance.permutation(len(dataset))
    sorted_rows = [rows[np.argsort(dataset.lengths[rows], kind="stable")] for rows in _cut(order, BUCKET * batch_size)]
    found = [rows for bucket in sorted_rows for rows in _cut(bucket, batch_size)]
    return Batches(dataset, tuple(found[k] for k in chance.permutation(len(found))), start)


def collated(dataset: Dataset, rows: np.ndarray) -> Batch:
    """One batch of these rows."""
    columns = {
        column: field.collate([dataset.columns[column][row] for row in rows]) for column, field in dataset.fields.items()
    }
    return Batch(columns, torch.from_numpy(rows.astype(np.int64)))


def _cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[k : k + size] for k in range(0, len(rows), size)]
