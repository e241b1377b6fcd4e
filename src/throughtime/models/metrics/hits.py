"""Metrics that count how often the answer is right."""

from __future__ import annotations

import numpy as np

from throughtime.models.metrics.error_rates import matches
from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome


@measures("classes", "labels", better="higher")
def accuracy(outcome: Outcome) -> float:
    """share of right answers; with several labels a row, share of right labels

    >>> accuracy(Outcome(np.array([1, 0, 0, 0, 1, 1]), np.array([1, 0, 1, 0, 1, 0]))) == 4 / 6
    True
    """
    return float(np.mean(outcome.truth == outcome.predicted))


@measures("classes", "labels", "texts", better="higher")
def exact_match(outcome: Outcome) -> float:
    """share of rows that are right as a whole; with one class a row it equals accuracy

    A text is right if it is one of its references, however its words or symbols are spaced.
    """
    if outcome.kind == "texts":
        return float(matches(outcome).mean())
    right = outcome.truth == outcome.predicted
    if outcome.lengths is not None:
        return float(np.mean([row.all() for row in outcome.by_row(right)]))
    return float(np.mean(right.reshape(len(outcome), -1).all(axis=1)))
