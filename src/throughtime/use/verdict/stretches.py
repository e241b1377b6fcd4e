"""Forecasts in stretches of time: what the difference of two forecasters is sure of.

Forecasts that begin a step apart look at the same steps, and a week that is hard is hard for all series: neither is
independent of its neighbours. Stretches of time, all series together, nearly are, if they are longer than a forecast.
Their spread is what the interval is made of (batch means; few and long ones, after Ibragimov and Mueller 2010).
"""

from __future__ import annotations

import math

import numpy as np

from throughtime.use.verdict.intervals import FEWEST_FOR_A_MEAN, mean_of
from throughtime.use.verdict.scores import ratio_scores

MOST = 16  # stretches; more of them would be shorter, and know less of what lasts
LONG = 4  # horizons in a stretch, where there is time enough for more than the fewest


def forecast_gain(
    ours: np.ndarray,
    theirs: np.ndarray,
    first_steps: np.ndarray,
    series: np.ndarray,
    horizon: int,
    *,
    weights: np.ndarray | None = None,
    root: bool = False,
) -> tuple[float, float, float] | None:
    """How much lower our error is than theirs on the same N forecasts, and the 95 % interval of it: mean, low, high.

    ``ours`` and ``theirs`` (N,) are errors whose mean is the metric, as the mean absolute error of each forecast is;
    ``weights`` (N,) are what they count, such as the steps whose truth is known. ``first_steps`` (N,) are steps of the
    axis of time that all ``series`` (N,) share. With ``root``, the metric is the root of the mean.

    The units are 8 to 16 stretches of time, each at least ``horizon`` long, with the forecasts of all series that begin
    in it; where there is not time enough for that, the series. None with fewer than 8 of either.

    >>> random = np.random.default_rng(1)
    >>> hard, one = random.gamma(2, 1, 400), np.zeros(400)
    >>> mean, low, high = forecast_gain(hard, hard + random.normal(0.1, 0.2, 400), np.arange(400), one, horizon=12)
    >>> 0.09 < mean < 0.13, low < mean < high, high - low < 0.1
    (True, True, True)
    >>> forecast_gain(hard, hard, np.arange(400), one, horizon=100) is None
    True
    """
    weights = np.ones(len(ours)) if weights is None else weights
    whole = float(weights.sum())
    if not whole:
        return None
    units = _stretches(first_steps, horizon)
    if _count(units, weights) < FEWEST_FOR_A_MEAN:
        units = np.unique(series, return_inverse=True)[1]
    if _count(units, weights) < FEWEST_FOR_A_MEAN:
        return None
    our_mean, their_mean = (float(weights @ errors) / whole for errors in (ours, theirs))
    our_slope, their_slope = (_slope(mean) if root else 1.0 for mean in (our_mean, their_mean))
    parts = np.bincount(units, weights * (their_slope * theirs - our_slope * ours))
    scores = ratio_scores(*_filled(parts, np.bincount(units, weights)))
    interval = mean_of(scores or [])
    if interval is None:
        return None
    gain = math.sqrt(their_mean) - math.sqrt(our_mean) if root else their_mean - our_mean
    half = (interval[1] - interval[0]) / 2
    return gain, gain - half, gain + half


def _stretches(first_steps: np.ndarray, horizon: int) -> np.ndarray:
    """The stretch in which each forecast begins (N,); all in one where there is not time enough for several."""
    begun = first_steps - first_steps.min()
    span = int(begun.max()) + 1
    count = min(MOST, max(FEWEST_FOR_A_MEAN, span // (LONG * horizon)))
    if span < count * horizon:
        return np.zeros(len(begun), dtype=np.int64)
    return begun.astype(np.int64) * count // span


def _count(units: np.ndarray, weights: np.ndarray) -> int:
    """How many units hold anything."""
    return int(np.count_nonzero(np.bincount(units, weights)))


def _filled(parts: np.ndarray, wholes: np.ndarray) -> tuple[list[float], list[float]]:
    """Without the units that hold nothing."""
    there = wholes > 0
    return parts[there].tolist(), wholes[there].tolist()


def _slope(mean: float) -> float:
    """How fast the root grows with the mean."""
    return 0.5 / math.sqrt(mean) if mean > 0 else 0.0
