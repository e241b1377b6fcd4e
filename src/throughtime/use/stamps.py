"""Stamps of time as the files of a run have them, in the user's own form: as numbers, and as one says them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from throughtime.data.times import Axis, Step, Style, times_of
from throughtime.data.times.zones import to_local
from throughtime.errors import DataError, Place, UsageError

START = datetime(1970, 1, 1)
Stamp = str | int | float | None


def step_of(words: str | None) -> Step | None:
    """A step in words; None where there is none, or where steps are only counted.

    >>> str(step_of("15 minutes")), str(step_of("1 business day")), step_of("1 step")
    ('15 minutes', '1 business day', None)
    """
    try:
        step = Step.parse(words or "")
    except UsageError:
        return None
    return None if step.unit == "count" else step


def moments(stamps: Sequence[Stamp], step: str | None) -> np.ndarray | None:
    """Seconds since 1970 (N,) int64, by the clocks that showed them; None where one is no date.

    Numbers are dates where a step is a time, as years are.

    >>> moments(["01.01.1970", "13.01.1970"], "12 days"), moments(["1970", "1971"], "1 year")
    (array([      0, 1036800]), array([       0, 31536000]))
    >>> moments(["1970", "1971"], "1 step") is None, moments(["1970-01-01", "n/a"], "1 day") is None
    (True, True)
    """
    if not stamps or (step_of(step) is None and any(_is_number(stamp) for stamp in stamps)):
        return None
    try:
        found = times_of(stamps, lambda i: Place(row=i))
    except DataError:
        return None
    return None if found.style.counts else to_local(found.style.zone, found.moments)


def axis_of(begin: int, step: str | None) -> Axis | None:
    """Steps from a moment on, in seconds since 1970; None where a step is no time.

    >>> axis = axis_of(0, "1 month")
    >>> axis.moments(np.array([1])) // 86400, axis.indices(np.array([86400 * 62]))
    (array([31]), array([2]))
    """
    found = step_of(step)
    return None if found is None else Axis(begin, found, Style("%Y-%m-%d %H:%M:%S"))


def seconds(when: datetime) -> float:
    """Since 1970 began, by the clock that showed it.

    >>> seconds(datetime(1970, 1, 2))
    86400.0
    """
    return (when - START).total_seconds()


def at(seconds: float) -> datetime:
    """The moment of so many seconds since 1970 began."""
    return START + timedelta(seconds=seconds)


def shown(stamp: Stamp) -> str:
    """A stamp for people: without a time of day that is midnight, and without seconds that are none.

    >>> shown("2017-10-24 00:00:00"), shown("2017-10-24T06:30:00"), shown("24.10.2017"), shown(417)
    ('2017-10-24', '2017-10-24 06:30', '24.10.2017', '417')
    """
    text = "" if stamp is None else str(stamp)
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?", text)
    if found is None or found[3] not in (None, ":00"):
        return text
    return found[1] if found[2] == "00:00" else f"{found[1]} {found[2]}"


def said(stamp: Stamp, step: str | None) -> str:
    """The same in a sentence, where a number is that of a step.

    >>> said("2017-10-24 00:00:00", "1 day"), said("1917", "1 year"), said("417", "1 step")
    ('2017-10-24', '1917', 'step 417')
    """
    return f"step {shown(stamp)}" if _is_number(stamp) and step_of(step) is None else shown(stamp)


def _is_number(stamp: Stamp) -> bool:
    return not isinstance(stamp, str) or stamp.strip().lstrip("-").isdecimal()
