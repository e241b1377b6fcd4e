"""Texts as answers: the outcome behind the rows of predictions, and how sure the difference of two of them is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from throughtime.models.metrics import Outcome, TextUnit
from throughtime.models.metrics.error_rates import matches
from throughtime.models.metrics.weighed import weighed
from throughtime.use.verdict.bootstrap import paired_bootstrap
from throughtime.use.verdict.intervals import Interval, paired_shares
from throughtime.use.verdict.scope import Row


def texts_outcome(predictions: Sequence[Row], unit: TextUnit, side: str = "predicted") -> Outcome:
    """What stands under ``side`` as answers; ``references`` of a row are all that is right, else its ``truth`` is.

    >>> row = {"truth": "a cat", "references": ["a cat", "the cat"], "predicted": "cat", "baseline": "Katze"}
    >>> texts_outcome([row], "words", "baseline").predicted.tolist()
    ['Katze']
    """
    references = [row.get("references") or [row["truth"]] for row in predictions]
    return Outcome.of_texts(references, [row[side] for row in predictions], unit)


def texts_gain(
    metric: str, figures: tuple[float, float], predictions: Sequence[Row], unit: TextUnit
) -> Interval | None:
    """Of network less baseline, whatever is better; ``figures`` are theirs.

    None where the answers are not those behind the figures, as with means over seeds, or do not give the metric.
    """
    both = [texts_outcome(predictions, unit, side) for side in ("predicted", "baseline")]
    first, second = (weighed(metric, outcome) for outcome in both)
    if first is None or second is None:
        return None
    once = np.ones(len(predictions))
    measured = [first(once), second(once)]
    if not all(math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) for a, b in zip(measured, figures, strict=True)):
        return None
    if metric == "exact_match":
        ours, theirs = (matches(outcome).tolist() for outcome in both)
        return paired_shares(ours, theirs)
    return paired_bootstrap(first, second, len(predictions))
