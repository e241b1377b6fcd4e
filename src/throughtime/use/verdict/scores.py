"""What each row adds to a metric: scores whose mean is the metric, and whose spread tells how sure it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

Answers = Sequence[Any]  # a class, a list of labels or a number for each row


def row_scores(metric: str, truths: Answers, answers: Answers) -> list[float] | None:
    """One score a row; None where answers alone do not give the metric (cross entropy, accuracy over labels).

    Metrics that are no mean over rows, as macro F1, are linearised (the delta method).

    >>> row_scores("accuracy", ["a", "b"], ["a", "a"])
    [1.0, 0.0]
    """
    several = any(isinstance(truth, list) for truth in truths)
    if metric == "exact_match" or (metric == "accuracy" and not several):
        return [float(_names(t) == _names(a)) for t, a in zip(truths, answers, strict=True)]
    if metric == "macro_f1":
        return _macro_f1([_names(truth) for truth in truths], [_names(answer) for answer in answers])
    if metric in ("mae", "mse", "rmse"):
        return _distances(metric, [abs(float(a) - float(t)) for t, a in zip(truths, answers, strict=True)])
    return None


def _names(answer: Any) -> frozenset[Any]:
    return frozenset(answer) if isinstance(answer, list) else frozenset([answer])


def _distances(metric: str, errors: list[float]) -> list[float]:
    if metric == "mae":
        return errors
    squares = [error**2 for error in errors]
    if metric == "mse":
        return squares
    mean = math.fsum(squares) / len(squares)
    root = math.sqrt(mean)
    return [root + (square - mean) / (2 * root) if root else 0.0 for square in squares]


def _macro_f1(truths: list[frozenset[Any]], answers: list[frozenset[Any]]) -> list[float] | None:
    """F1 of a class is 2 right / (true + said), a ratio of sums over rows; its linear parts are added up."""
    right = Counter(name for t, a in zip(truths, answers, strict=True) for name in t & a)
    whole = Counter(name for names in (*truths, *answers) for name in names)
    if not whole:
        return None
    rows, f1 = len(truths), {name: 2 * right[name] / count for name, count in whole.items()}
    mean = math.fsum(f1.values()) / len(f1)

    def influence(t: frozenset[Any], a: frozenset[Any]) -> float:
        parts = ((2 * (name in t & a) - f1[name] * ((name in t) + (name in a))) / whole[name] for name in t | a)
        return rows * math.fsum(parts) / len(f1)

    return [mean + influence(t, a) for t, a in zip(truths, answers, strict=True)]
