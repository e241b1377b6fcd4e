"""A backtest told in the user's terms: rows of predictions, and errors by horizon, by date and by series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.data.scaling import Scaling
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.data.times.axis import Axis
from throughtime.models.metrics import Outcome
from throughtime.models.settings import ForecastSettings
from throughtime.use.predictions import plain_numbers
from throughtime.use.verdict.stretches import forecast_gain

NUMBERS = 60_000  # numbers of each kind in predictions.jsonl; of more forecasts, some are kept, evenly spread
SHOWN = 200  # steps of the past that stand beside a forecast
STRETCHES = 50
MOST_SERIES = 50


@dataclass(frozen=True)
class Told:
    """``panel`` in the units of the data, ``scalings`` of its series."""

    panel: Panel
    axis: Axis
    scalings: Sequence[Scaling]
    settings: ForecastSettings

    def stamp(self, asked: Backtest, n: int) -> str:
        """When the first step of a forecast is."""
        return self.axis.stamp(int(self.panel.begins[asked.series[n]] + asked.first[n]))

    def kept(self, asked: Backtest) -> np.ndarray:
        """The numbers of the forecasts that predictions.jsonl holds."""
        count = min(len(asked), max(50, NUMBERS // asked.horizon))
        return np.unique(np.linspace(0, len(asked) - 1, count).round().astype(np.int64))

    def rows(self, asked: Backtest, outcome: Outcome, best: Outcome | None, losses: np.ndarray) -> list[dict[str, Any]]:
        """Of the kept forecasts a row each."""
        rows = []
        for n in self.kept(asked):
            s, first = int(asked.series[n]), int(asked.first[n])
            past = self.panel.values[s][max(0, first - min(SHOWN, self.settings.context_length or SHOWN)) : first]
            row = {
                "id": int(n),
                "series": self.panel.names[s],
                "time": self.stamp(asked, n),
                "inputs": {"past": plain_numbers(past)},
                "truth": self._units(outcome.truth[n], s),
                "predicted": self._units(outcome.predicted[n], s),
                "loss": float(losses[n]),
            }
            if outcome.spread is not None:
                low, high = outcome.spread.interval
                row |= {"lower": self._units(low[n], s), "upper": self._units(high[n], s)}
            if best is not None:
                row["baseline"] = self._units(best.predicted[n], s)
            rows.append(row)
        return rows

    def figures(
        self, asked: Mapping[str, Backtest], outcome: Outcome, best: Outcome | None, metric: str
    ) -> dict[str, Any]:
        """What metrics.json says of forecasts beside the metrics."""
        test, settings = asked["test"], self.settings
        errors = Errors.of(outcome)
        theirs = None if best is None else Errors.of(best)
        first_steps = self.panel.begins[test.series] + test.first
        gain = None
        if theirs is not None:
            gain = errors.gain_over(theirs, metric, first_steps, test)
        return {
            "horizon": settings.horizon,
            "context_length": settings.context_length,
            "step": str(self.axis.step),
            "level": settings.level,
            "series": len(self.panel),
            "origins": {name: len(asked[name]) for name in ("valid", "test")},
            "kept": len(self.kept(test)),
            "unit": settings.measured,
            **({"unscaled": unscaled} if (unscaled := errors.unscaled(metric)) else {}),
            **_calibration(outcome),
            "by_horizon": _both(errors, theirs, lambda found: found.by_step()),
            "by_date": {
                "dates": [self.axis.stamp(int(first_steps[part].min())) for part in _stretches(first_steps)],
                **_both(errors, theirs, lambda found: found.of_parts(_stretches(first_steps))),
            },
            "by_series": self._by_series(test, errors, theirs),
            "gain": None if gain is None else dict(zip(("mean", "low", "high"), gain, strict=True)),
        }

    def _by_series(self, test: Backtest, errors: Errors, theirs: Errors | None) -> list[dict[str, Any]]:
        present, parts = zip(*test.by_series(), strict=True)
        told = _both(errors, theirs, lambda found: found.of_parts(parts))
        rows = [
            {"series": self.panel.names[s], "origins": len(part), **{name: told[name][k] for name in told}}
            for k, (s, part) in enumerate(zip(present, parts, strict=True))
        ]
        return sorted(rows, key=lambda row: -(row["mae"] or 0.0))[:MOST_SERIES]

    def _units(self, values: np.ndarray, s: int) -> list[float | None]:
        return plain_numbers(self.scalings[s].unscale(values) if self.settings.measured == "deviations" else values)


def _calibration(outcome: Outcome) -> dict[str, Any]:
    """The share of truths below the quantile of each level, beside the level."""
    if outcome.spread is None:
        return {}
    known = outcome.known
    below = [
        np.mean((outcome.truth <= outcome.spread.quantiles[:, :, k])[known]) for k in range(len(outcome.spread.levels))
    ]
    return {"quantiles": {"nominal": list(outcome.spread.levels), "measured": plain_numbers(np.array(below))}}


@dataclass(frozen=True)
class Errors:
    """Absolute errors (N, H), NaN where the truth is not known; whether it lay within the interval; MASE's scales."""

    distance: np.ndarray
    covered: np.ndarray | None
    scale: np.ndarray | None

    @classmethod
    def of(cls, outcome: Outcome) -> Errors:
        covered = None
        if outcome.spread is not None:
            low, high = outcome.spread.interval
            within = (low <= outcome.truth) & (outcome.truth <= high)
            covered = np.where(np.isnan(outcome.truth), np.nan, within)
        return cls(np.abs(outcome.predicted - outcome.truth), covered, outcome.scale)

    def gain_over(
        self, theirs: Errors, metric: str, first_steps: np.ndarray, asked: Backtest
    ) -> tuple[float, float, float] | None:
        """How much lower the metric is than theirs, with its interval; None for what no distance tells (quantiles')."""
        weights, root = self._weights(metric), metric == "rmse"
        if weights is None:
            return None
        ours, beside = self.by_forecast(metric), theirs.by_forecast(metric)
        return forecast_gain(ours, beside, first_steps, asked.series, asked.horizon, weights=weights, root=root)

    def _weights(self, metric: str) -> np.ndarray | None:
        """How many steps of each forecast the metric is a mean over (N,)."""
        known = (~np.isnan(self.distance)).sum(1).astype(np.float64)
        if metric in ("mae", "mse", "rmse"):
            return known
        if metric == "mase" and self.scale is not None:
            return np.where(np.isfinite(self.scale) & (self.scale > 0), known, 0.0)
        return None

    def by_forecast(self, metric: str) -> np.ndarray:
        """(N,): the mean of what the metric, or its square, is the mean over; 0 where the metric has no scale."""
        if metric in ("mse", "rmse"):
            return np.nanmean(self.distance**2, 1)
        mean = np.nanmean(self.distance, 1)
        if metric != "mase" or self.scale is None:
            return mean
        there = np.isfinite(self.scale) & (self.scale > 0)
        return np.where(there, mean / np.where(there, self.scale, 1.0), 0.0)

    def unscaled(self, metric: str) -> int:
        """How many forecasts the metric leaves out, as their series has no scale: it never moved in training."""
        if metric != "mase" or self.scale is None:
            return 0
        return int((~(np.isfinite(self.scale) & (self.scale > 0))).sum())

    def by_step(self) -> dict[str, list[float | None]]:
        return {
            "mae": plain_numbers(_mean(self.distance, 0)),
            **({} if self.covered is None else {"coverage": plain_numbers(_mean(self.covered, 0))}),
        }

    def of_parts(self, parts: Sequence[np.ndarray]) -> dict[str, list[float | None]]:
        found = {"mae": plain_numbers(np.array([_mean(self.distance[part], None) for part in parts]))}
        if self.covered is not None:
            found["coverage"] = plain_numbers(np.array([_mean(self.covered[part], None) for part in parts]))
        return found


def _both(ours: Errors, theirs: Errors | None, told: Any) -> dict[str, Any]:
    found = dict(told(ours))
    if theirs is not None:
        found["baseline_mae"] = told(theirs)["mae"]
    return found


def _stretches(first_steps: np.ndarray) -> list[np.ndarray]:
    """The forecasts of each of some fifty stretches of time, those without any left out."""
    low, high = int(first_steps.min()), int(first_steps.max()) + 1
    edges = np.unique(np.linspace(low, high, STRETCHES + 1).round().astype(np.int64))
    which = np.searchsorted(edges, first_steps, side="right") - 1
    return [part for k in range(len(edges) - 1) if len(part := np.flatnonzero(which == k))]


def _mean(values: np.ndarray, axis: int | None) -> Any:
    """The mean of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis)
    total = np.where(known, values, 0).sum(axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
