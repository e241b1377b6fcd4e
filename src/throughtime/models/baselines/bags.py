"""Bags: a sparse matrix by rows (CSR), each row the features of one sample and how much of each it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Bags:
    """Row ``i`` holds ``values[starts[i]:starts[i + 1]]`` in ``columns[starts[i]:starts[i + 1]]``; all else is zero.

    ``starts (N + 1,)`` int64, ``columns (M,)`` int32 in rising order within a row, ``values (M,)`` float32 or float64.

    >>> bags = Bags.counted(np.array([0, 0, 0, 2]), np.array([1, 3, 1, 0]), shape=(3, 4))
    >>> bags.dense()
    array([[0., 2., 0., 1.],
           [0., 0., 0., 0.],
           [1., 0., 0., 0.]], dtype=float32)
    >>> (bags @ torch.tensor([[1.0], [10.0], [100.0], [1000.0]])).tolist()
    [[1020.0], [0.0], [1.0]]
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    width: int

    @classmethod
    def counted(cls, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> Bags:
        """Counts how often each (row, column) occurs; in any order."""
        keys, counts = np.unique(rows.astype(np.int64) * shape[1] + columns, return_counts=True)
        starts = np.searchsorted(keys, np.arange(shape[0] + 1, dtype=np.int64) * shape[1])
        held = (keys % max(shape[1], 1)).astype(np.int32)
        return cls(starts, held, counts.astype(np.float32), shape[1])

    @classmethod
    def of(cls, dense: np.ndarray) -> Bags:
        """A dense matrix ``(N, F)`` as bags, zeros included."""
        count, width = dense.shape
        columns = np.tile(np.arange(width, dtype=np.int32), count)
        return cls(np.arange(count + 1, dtype=np.int64) * width, columns, dense.astype(np.float32).reshape(-1), width)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __matmul__(self, weights: Tensor) -> Tensor:
        """``(N, F) @ (F, K) -> (N, K)`` in the type of ``weights``; the same bits whatever the threads.

        ``embedding_bag`` sums each row in order. On 2 cores it took 4 ms for 490,000 entries and 18 columns, where
        ``np.add.reduceat`` took 86 and ``np.bincount`` 92; torch's CSR product is as fast but only where MKL is.
        """
        if self.width == 0 or len(self) == 0:
            return weights.new_zeros(len(self), weights.shape[1])
        values = torch.from_numpy(self.values).to(weights.dtype)
        starts = torch.from_numpy(self.starts[:-1].astype(np.int32))
        columns = torch.from_numpy(self.columns)
        return torch.nn.functional.embedding_bag(columns, weights, starts, mode="sum", per_sample_weights=values)

    def transposed(self) -> Bags:
        """``(F, N)``: by feature, the rows that hold it."""
        order = np.argsort(self.columns, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.columns, minlength=self.width))])
        return Bags(starts, self.rows()[order], self.values[order], len(self))

    def select(self, kept: np.ndarray) -> Bags:
        """Only the columns where ``kept (F,)`` is true, numbered anew."""
        if kept.all():
            return self
        held = kept[self.columns]
        starts = np.concatenate([[0], np.cumsum(held)])[self.starts]
        numbers = (np.cumsum(kept) - 1).astype(np.int32)
        return Bags(starts, numbers[self.columns[held]], self.values[held], int(kept.sum()))

    def with_values(self, values: np.ndarray) -> Bags:
        """The same entries with other ``values (M,)``."""
        return replace(self, values=values.astype(self.values.dtype))

    def present(self) -> Bags:
        """1 for whatever occurs at all."""
        return self.with_values(np.ones_like(self.values))

    def rows(self) -> np.ndarray:
        """``(M,)`` int32: the row of each entry."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.starts))

    def row_sums(self, values: np.ndarray) -> np.ndarray:
        """``(N,)`` float64: per row, the sum of ``values (M,)`` that belong to its entries."""
        return np.bincount(self.rows(), weights=values, minlength=len(self))

    def frequency(self) -> np.ndarray:
        """``(F,)``: in how many rows each column occurs."""
        return np.bincount(self.columns, minlength=self.width)

    def dense(self) -> np.ndarray:
        """``(N, F)`` with its zeros: for small matrices and tests."""
        whole = np.zeros((len(self), self.width), self.values.dtype)
        whole[self.rows(), self.columns] = self.values
        return whole


def beside(parts: list[Bags]) -> Bags:
    """Bags of the same rows side by side: ``(N, F1), (N, F2), ... -> (N, F1 + F2 + ...)``.

    >>> beside([Bags.of(np.array([[1.0], [2.0]])), Bags.of(np.array([[3.0], [4.0]]))]).dense()
    array([[1., 3.],
           [2., 4.]], dtype=float32)
    """
    if len(parts) == 1:
        return parts[0]
    lengths = np.stack([np.diff(part.starts) for part in parts])  # (parts, N)
    starts = np.concatenate([[0], np.cumsum(lengths.sum(0))])
    columns = np.empty(starts[-1], np.int32)
    values = np.empty(starts[-1], np.float32)
    before = starts[:-1] + np.concatenate([np.zeros_like(lengths[:1]), np.cumsum(lengths, axis=0)[:-1]])
    offset = 0
    for part, first in zip(parts, before, strict=True):
        places = np.arange(len(part.columns)) + np.repeat(first - part.starts[:-1], np.diff(part.starts))
        columns[places] = part.columns + offset
        values[places] = part.values
        offset += part.width
    return Bags(starts, columns, values, offset)
