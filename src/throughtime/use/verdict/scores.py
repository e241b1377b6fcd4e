"""What each row adds to a metric: scores whose mean is the metric, and whose spread tells how sure it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from throughtime.data.schemes import spans

Answers = Sequence[Any]  # a class, a list of labels or a number for each row; with steps, a list of classes or numbers


def row_scores(metric: str, truths: Answers, answers: Answers, *, steps: bool = False) -> list[float] | None:
    """One score a row; None where answers alone do not give the metric (cross entropy, accuracy over labels).

    With ``steps``, a list is an answer to every step, and the metric counts steps: the row stays the unit, since the
    steps within one depend on each other. Metrics that are no mean over rows, as macro F1, are linearised (the delta
    method).

    >>> row_scores("accuracy", ["a", "b"], ["a", "a"])
    [1.0, 0.0]
    >>> row_scores("accuracy", [["a", "b", "a"], ["b"]], [["a", "a", "a"], ["b"]], steps=True)
    [0.625, 0.875]
    """
    if steps:
        return _of_steps(metric, truths, answers)
    several = any(isinstance(truth, list) for truth in truths)
    if metric == "exact_match" or (metric == "accuracy" and not several):
        return [float(_names(t) == _names(a)) for t, a in zip(truths, answers, strict=True)]
    if metric == "macro_f1":
        pairs = [(_names(t), _names(a)) for t, a in zip(truths, answers, strict=True)]
        return _macro_f1([Counter(t & a) for t, a in pairs], [Counter(t) + Counter(a) for t, a in pairs])
    if metric in ("mae", "mse", "rmse"):
        return _distances(metric, [[abs(float(a) - float(t))] for t, a in zip(truths, answers, strict=True)])
    return None


def _of_steps(metric: str, truths: Answers, answers: Answers) -> list[float] | None:
    rows = list(zip(truths, answers, strict=True))
    if metric == "exact_match":
        return [float(truth == answer) for truth, answer in rows]
    if metric == "accuracy":
        right = [sum(t == a for t, a in zip(truth, answer, strict=True)) for truth, answer in rows]
        return ratio_scores(right, [len(truth) for truth in truths])
    if metric == "macro_f1":
        hits = [Counter(t for t, a in zip(truth, answer, strict=True) if t == a) for truth, answer in rows]
        return _macro_f1(hits, [Counter(truth) + Counter(answer) for truth, answer in rows])
    if metric == "span_f1":
        found = [(set(spans(truth)), set(spans(answer))) for truth, answer in rows]
        return ratio_scores([2 * len(t & a) for t, a in found], [len(t) + len(a) for t, a in found])
    if metric in ("mae", "mse", "rmse"):
        return _distances(metric, [[abs(a - t) for t, a in zip(truth, answer, strict=True)] for truth, answer in rows])
    return None


def ratio_scores(parts: Sequence[float], wholes: Sequence[float]) -> list[float] | None:
    """Scores whose mean is the ratio of the two sums, each row's as far as it moves it; None where there is nothing.

    >>> ratio_scores([1, 3], [2, 2]), ratio_scores([1, 3], [2, 6])
    ([0.5, 1.5], [0.5, 0.5])
    """
    whole = math.fsum(wholes)
    if not whole:
        return None
    ratio = math.fsum(parts) / whole
    return [ratio + len(parts) * (p - ratio * w) / whole for p, w in zip(parts, wholes, strict=True)]


def _names(answer: Any) -> frozenset[Any]:
    return frozenset(answer) if isinstance(answer, list) else frozenset([answer])


def _distances(metric: str, errors: list[list[float]]) -> list[float] | None:
    """Of the errors of each row's steps."""
    sums = [math.fsum(row if metric == "mae" else (error**2 for error in row)) for row in errors]
    scores = ratio_scores(sums, [len(row) for row in errors])
    if metric != "rmse" or scores is None:
        return scores
    mean = math.fsum(scores) / len(scores)
    root = math.sqrt(mean)
    return [root + (score - mean) / (2 * root) if root else 0.0 for score in scores]


def _macro_f1(right: list[Counter[Any]], each: list[Counter[Any]]) -> list[float] | None:
    """F1 of a class is 2 right / (true + said), a ratio of sums over rows; its linear parts are added up.

    ``right`` counts by class how often each row is right, ``each`` how often the class is true and how often said.
    """
    hits: Counter[Any] = Counter()
    whole: Counter[Any] = Counter()
    for found, counted in zip(right, each, strict=True):
        hits.update(found)
        whole.update(counted)
    if not whole:
        return None
    rows, f1 = len(right), {name: 2 * hits[name] / count for name, count in whole.items()}
    mean = math.fsum(f1.values()) / len(f1)

    def influence(found: Counter[Any], counted: Counter[Any]) -> float:
        parts = ((2 * found[name] - f1[name] * count) / whole[name] for name, count in counted.items())
        return rows * math.fsum(parts) / len(f1)

    return [mean + influence(found, counted) for found, counted in zip(right, each, strict=True)]
