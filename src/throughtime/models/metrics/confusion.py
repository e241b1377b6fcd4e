"""Which class is taken for which, and the figures of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome


@dataclass(frozen=True)
class ClassFigures:
    """The figures of one class; None where there is nothing to divide by.

    ``precision`` is the share of its predictions that are right (None: never predicted), ``recall`` the share of its
    rows that are found (None: it does not occur), ``f1`` their harmonic mean (None: neither), ``support`` its rows.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


def confusion_matrix(outcome: Outcome) -> np.ndarray:
    """Counts by truth and prediction: ``(C, C)`` with the truth in rows; for labels ``(C, 2, 2)``, a table a label.

    C is the number of names in ``outcome.classes``; classes that do not occur have rows or columns of zeros.

    >>> answers = Outcome(np.array([1, 0, 0, 0, 1, 1]), np.array([1, 0, 1, 0, 1, 0]), classes=("no", "yes"))
    >>> confusion_matrix(answers)
    array([[2, 1],
           [1, 2]])
    """
    count = len(outcome.classes)
    if outcome.kind == "labels":
        return np.stack([_table(outcome.truth[:, c], outcome.predicted[:, c], 2) for c in range(count)])
    return _table(outcome.truth, outcome.predicted, count)


def per_class(outcome: Outcome) -> list[ClassFigures]:
    """Precision, recall, F1 and support of each class or label, in the order of ``outcome.classes``."""
    right, said, true = _counts(outcome)
    return [
        ClassFigures(name, share(r, s), share(r, t), share(2 * r, s + t), t)
        for name, r, s, t in zip(outcome.classes, right.tolist(), said.tolist(), true.tolist(), strict=True)
    ]


@measures("classes", "labels", better="higher")
def macro_f1(outcome: Outcome) -> float:
    """mean of the F1 of all classes that occur among truths or predictions, each counted alike

    A class that is only predicted counts as 0. If no label is true or predicted anywhere, the figure is 0.
    """
    figures = [entry.f1 for entry in per_class(outcome) if entry.f1 is not None]
    return float(np.mean(figures)) if figures else 0.0


def _table(truth: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    pairs = truth.astype(np.int64) * count + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


def _counts(outcome: Outcome) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By class: how often it is rightly predicted, predicted, true."""
    matrix = confusion_matrix(outcome)
    if outcome.kind == "labels":
        return matrix[:, 1, 1], matrix[:, :, 1].sum(1), matrix[:, 1, :].sum(1)
    return np.diagonal(matrix), matrix.sum(0), matrix.sum(1)


def share(part: int, whole: int) -> float | None:
    """None where there is nothing to divide by."""
    return part / whole if whole else None
