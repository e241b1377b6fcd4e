"""95 % intervals in closed form: of a share, of a difference of shares, of a mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z = 1.959964  # two-sided 95 % of the normal distribution
FEWEST_FOR_A_MEAN = 8  # rows; below, their spread is itself hardly known
Interval = tuple[float, float]


def wilson(share: float, rows: int) -> Interval:
    """Of a share of independent rows (Wilson 1927); sound for few rows and near 0 and 1.

    >>> low, high = wilson(0.5, 100)
    >>> round(low, 3), round(high, 3)
    (0.404, 0.596)
    """
    if rows == 0:
        return 0.0, 1.0
    centre = (share + Z * Z / (2 * rows)) / (1 + Z * Z / rows)
    half = Z / (1 + Z * Z / rows) * math.sqrt(share * (1 - share) / rows + Z * Z / (4 * rows * rows))
    return max(0.0, centre - half), min(1.0, centre + half)


def difference_of_shares(first: float, second: float, rows: int) -> Interval:
    """Of ``first - second``, each a share of ``rows`` rows (Newcombe 1998, method 10).

    It takes the two as independent. On the same rows they mostly agree more than that, so it errs on the wide side.
    """
    (low_1, high_1), (low_2, high_2) = wilson(first, rows), wilson(second, rows)
    below = math.hypot(first - low_1, high_2 - second)
    above = math.hypot(high_1 - first, second - low_2)
    return first - second - below, first - second + above


def paired_shares(first: Sequence[bool], second: Sequence[bool]) -> Interval:
    """Of the difference of two shares on the same rows: what counts is where just one of the two is right.

    After Agresti and Min (2005): the normal interval with half a row added to each of the four cells, so that it
    stays sound with two rows.
    """
    rows = len(first) + 2
    gained = sum(a and not b for a, b in zip(first, second, strict=True)) + 0.5
    lost = sum(b and not a for a, b in zip(first, second, strict=True)) + 0.5
    centre = (gained - lost) / rows
    half = Z * math.sqrt(((gained + lost) / rows - centre**2) / rows)
    return max(-1.0, centre - half), min(1.0, centre + half)


def mean_of(values: Sequence[float]) -> Interval | None:
    """Of a mean of independent rows, by Student's t; None with too few rows to tell.

    >>> mean_of([1.0, 2.0]) is None
    True
    """
    rows = len(values)
    if rows < FEWEST_FOR_A_MEAN:
        return None
    mean = math.fsum(values) / rows
    variance = math.fsum((value - mean) ** 2 for value in values) / (rows - 1)
    half = _student(rows - 1) * math.sqrt(variance / rows)
    return mean - half, mean + half


def interval_of(scores: Sequence[float], *, share: bool) -> Interval | None:
    """Of a figure between 0 and 1 that is the mean of the rows' scores; of a ``share``, each of them is 0 or 1.

    None where the rows do not tell it: where they are few, or all alike (all right, say) without being shares.
    """
    if share:
        return wilson(math.fsum(scores) / len(scores), len(scores))
    found = mean_of(scores)
    return None if found is None or found[0] == found[1] else (max(0.0, found[0]), min(1.0, found[1]))


def _student(freedom: int) -> float:
    """The quantile of the t distribution that belongs to Z, by its expansion (1 % off at 7 degrees of freedom)."""
    return Z + (Z**3 + Z) / (4 * freedom) + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
