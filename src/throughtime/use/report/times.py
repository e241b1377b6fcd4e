"""Stamps and values of a run's files as numbers that a chart over time can draw."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from throughtime.use.stamps import Stamp, axis_of, moments


def places(stamps: Sequence[Stamp], step: str | None) -> tuple[list[float], bool]:
    """Where each stamp lies, and whether that is in seconds since 1970.

    Where one of them is no date, they are numbers of steps: their own, or counted from 1.

    >>> places(["1970-01-02", "1970-01-03"], "1 day"), places(["7", "8"], "1 step"), places(["a", "b"], "1 step")
    (([86400.0, 172800.0], True), ([7.0, 8.0], False), ([1.0, 2.0], False))
    """
    found = moments(stamps, step)
    if found is not None:
        return found.astype(float).tolist(), True
    try:
        return [float("" if stamp is None else stamp) for stamp in stamps], False
    except ValueError:
        return [float(number) for number in range(1, len(stamps) + 1)], False


def around(first: int | None, before: int, after: int, step: str | None) -> tuple[list[float], bool]:
    """Where ``before`` steps before a moment, itself, and those up to ``after`` steps later lie.

    Without dates they are counted from the first step after the past, which is 1.

    >>> around(86400, 1, 2, "1 day"), around(None, 2, 1, "1 step")
    (([0.0, 86400.0, 172800.0], True), ([-1.0, 0.0, 1.0], False))
    """
    axis = None if first is None else axis_of(first, step)
    if axis is None:
        return [float(k) for k in range(1 - before, 1 + after)], False
    return axis.moments(np.arange(-before, after)).astype(float).tolist(), True


def values(found: Sequence[float | None]) -> list[float]:
    """What is missing as NaN."""
    return [math.nan if value is None else float(value) for value in found]


def around_level(level: float) -> tuple[float, float]:
    """What an axis of coverage holds at least, so that a point of a hundred looks like one.

    >>> around_level(0.8)
    (0.5, 1.0)
    """
    return max(0.0, round(level - 0.3, 6)), 1.0
