"""Metrics of numbers: how far the answers are from the truths, in the user's units."""

from __future__ import annotations

import numpy as np

from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome


@measures("numbers", better="lower")
def mae(outcome: Outcome) -> float:
    """mean absolute error"""
    return float(np.mean(np.abs(outcome.predicted - outcome.truth)))


@measures("numbers", better="lower")
def mse(outcome: Outcome) -> float:
    """mean squared error

    >>> mse(Outcome(np.array([1.0, 2.0]), np.array([4.0, 2.0])))
    4.5
    """
    return float(np.mean((outcome.predicted - outcome.truth) ** 2))


@measures("numbers", better="lower")
def rmse(outcome: Outcome) -> float:
    """root of the mean squared error"""
    return mse(outcome) ** 0.5
