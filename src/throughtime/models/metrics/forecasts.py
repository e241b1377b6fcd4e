"""Metrics of forecasts alone: errors beside those of the naive forecast, and how honest quantiles are."""

from __future__ import annotations

import numpy as np

from throughtime.models.metrics.distances import errors
from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome, Spread


def _has_scale(outcome: Outcome) -> bool:
    return len(outcome) == 0 or bool(_scaled(outcome).any())  # of no truths it is said that there are none


def _has_quantiles(outcome: Outcome) -> bool:
    return outcome.spread is not None


def _has_interval(outcome: Outcome) -> bool:
    return outcome.spread is not None and outcome.spread.level is not None


@measures("forecasts", better="lower")
def smape(outcome: Outcome) -> float:
    """mean of 2 |f - y| / (|f| + |y|), between 0 and 2

    As in the M4 competition (Makridakis, Spiliotis, Assimakopoulos 2020), as a fraction; where forecast and truth are
    both 0 the error is 0.

    >>> smape(Outcome.of_forecasts(np.array([[1.0, 0.0]]), np.array([[3.0, 0.0]])))
    0.5
    """
    size = (np.abs(outcome.predicted) + np.abs(outcome.truth))[outcome.known]
    return float(np.mean(2 * np.abs(errors(outcome)) / np.where(size == 0, 1, size)))


@measures("forecasts", better="lower", when=_has_scale, needs="series that change within the training values")
def mase(outcome: Outcome) -> float:
    """mean absolute error, each in units of the naive forecast's error within the training values

    Hyndman, Koehler 2006, with the naive forecast of one step: beyond one step, values above 1 are usual. Forecasts of
    series without such a scale, or with a scale of 0, are left out.

    >>> mase(Outcome.of_forecasts(np.array([[1.0], [5.0]]), np.array([[4.0], [0.0]]), scale=np.array([2.0, 0.0])))
    1.5
    """
    there = _scaled(outcome)
    assert outcome.scale is not None
    off = np.abs(outcome.predicted - outcome.truth) / np.where(outcome.scale > 0, outcome.scale, 1)[:, None]
    return float(np.mean(off[there]))


@measures("forecasts", better="lower", when=_has_quantiles, needs="quantiles")
def pinball(outcome: Outcome) -> float:
    """mean pinball loss over all levels and steps

    Of a quantile q at level p and a truth y: ``p (y - q)`` where y is above q, else ``(1 - p) (q - y)``.

    >>> quantiles = np.array([[[1.0, 2.0]]])
    >>> pinball(Outcome.of_forecasts(np.array([[4.0]]), np.array([[2.0]]), levels=(0.25, 0.5), quantiles=quantiles))
    0.875
    """
    return float(np.mean(losses(outcome)))


@measures("forecasts", better="lower", when=_has_quantiles, needs="quantiles")
def crps(outcome: Outcome) -> float:
    """continuous ranked probability score, from the quantiles

    Twice the integral of the pinball loss over the levels from 0 to 1, by the trapezoid rule between the given levels;
    at levels 0 and 1 the loss is 0, as it is in the limit for every distribution with a mean. With one level of 0.5 it
    is half the absolute error; with more it comes near to Gneiting, Raftery 2007, from below at coarse levels.
    """
    assert outcome.spread is not None
    ends = np.array([0.0, *outcome.spread.levels, 1.0])
    return float(np.sum(losses(outcome) * (ends[2:] - ends[:-2])))


@measures("forecasts", better=None, when=_has_interval, needs="an interval")
def coverage(outcome: Outcome) -> float:
    """share of truths within the interval, which should be its nominal level

    >>> quantiles = np.array([[[1.0, 2.0], [1.0, 2.0]]])
    >>> truth = np.array([[2.0, 3.0]])
    >>> spread = {"levels": (0.1, 0.9), "quantiles": quantiles, "level": 0.8}
    >>> coverage(Outcome.of_forecasts(truth, truth, **spread))
    0.5
    """
    assert outcome.spread is not None
    lower, upper = outcome.spread.interval
    return float(np.mean(((lower <= outcome.truth) & (outcome.truth <= upper))[outcome.known]))


def losses(outcome: Outcome) -> np.ndarray:
    """The mean pinball loss of each level (Q,)."""
    assert isinstance(outcome.spread, Spread)
    found = []
    for k, level in enumerate(outcome.spread.levels):  # a level at a time: (N, H, Q) once is memory enough
        above = (outcome.truth - outcome.spread.quantiles[:, :, k])[outcome.known]
        found.append(np.mean(np.maximum(level * above, (level - 1) * above)))
    return np.array(found)


def _scaled(outcome: Outcome) -> np.ndarray:
    """Which known truths belong to a series with a scale (N, H)."""
    scale = np.full(len(outcome.truth), np.nan) if outcome.scale is None else outcome.scale
    return outcome.known & (np.isfinite(scale) & (scale > 0))[:, None]
