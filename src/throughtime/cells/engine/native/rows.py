"""Where the rows of a batch lie: which run at a step, and in which order what has a value at every step is kept."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor


class Rows:
    """The rows of a batch ``(B, T)`` in one direction.

    Where all rows run to the end, what has a value at every step is kept as the user keeps x: in the order ``(B, T)``,
    or ``(T, B)`` if x is ``time_major`` in memory. Else rows are numbered by length, longest first, and packed:
    row r of step t is row ``offsets[t] + r`` of ``count``; ``active (T + 1,)`` rows run at a step.
    """

    def __init__(self, batch: int, steps: int, lengths: np.ndarray | None, backwards: bool, time_major: bool) -> None:
        self.batch, self.steps, self.backwards = batch, steps, backwards
        self.dense, self.time_major = lengths is None, time_major
        times = np.arange(steps + 1, dtype=np.int64)
        if lengths is None:
            self.lengths = np.full(batch, steps, dtype=np.int64)
            self.active = np.full(steps + 1, batch, dtype=np.int32)
            self.active[steps] = 0
            self.row_step = 1 if time_major else steps
            places = np.maximum(steps - 1 - times, 0) if backwards else times
            self.offsets = places * batch if time_major else places
            self.count = batch * steps
            self.all_run = steps > 0
            return
        self.order = np.argsort(-lengths, kind="stable").astype(np.int64)
        self.lengths = lengths[self.order].astype(np.int64)
        ended = np.bincount(self.lengths, minlength=steps + 1)[: steps + 1]
        self.active = (batch - np.cumsum(ended)).astype(np.int32)
        self.row_step = 1
        self.offsets = np.concatenate([[0], np.cumsum(self.active[:-1])]).astype(np.int64)
        self.count = int(self.offsets[-1])
        self.all_run = int(self.active[0]) == batch  # at least one step

    @cached_property
    def pointers(self) -> tuple[int, int, int, int]:
        """active, offsets, lengths and order, as the engine wants them."""
        order = 0 if self.dense else self.order.ctypes.data
        return self.active.ctypes.data, self.offsets.ctypes.data, self.lengths.ctypes.data, order

    def empty(self, features: int, like: Tensor) -> Tensor:
        """(B, T, features), to be written: in the same order in memory as x, 0 where no row runs."""
        if not self.dense:
            return like.new_zeros(self.batch, self.steps, features)
        if self.time_major:
            return like.new_empty(self.steps, self.batch, features).transpose(0, 1)
        return like.new_empty(self.batch, self.steps, features)

    def packed(self, values: Tensor) -> Tensor:
        """(B, T, F) to (count, F)."""
        if self.dense:
            return (values.transpose(0, 1) if self.time_major else values).reshape(self.count, values.shape[2])
        return values.flatten(0, 1)[self._places()]

    def unpacked(self, kept: Tensor) -> Tensor:
        """(count, F) to (B, T, F), 0 where no row runs."""
        if self.dense:
            if self.time_major:
                return kept.view(self.steps, self.batch, -1).transpose(0, 1)
            return kept.view(self.batch, self.steps, -1)
        values = kept.new_zeros(self.batch * self.steps, kept.shape[1])
        values[self._places()] = kept
        return values.view(self.batch, self.steps, -1)

    def _places(self) -> Tensor:
        """(count,): for each packed row its place in the user's ``(B T,)``."""
        steps = np.repeat(np.arange(self.steps), self.active[:-1])
        rows = np.arange(self.count) - self.offsets[steps]
        times = self.lengths[rows] - 1 - steps if self.backwards else steps
        return torch.from_numpy(self.order[rows] * self.steps + times)


_dense = lru_cache(maxsize=256)(Rows)


def rows_of(x: Tensor, lengths: Tensor | None, backwards: bool = False) -> Rows:
    """The rows of ``x (B, T, F)``; ``lengths (B,)``, None for all."""
    batch, steps = x.shape[:2]
    if lengths is None:
        return _dense(batch, steps, None, backwards, x.stride(0) < x.stride(1))
    return Rows(batch, steps, lengths.cpu().numpy(), backwards, False)
