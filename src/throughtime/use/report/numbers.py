"""How figures are written in the report."""

from __future__ import annotations

import math


def number(value: object) -> str:
    """Short and comparable: whole numbers with thousands separated, others with four digits.

    >>> [number(x) for x in (1750, 0.83142, 0.00002, 12345.6, None, float("nan"), 2.0)]
    ['1,750', '0.8314', '2e-05', '12,346', '-', 'nan', '2']
    """
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def fraction(value: float) -> str:
    """A figure between 0 and 1, three digits behind the point, so that columns compare.

    >>> fraction(0.83142)
    '0.831'
    """
    return f"{value:.3f}"


def duration(seconds: float) -> str:
    """
    >>> duration(61.2), duration(7.25), duration(7300)
    ('1 min 1 s', '7.2 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    return f"{minutes} min {int(seconds) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def amount(count: int, word: str) -> str:
    """
    >>> amount(1, "row"), amount(2400, "row"), amount(2, "class")
    ('1 row', '2,400 rows', '2 classes')
    """
    plural = word + ("es" if word.endswith("s") else "s")
    return f"{count:,} {word if count == 1 else plural}"
