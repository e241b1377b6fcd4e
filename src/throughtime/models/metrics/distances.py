"""Metrics of numbers and of forecasts: how far the answers are from the truths, in the user's units."""

from __future__ import annotations

import numpy as np

from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome


@measures("numbers", "forecasts", better="lower")
def mae(outcome: Outcome) -> float:
    """mean absolute error"""
    return float(np.mean(np.abs(errors(outcome))))


@measures("numbers", "forecasts", better="lower")
def mse(outcome: Outcome) -> float:
    """mean squared error

    >>> mse(Outcome(np.array([1.0, 2.0]), np.array([4.0, 2.0])))
    4.5
    """
    return float(np.mean(errors(outcome) ** 2))


@measures("numbers", "forecasts", better="lower")
def rmse(outcome: Outcome) -> float:
    """root of the mean squared error"""
    return mse(outcome) ** 0.5


def errors(outcome: Outcome) -> np.ndarray:
    """Answer less truth, one for each truth that is known (M,).

    >>> errors(Outcome.of_forecasts(np.array([[1.0, np.nan]]), np.array([[3.0, 9.0]]))).tolist()
    [2.0]
    """
    off = outcome.predicted - outcome.truth
    return off[outcome.known] if outcome.kind == "forecasts" else off
