"""How well a unit agrees with an annotation: figures of two columns of numbers.

Yes or no: Matthews' correlation coefficient (Matthews 1975) of what the unit says with what is true. It is 0 for every
constant answer and every one drawn by lot, however rare a yes is, where balanced accuracy praises a unit that says yes
ten times too often (Chicco and Jurman 2020). Beside it F1 and the area under the ROC curve, which needs no threshold.
Numbers: the correlations of Pearson and Spearman, and R^2 of a straight line.
"""

from __future__ import annotations

import numpy as np

Figures = dict[str, float]


def yes_no_figures(values: np.ndarray, truth: np.ndarray, threshold: float, sign: int) -> Figures:
    """``matthews``, ``f1`` and ``auc`` of a unit (n,) that says yes above a threshold, or with sign -1 below it."""
    said = sign * values > sign * threshold
    return {
        "matthews": matthews(*counts(said, truth)),
        "f1": f1(*counts(said, truth)),
        "auc": area_under_curve(sign * values, truth),
    }


def number_figures(values: np.ndarray, truth: np.ndarray, slope: float, intercept: float) -> Figures:
    """``pearson``, ``spearman`` and ``r_squared`` of the line ``slope * value + intercept``."""
    return {
        "pearson": pearson(values, truth),
        "spearman": pearson(ranks(values), ranks(truth)),
        "r_squared": r_squared(slope * values + intercept, truth),
    }


def counts(said: np.ndarray, truth: np.ndarray) -> tuple[int, int, int, int]:
    """True positives, false positives, false negatives, true negatives."""
    both, yes, true = int((said & truth).sum()), int(said.sum()), int(truth.sum())
    return both, yes - both, true - both, len(truth) - yes - true + both


def matthews(tp: float, fp: float, fn: float, tn: float) -> float:
    """Matthews' correlation coefficient; 0 where all is said, or is, the same.

    >>> matthews(4, 0, 0, 9), matthews(0, 9, 4, 0), matthews(4, 9, 0, 0)
    (1.0, -1.0, 0.0)
    """
    below = float(tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return float((tp * tn - fp * fn) / below**0.5) if below else 0.0


def f1(tp: float, fp: float, fn: float, tn: float) -> float:
    """The harmonic mean of precision and recall."""
    return float(2 * tp / (2 * tp + fp + fn)) if tp else 0.0


def area_under_curve(values: np.ndarray, truth: np.ndarray) -> float:
    """How often a value where it is true is above one where it is not; a tie counts half (Mann and Whitney 1947).

    >>> area_under_curve(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    true = int(truth.sum())
    below = ranks(values)[truth].sum() - true * (true + 1) / 2
    return float(below / (true * (len(truth) - true)))


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 (n,); equal values share the mean of theirs.

    >>> ranks(np.array([0.5, 0.1, 0.5])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(times) - (times - 1) / 2)[place]


def pearson(values: np.ndarray, truth: np.ndarray) -> float:
    """The correlation of two columns; 0 where one of them is constant."""
    x, y = (np.asarray(side, dtype=np.float64) - np.mean(side, dtype=np.float64) for side in (values, truth))
    below = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / below) if below else 0.0


def line(values: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the straight line from values to truth with the least squares."""
    x, y = values.astype(np.float64), truth.astype(np.float64)
    spread = x.var()
    slope = float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread else 0.0
    return slope, float(y.mean() - slope * x.mean())


def r_squared(found: np.ndarray, truth: np.ndarray) -> float:
    """The share of the variance that is explained; below 0 where the mean of the truth would be nearer."""
    return float(1 - np.square(truth - found).sum() / np.square(truth - truth.mean()).sum())
