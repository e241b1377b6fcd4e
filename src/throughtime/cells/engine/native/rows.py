"""Where the rows of a batch lie: which run at a step, and in which order what has a value at every step is kept."""

from __future__ import annotations

from copy import copy
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
        self._room = 0
        self.first_step, self.all_steps = 0, steps  # these steps are a piece of the user's
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

    @property
    def room(self) -> int:
        """Rows that memory over all steps has: as many as are needed, or more, if that was asked for."""
        return max(self.count, self._room)

    @room.setter
    def room(self, rows: int) -> None:
        self._room = rows

    def piece(self, begin: int, end: int) -> Rows:
        """The same rows, from step ``begin`` to before ``end`` in the order in which they are run."""
        made = copy(self)
        made.__dict__.pop("pointers", None)
        made.first_step, made.steps = begin, end - begin
        made.active = self.active[begin : end + 1].copy()
        made.active[-1] = 0  # the piece ends for those that go on as well
        if self.dense:
            whole = Rows(self.batch, made.steps, None, self.backwards, self.time_major)
            made.offsets, made.row_step, made.count = whole.offsets, whole.row_step, whole.count
            return made
        made.offsets = np.concatenate([[0], np.cumsum(made.active[:-1])]).astype(np.int64)
        made.count = int(made.offsets[-1])
        made.all_run = int(made.active[0]) == self.batch
        return made

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
            values = values[:, self._span()]
            return (values.transpose(0, 1) if self.time_major else values).reshape(self.count, values.shape[2])
        return values.flatten(0, 1)[self.places()]

    def unpacked(self, kept: Tensor, whole: Tensor | None = None) -> Tensor:
        """(count, F) to (B, T, F), 0 where no row runs; a piece is written into the ``whole``."""
        if self.dense:
            made = kept.view(self.batch, self.steps, -1)
            if self.time_major:
                made = kept.view(self.steps, self.batch, -1).transpose(0, 1)
            if whole is None:
                return made
            whole[:, self._span()] = made
            return whole
        if whole is None:
            whole = kept.new_zeros(self.batch, self.all_steps, kept.shape[1])
        whole.view(self.batch * self.all_steps, -1)[self.places()] = kept
        return whole

    def _span(self) -> slice:
        """The user's steps of a piece."""
        begin, end = self.first_step, self.first_step + self.steps
        return slice(self.all_steps - end, self.all_steps - begin) if self.backwards else slice(begin, end)

    def places(self) -> Tensor:
        """(count,): for each packed row its place in the user's ``(B T,)``."""
        steps = np.repeat(np.arange(self.steps), self.active[:-1])
        rows = np.arange(self.count) - self.offsets[steps]
        times = steps + self.first_step
        times = self.lengths[rows] - 1 - times if self.backwards else times
        return torch.from_numpy(self.order[rows] * self.all_steps + times)


_dense = lru_cache(maxsize=256)(Rows)


def rows_of(x: Tensor, lengths: Tensor | None, backwards: bool = False) -> Rows:
    """The rows of ``x (B, T, F)``; ``lengths (B,)``, None for all."""
    batch, steps = x.shape[:2]
    if lengths is None:
        return _dense(batch, steps, None, backwards, x.stride(0) < x.stride(1))
    return Rows(batch, steps, lengths.cpu().numpy(), backwards, False)
