"""Windows: what a network reads of each forecast, as a batch; all of a panel gathered at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import torch

from throughtime.batch import Batch, Sequences
from throughtime.data.order import permutation
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel

PAST, AHEAD, PLACE, WHICH, NEXT = "past", "ahead", "place", "which", "next"  # columns of a batch
Normalise = Literal["none", "last", "mean", "standard"]
LEAST_DEVIATION = 1e-3  # of a context whose values hardly differ, in deviations of the training part


@dataclass(frozen=True)
class Windows:
    """Reads windows out of a scaled panel: ``context_length`` steps back, ``horizon`` steps ahead.

    The columns of a batch of B forecasts are

    ``past (B, T, F)``      each step's value, whether it was there (where any is missing), and what goes along with it
    ``ahead (B, H, K)``     of the steps that are forecast: how far ahead, and what is known
    ``place (B, 2)``        what was taken off the values of this window, and what they were divided by
    ``which (B,)``          the number of the series among ``names``, and after the last of them for one not there
    ``next (B, H, 2)``      what came, in deviations, and whether it is known: 1 or 0

    A row of ``past`` is shorter where its series does not reach back so far.
    """

    panel: Panel
    context_length: int
    horizon: int
    normalise: Normalise
    names: tuple[str, ...]
    marked: bool  # whether the network reads which values were there

    @property
    def features(self) -> tuple[str, ...]:
        """What stands in ``past`` at each step."""
        return ("value", *(("there",) if self.marked else ()), *self.panel.past_names, *self.panel.known_names)

    @property
    def ahead_features(self) -> tuple[str, ...]:
        return ("ahead", *self.panel.known_names)

    def batch(self, asked: Backtest, numbers: np.ndarray) -> Batch:
        """The forecasts of these numbers as a batch; ``sample_ids`` are the numbers."""
        series, first = asked.series[numbers], asked.first[numbers]
        lengths = np.minimum(first, self.context_length)
        steps = max(1, int(lengths.max()))
        back = np.arange(steps)
        there = back < lengths[:, None]
        at = np.where(there, (first - lengths)[:, None] + back, (first - 1)[:, None])
        rows = self._begins[series][:, None] + at
        values = self._filled[rows]
        centre, spread = self._taken_off(values, there)
        parts = [((values - centre[:, None]) / spread[:, None])[..., None]]
        if self.marked:
            parts.append(self._there[rows][..., None])
        past = np.concatenate([*parts, self._along[rows]], 2) * there[..., None]
        columns: dict[str, torch.Tensor | Sequences] = {
            PAST: Sequences(_tensor(past), torch.from_numpy(lengths)),
            AHEAD: self._ahead(series, first),
            PLACE: _tensor(np.stack([centre, spread], 1)),
            WHICH: torch.from_numpy(self._which[series]),
            NEXT: self._next(series, first),
        }
        return Batch(columns, torch.from_numpy(numbers.astype(np.int64)))

    def _taken_off(self, values: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, lengths = np.arange(len(values)), there.sum(1)
        nothing, one = np.zeros(len(values)), np.ones(len(values))
        if self.normalise == "none":
            return nothing, one
        if self.normalise == "last":
            return values[rows, lengths - 1], one
        mean = (values * there).sum(1) / lengths
        if self.normalise == "mean":
            return mean, one
        deviation = np.sqrt((((values - mean[:, None]) * there) ** 2).sum(1) / lengths)
        return mean, np.maximum(deviation, LEAST_DEVIATION)

    def _ahead(self, series: np.ndarray, first: np.ndarray) -> torch.Tensor:
        steps = np.arange(self.horizon)
        at = first[:, None] + steps
        last = self._known_steps[series][:, None] - 1
        known = self._known[self._known_begins[series][:, None] + np.minimum(at, last)] * (at <= last)[..., None]
        far = np.broadcast_to((steps + 1) / self.horizon, at.shape)[..., None]
        return _tensor(np.concatenate([far, known], 2))

    def _next(self, series: np.ndarray, first: np.ndarray) -> torch.Tensor:
        at = first[:, None] + np.arange(self.horizon)
        last = self.panel.steps[series][:, None] - 1
        rows = self._begins[series][:, None] + np.minimum(at, last)
        known = (at <= last) & (self._there[rows] > 0)
        return _tensor(np.stack([np.where(known, self._values[rows], 0.0), known.astype(np.float64)], 2))

    @cached_property
    def _begins(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.panel.steps)])[:-1]

    @cached_property
    def _known_steps(self) -> np.ndarray:
        return np.array([len(known) for known in self.panel.known], dtype=np.int64)

    @cached_property
    def _known_begins(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self._known_steps)])[:-1]

    @cached_property
    def _values(self) -> np.ndarray:
        return np.concatenate(self.panel.values)

    @cached_property
    def _filled(self) -> np.ndarray:
        return np.concatenate(self.panel.filled)

    @cached_property
    def _there(self) -> np.ndarray:
        return (~np.isnan(self._values)).astype(np.float64)

    @cached_property
    def _known(self) -> np.ndarray:
        return np.concatenate(self.panel.known).astype(np.float32)

    @cached_property
    def _along(self) -> np.ndarray:
        """(sum of T_s, P + K): what goes along with each step."""
        known = [part[: len(values)] for part, values in zip(self.panel.known, self.panel.values, strict=True)]
        return np.concatenate([np.concatenate(self.panel.past), np.concatenate(known)], 1).astype(np.float32)

    @cached_property
    def _which(self) -> np.ndarray:
        numbers = {name: k for k, name in enumerate(self.names)}
        return np.array([numbers.get(name, len(numbers)) for name in self.panel.names], dtype=np.int64)


@dataclass(frozen=True)
class WindowBatches:
    """Batches of forecasts from batch number ``start`` on; ``len`` counts the whole epoch's."""

    windows: Windows
    asked: Backtest
    numbers: tuple[np.ndarray, ...]
    start: int = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Batch]:
        for numbers in self.numbers[self.start :]:
            yield self.windows.batch(self.asked, numbers)


def drawn(
    windows: Windows, asked: Backtest, *, batch_size: int, most: int, seed: int, epoch: int, start: int = 0
) -> WindowBatches:
    """At most so many forecasts in an order that is a function of (seed, epoch)."""
    order = permutation(len(asked), seed, epoch, 0)[:most]
    return WindowBatches(windows, asked, _cut(order, batch_size), start)


def in_order(windows: Windows, asked: Backtest, *, batch_size: int) -> WindowBatches:
    """All forecasts, one after the other."""
    return WindowBatches(windows, asked, _cut(np.arange(len(asked)), batch_size))


def _cut(numbers: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    return tuple(numbers[k : k + size] for k in range(0, len(numbers), size))


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
