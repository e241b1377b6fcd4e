"""A backtest: all forecasts that are asked for over a stretch of time, each from what was known before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from throughtime.data.series.panel import Panel


@dataclass(frozen=True)
class Backtest:
    """N forecasts over ``horizon`` steps: number n is that of steps ``first[n] ...`` of series ``series[n]``.

    What a forecaster may look at are the values before step ``first[n]``, and what is known ahead.

    >>> test = Backtest.over(Panel.of_values([np.arange(6.0)]), 3, 6, 2)
    >>> test.first.tolist(), test.lags(2).tolist(), test.truth.tolist()
    ([3, 4], [[1.0, 2.0], [2.0, 3.0]], [[3.0, 4.0], [4.0, 5.0]])
    """

    panel: Panel
    series: np.ndarray
    first: np.ndarray
    horizon: int

    @classmethod
    def over(cls, panel: Panel, begin: int, end: int, horizon: int, *, context: int = 1) -> Backtest:
        """All forecasts that lie within steps ``begin .. end - 1`` of the axis.

        At least ``context`` steps lie before each of them (which may lie before ``begin``), and at least one of the
        steps that are forecast has a value.
        """
        series, firsts = [], []
        for s, values in enumerate(panel.values):
            low = max(context, begin - int(panel.begins[s]))
            high = min(len(values), end - int(panel.begins[s])) - horizon
            found = np.arange(low, high + 1, dtype=np.int64)
            there = np.concatenate([[0], np.cumsum(~np.isnan(values))])
            found = found[there[found + horizon] > there[found]]
            series.append(np.full(len(found), s, dtype=np.int64))
            firsts.append(found)
        return cls(panel, np.concatenate(series), np.concatenate(firsts), horizon)

    def __len__(self) -> int:
        return len(self.first)

    def select(self, chosen: np.ndarray) -> Backtest:
        """Some of the forecasts, by number."""
        return Backtest(self.panel, self.series[chosen], self.first[chosen], self.horizon)

    def at_most(self, count: int) -> Backtest:
        """Itself, or so many of its forecasts, evenly spread."""
        if len(self) <= count:
            return self
        return self.select(np.linspace(0, len(self) - 1, count).round().astype(np.int64))

    @cached_property
    def truth(self) -> np.ndarray:
        """What came (N, horizon), NaN where nothing is known of it."""
        return self._gathered(self.panel.values, np.arange(self.horizon))

    def lags(self, count: int) -> np.ndarray:
        """The last ``count`` values before each forecast (N, count), oldest first; missing ones carried forward.

        Where a series does not reach back so far, its first value stands for those before it.
        """
        return self._gathered(self.panel.filled, np.arange(-count, 0))

    @property
    def known(self) -> np.ndarray:
        """What is known ahead of the steps that are forecast (N, horizon, K); 0 where it is not given so far ahead."""
        found = np.zeros((len(self), self.horizon, self.panel.known[0].shape[1]))
        for s, rows in self.by_series():
            ahead = self.panel.known[s]
            at = self.first[rows][:, None] + np.arange(self.horizon)
            found[rows] = np.where((at < len(ahead))[..., None], ahead[np.minimum(at, len(ahead) - 1)], 0)
        return np.nan_to_num(found)

    def _gathered(self, values: tuple[np.ndarray, ...], offsets: np.ndarray) -> np.ndarray:
        found = np.empty((len(self), len(offsets)))
        for s, rows in self.by_series():
            found[rows] = values[s][np.clip(self.first[rows][:, None] + offsets, 0, len(values[s]) - 1)]
        return found

    def by_series(self) -> list[tuple[int, np.ndarray]]:
        """Each series that is asked about, and the numbers of its forecasts."""
        order = np.argsort(self.series, kind="stable")
        names, begins = np.unique(self.series[order], return_index=True)
        return list(zip(names.tolist(), np.split(order, begins[1:]), strict=True))
