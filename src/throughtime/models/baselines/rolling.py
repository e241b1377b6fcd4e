"""Forecasts from every step of a stretch of time: what is asked, and how answers get back into the user's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from throughtime.data.scaling import Scaling
from throughtime.data.series.backtest import Backtest
from throughtime.models.metrics import Outcome

Measured = Literal["units", "deviations"]


@dataclass(frozen=True)
class Rolling:
    """N forecasts asked of a panel in deviations: ``measured = value * deviations + means``, each (S,).

    ``scales (S,)`` are the errors of the naive forecast, in what is measured; ``level`` is that of the interval.
    """

    backtest: Backtest
    means: np.ndarray
    deviations: np.ndarray
    scales: np.ndarray
    level: float | None

    @classmethod
    def of(
        cls,
        backtest: Backtest,
        scalings: Sequence[Scaling],
        scales: np.ndarray,
        level: float | None,
        measured: Measured = "units",
    ) -> Rolling:
        """``scalings`` and ``scales (S,)``, in units, of all series of the panel; measured in units or deviations."""
        assert len(scalings) == len(scales) == len(backtest.panel)
        means, deviations = (np.array([getattr(one, name) for one in scalings]) for name in ("mean", "deviation"))
        if measured == "deviations":
            return cls(backtest, np.zeros(len(means)), np.ones(len(means)), scales / deviations, level)
        return cls(backtest, means, deviations, scales, level)

    @property
    def times(self) -> np.ndarray:
        """The step of the axis at which each forecast begins (N,)."""
        return self.backtest.panel.begins[self.backtest.series] + self.backtest.first

    def measured(self, values: np.ndarray) -> np.ndarray:
        """Deviations (N, H) or (N, H, Q) as what is measured."""
        series = self.backtest.series
        means, deviations = (one[series].reshape(-1, *[1] * (values.ndim - 1)) for one in (self.means, self.deviations))
        found = values * deviations
        found += means
        return found

    def outcome(self, predicted: np.ndarray, quantiles: np.ndarray | None, levels: Sequence[float]) -> Outcome:
        """Forecasts (N, H) and perhaps their quantiles (N, H, Q) at these levels, in deviations, beside the truth."""
        return Outcome.of_forecasts(
            self.measured(self.backtest.truth),
            self.measured(predicted),
            levels=levels,
            quantiles=None if quantiles is None else self.measured(quantiles),
            level=None if quantiles is None else self.level,
            scale=self.scales[self.backtest.series],
        )
