"""Plain numbers as times: years, months and days without marks between, seconds since 1970, or counts of steps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from throughtime.data.times.reading import read_all

WHOLE = re.compile(r"[+-]?\d{1,19}(\.0*)?", re.ASCII)
COUNTS = "%i"
LARGEST = 2**62  # so that differences stay within 64 bits
EPOCHS = {"%s": 1, "%3s": 10**3, "%6s": 10**6, "%9s": 10**9}  # since 1970-01-01, and how many make a second
SINCE_1970 = {
    "%s": (10**8, 10**11, "seconds"),
    "%3s": (10**11, 10**14, "milliseconds"),
    "%6s": (10**14, 10**17, "microseconds"),
    "%9s": (10**17, LARGEST, "nanoseconds"),
}
WRITTEN = {
    "%Y": (1500, 2200, "years"),
    "%Y%m": (150001, 220012, "years and months"),
    "%Y%m%d": (15000101, 22001231, "years, months and days"),
}


def whole(value: Any) -> int | None:
    """The whole number that a raw value is, within 62 bits; None if it is none.

    >>> whole(3), whole("-4"), whole(5.0), whole("5.5"), whole(True), whole("2016-07")
    (3, -4, 5, None, None, None)
    """
    if isinstance(value, str):
        if not WHOLE.fullmatch(value.strip()):
            return None
        number = int(value.strip().partition(".")[0])
    elif isinstance(value, (float, np.floating)):
        if not float(value).is_integer():
            return None
        number = int(value)
    elif isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        return None
    else:
        number = int(value)
    return number if abs(number) < LARGEST else None


def meaning(numbers: Sequence[int]) -> tuple[str, tuple[str, ...]]:
    """The pattern of whole numbers, decided by all of them, and what there is to say about it.

    >>> meaning([1467331200, 1467334800])
    ('%s', ('1467331200 and all others are read as seconds since 1970-01-01 UTC',))
    >>> meaning([2015, 2016])[0], meaning([199912, 200001])[0], meaning([199912, 199913])[0]
    ('%Y', '%Y%m', '%i')
    """
    low, high = min(numbers), max(numbers)
    for pattern, (least, beyond, unit) in SINCE_1970.items():
        if least <= low and high < beyond:
            return pattern, (f"{numbers[0]} and all others are read as {unit} since 1970-01-01 UTC",)
    for pattern, (least, most, unit) in WRITTEN.items():
        if least <= low and high <= most and read_all(pattern, list(map(str, numbers))).fits.all():
            return pattern, (f"{numbers[0]} and all others are read as {unit}, not as counts",)
    return COUNTS, ()


def moments_of(pattern: str, numbers: Sequence[int]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Moments (N,) of counts or of numbers since 1970, and whether fractions of a second were left out.

    >>> moments_of("%3s", [1467331200000, 1467331200500])
    (array([1467331200, 1467331200]), ('fractions of a second are left out: steps are whole seconds',))
    """
    values, parts = np.array(numbers, dtype=np.int64), EPOCHS.get(pattern, 1)
    return values // parts, (FRACTIONS,) if (values % parts != 0).any() else ()


FRACTIONS = "fractions of a second are left out: steps are whole seconds"
