"""Stamps and values of a run's files as numbers that a chart over time can draw."""

from __future__ import annotations

import math
from collections.abc import Sequence

from throughtime.use.stamps import Stamp, moment, moments, seconds, stride


def places(stamps: Sequence[Stamp], step: str | None = None) -> tuple[list[float], bool]:
    """Where each stamp lies, and whether that is in seconds since 1970.

    Where one of them is no date, they are numbers of steps: their own, or counted from 1.

    >>> places(["1970-01-02", "1970-01-03"]), places([7, 8]), places(["Mon", "Tue"])
    (([86400.0, 172800.0], True), ([7.0, 8.0], False), ([1.0, 2.0], False))
    """
    found = moments(stamps, step)
    if found is not None:
        return [seconds(when) for when in found], True
    try:
        return [float("" if stamp is None else stamp) for stamp in stamps], False
    except ValueError:
        return [float(number) for number in range(1, len(stamps) + 1)], False


def around(first: Stamp, before: int, after: int, step: str | None) -> tuple[list[float], bool]:
    """Where ``before`` steps before a stamp, itself, and those up to ``after`` steps later lie.

    Without dates, or where a step is no fixed time, they are counted from the first step after the past, which is 1.

    >>> around("1970-01-02", 1, 2, "1 day"), around("Mon", 2, 1, "business day")
    (([0.0, 86400.0, 172800.0], True), ([-1.0, 0.0, 1.0], False))
    """
    when, way = moment(first, step), stride(step)
    if when is None or way is None:
        return [float(k) for k in range(1 - before, 1 + after)], False
    return [seconds(way.after(when, k)) for k in range(-before, after)], True


def values(found: Sequence[float | None]) -> list[float]:
    """What is missing as NaN."""
    return [math.nan if value is None else float(value) for value in found]


def around_level(level: float) -> tuple[float, float]:
    """What an axis of coverage holds at least, so that a point of a hundred looks like one.

    >>> around_level(0.8)
    (0.5, 1.0)
    """
    return max(0.0, round(level - 0.3, 6)), 1.0
