"""The language in which the form of a time is kept, and how a time is written in it.

A pattern is text with directives, most of them those of ``strftime``: ``%Y-%m-%d %H:%M:%S``. ``%-m`` is a month
without a leading zero, ``%q`` a quarter, ``%V`` an ISO week, ``%3f`` three digits of a fraction with the point (or
comma, ``%,3f``) before it. ``%:z`` is an offset as ``+02:00``, ``%z`` as ``+0200``, ``%#z`` as ``+02``, ``%Z`` as
``+02:00`` with ``Z`` for UTC.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from throughtime.data.times.zones import offset_in_words

DIRECTIVE = re.compile(r"%[-:#,]?\d?[A-Za-z]|[^%]", re.DOTALL)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def directives(pattern: str) -> list[str]:
    """The parts of a pattern: a directive, or a sign that stands for itself.

    >>> directives("%-d.%m.%Y")
    ['%-d', '.', '%m', '.', '%Y']
    """
    return DIRECTIVE.findall(pattern)


def written(pattern: str, local: int, offset: int = 0) -> str:
    """A time in a pattern: seconds since 1970-01-01 as the clock shows them, seconds east of UTC.

    >>> written("%B %-d, %Y %-I:%M %p", 1467331200 + 3600 * 15), written("%Y-W%V", 0), written("%YQ%q", 0)
    ('July 1, 2016 3:00 PM', '1970-W01', '1970Q1')
    """
    try:
        time = datetime(1970, 1, 1) + timedelta(seconds=local)
    except OverflowError:
        return "before year 1" if local < 0 else "after year 9999"
    return "".join(_part(part, time, offset, "%V" in pattern) for part in directives(pattern))


def _part(part: str, time: datetime, offset: int, weeks: bool) -> str:
    letter = part[-1]
    if len(part) == 1:
        return part
    if letter == "f":
        digits = int(part[-2]) if part[-2].isdigit() else 0
        return ("," if "," in part else ".") + "0" * digits if digits else ""
    if letter in "zZ":
        text = offset_in_words(offset)
        if part == "%Z" and offset == 0:
            return "Z"
        return text.replace(":", "") if part == "%z" else text[:3] if part == "%#z" and offset % 3600 == 0 else text
    year = time.isocalendar().year if weeks else time.year
    numbers = {
        "Y": (year, 4),
        "y": (year % 100, 2),
        "m": (time.month, 2),
        "d": (time.day, 2),
        "H": (time.hour, 2),
        "I": ((time.hour - 1) % 12 + 1, 2),
        "M": (time.minute, 2),
        "S": (time.second, 2),
        "q": ((time.month + 2) // 3, 1),
        "V": (time.isocalendar().week, 2),
        "u": (time.isoweekday(), 1),
    }
    if letter in numbers:
        number, width = numbers[letter]
        return str(number) if "-" in part else f"{number:0{width}}"
    words = {
        "b": MONTHS[time.month - 1][:3],
        "B": MONTHS[time.month - 1],
        "a": WEEKDAYS[time.weekday()][:3],
        "A": WEEKDAYS[time.weekday()],
        "p": "PM" if time.hour >= 12 else "AM",
        "P": "pm" if time.hour >= 12 else "am",
    }
    return words[letter]
