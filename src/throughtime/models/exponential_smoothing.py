"""Exponential smoothing: level, trend and season that follow what comes; fitted once, then carried on step by step."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import carried_forward

Trend = Literal["none", "additive", "damped"]

MOST_FITTED = 8  # series that get parameters of their own
MOST_STEPS = 5_000  # of each, the last ones of training
USUAL = {"smoothing_level": 0.1, "smoothing_trend": 0.01, "smoothing_seasonal": 0.01, "damping_trend": 0.98}


@dataclass(frozen=True)
class Smoothing:
    """Additive exponential smoothing of S series, each with its own parameters (S,) and first ``seasonal (S, m)``.

    With e = y - l - phi b - s, what was not foreseen::

        l <- l + phi b + alpha e        b <- phi b + beta e        s <- s + gamma e

    where s is one of m that take turns, by the step of the axis; m = 1 and s = 0 without a season, b = 0 without a
    trend. k steps ahead it says ``l + (phi + ... + phi^k) b + s``. The first level is the first value, the first trend
    0. A missing value was as foreseen. (Hyndman, Koehler, Ord, Snyder 2008; the forms ANN, AAN and AAdN, ANA, ...)

    >>> from throughtime.data.series.panel import Panel
    >>> half = Smoothing("none", *(np.array([value]) for value in (0.5, 0.0, 0.0, 1.0)), np.zeros((1, 1)))
    >>> half.forecast(Backtest.over(Panel.of_values([np.array([2.0, 6.0, 5.0, 5.0])]), 2, 4, 2)).tolist()
    [[4.0, 4.0]]
    """

    trend: Trend
    alpha: np.ndarray
    beta: np.ndarray
    gamma: np.ndarray
    phi: np.ndarray
    seasonal: np.ndarray

    @property
    def season(self) -> int:
        return self.seasonal.shape[1]

    def __str__(self) -> str:
        trend = {"none": "no trend", "additive": "additive trend", "damped": "damped trend"}[self.trend]
        season = f"season {self.season}" if self.season > 1 else "no season"
        shares = [("alpha", self.alpha)]
        shares += [("beta", self.beta)] * (self.trend != "none") + [("gamma", self.gamma)] * (self.season > 1)
        return ", ".join([trend, season, *(f"{name} {np.median(values):.2g}" for name, values in shares)])

    def forecast(self, backtest: Backtest) -> np.ndarray:
        """(N, H) in the units of the panel: all series are gone through once, side by side, from their first steps."""
        panel, horizon, m = backtest.panel, backtest.horizon, self.season
        series, own = np.unique(backtest.series, return_inverse=True)
        order = np.argsort(backtest.first, kind="stable")
        ends = np.searchsorted(backtest.first[order], np.arange(int(backtest.first.max(initial=0)) + 2))
        values = _side_by_side([panel.values[s] for s in series], len(ends) - 1)
        alpha, beta, gamma, phi = (one[series] for one in (self.alpha, self.beta, self.gamma, self.phi))
        turns = (panel.begins[series] + np.arange(m)[:, None]) % m
        seasonal = self.seasonal[series, turns]  # (m, S): row t % m is the season of step t
        level, trend = values[0] - seasonal[0], np.zeros(len(series))
        ahead = np.arange(horizon)
        damped = np.cumsum(phi[:, None] ** (ahead + 1), axis=1)
        found = np.empty((len(backtest), horizon))
        for t, y in enumerate(values):
            rows = order[ends[t] : ends[t + 1]]
            if len(rows):
                at = own[rows]
                found[rows] = level[at, None] + damped[at] * trend[at, None] + seasonal[(t + ahead) % m][:, at].T
            level = level + phi * trend
            error = y - level - seasonal[t % m]
            error[np.isnan(error)] = 0
            level, trend = level + alpha * error, phi * trend + beta * error
            seasonal[t % m] += gamma * error
        return found


def fitted(training: Mapping[int, np.ndarray], begins: np.ndarray, trend: Trend, season: int) -> Smoothing:
    """To the ``training`` values of series, by number; of S series in all, which begin at these steps of the axis (S,).

    Parameters are those of the greatest likelihood, found by statsmodels for at most eight series, evenly chosen; the
    others get the medians of these. The first season is the mean course of the training values around a moving
    average; series without any get the mean over the others.
    """
    count = len(begins)
    profiles = {s: _profile(values, season, int(begins[s])) for s, values in training.items()}
    seasonal = np.tile(np.mean([*profiles.values()] or [np.zeros(season)], axis=0), (count, 1))
    for s, profile in profiles.items():
        seasonal[s] = profile
    numbers = list(training)
    chosen = np.unique(np.linspace(0, len(numbers) - 1, min(len(numbers), MOST_FITTED)).round().astype(int))
    found = {}
    for s in (numbers[k] for k in chosen):
        parameters = _likeliest(training[s], seasonal[s], int(begins[s]), trend)
        if parameters is not None:
            found[s] = parameters
    shared = np.median([*found.values()] or [_parameters(USUAL, trend, season)], axis=0)
    each = np.tile(shared, (count, 1))
    for s, parameters in found.items():
        each[s] = parameters
    alpha, beta, gamma, phi = each.T
    return Smoothing(trend, alpha, beta, gamma, phi, seasonal)


def _likeliest(values: np.ndarray, seasonal: np.ndarray, begin: int, trend: Trend) -> np.ndarray | None:
    """alpha, beta, gamma, phi of one series; None where it is too short, or does not change."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    kept = carried_forward(values)[-MOST_STEPS:]
    season = len(seasonal)
    if len(kept) < max(10, 2 * season) or np.ptp(kept) == 0:
        return None
    first = np.roll(seasonal, -(begin + len(values) - len(kept)))
    model = ETSModel(
        kept,
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
        initialization_method="known",
        initial_level=kept[0] - first[0],
        initial_trend=None if trend == "none" else 0.0,
        initial_seasonal=first if season > 1 else None,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge: valid says whether it is good for anything
        result = model.fit(disp=False)
    parameters = _parameters(dict(zip(model.param_names, result.params, strict=False)), trend, season)
    return parameters if np.isfinite(parameters).all() else None


def _parameters(named: Mapping[str, float], trend: Trend, season: int) -> np.ndarray:
    """alpha, beta, gamma and phi, those that a form lacks such that they do nothing."""
    beta = named["smoothing_trend"] if trend != "none" else 0.0
    gamma = named["smoothing_seasonal"] if season > 1 else 0.0
    phi = named["damping_trend"] if trend == "damped" else 1.0
    return np.array([named["smoothing_level"], beta, gamma, phi])


def _profile(values: np.ndarray, season: int, begin: int) -> np.ndarray:
    """The mean course of a season (m,) around a moving average one season long, by the step of the axis; its mean is 0.

    Of values of less than two seasons nothing can be said of it, and it is 0.
    """
    if season == 1 or len(values) < 2 * season:
        return np.zeros(season)
    there = ~np.isnan(values)
    sums, counts = (np.cumsum(np.concatenate([[0.0], one])) for one in (np.where(there, values, 0.0), there))
    over, known = (one[season:] - one[:-season] for one in (sums, counts))  # of steps k ... k + m - 1
    middle = np.arange(len(over)) + season // 2
    usable = there[middle] & (known > 0)
    off = values[middle] - over / np.maximum(known, 1)
    turn = (begin + middle) % season
    total, seen = (np.bincount(turn[usable], one[usable], season) for one in (off, np.ones(len(off))))
    profile = total / np.maximum(seen, 1)
    return profile - profile.mean()


def _side_by_side(values: list[np.ndarray], steps: int) -> np.ndarray:
    """The first steps of series as columns (steps, S), NaN behind their ends."""
    found = np.full((steps, len(values)), np.nan)
    for s, own in enumerate(values):
        found[: len(own), s] = own[:steps]
    return found
