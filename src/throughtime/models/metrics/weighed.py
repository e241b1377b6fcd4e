"""A metric of texts over the same rows, some of them several times, some not at all: what a bootstrap asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from throughtime.models.metrics.error_rates import character_errors, matches, rate, word_errors
from throughtime.models.metrics.metric import metrics
from throughtime.models.metrics.outcome import Outcome
from throughtime.models.metrics.translation import Corpus

Weighed = Callable[[np.ndarray], float]


def weighed(metric: str, outcome: Outcome) -> Weighed | None:
    """``figure(weights (N,))`` of the split in which row ``i`` stands ``weights[i]`` times; None if it does not apply.

    What a row adds is counted once, here, so that each figure after that is a few sums.

    >>> figure = weighed("word_error", Outcome.of_texts([["a b"], ["c"]], ["a", "c"], "words"))
    >>> figure(np.array([1, 1])), figure(np.array([2, 0]))
    (0.3333333333333333, 0.5)
    """
    if outcome.kind != "texts" or not metrics[metric].applies(outcome):
        return None
    if metric in ("bleu", "chrf"):
        return Corpus(metric, outcome).figure
    if metric == "exact_match":
        right = matches(outcome)
        return lambda weights: float(weights @ right / weights.sum())
    if metric in ("word_error", "character_error"):
        rows = word_errors(outcome) if metric == "word_error" else character_errors(outcome)
        return lambda weights: rate(weights @ rows)
    return None
