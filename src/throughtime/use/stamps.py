"""Stamps of time as the files of a run have them: read, stepped on, and how many steps lie between two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
START = datetime(1970, 1, 1)
Stamp = str | int | float | None


@dataclass(frozen=True)
class Stride:
    """One step of a series: so many seconds, or so many months of the calendar."""

    seconds: int = 0
    months: int = 0

    def after(self, begin: datetime, steps: int) -> datetime:
        """So many steps later; the last day of a month where the day itself is not in it.

        Raises OverflowError outside the years 1 to 9999.

        >>> Stride(months=1).after(datetime(2016, 1, 31), 1), Stride(seconds=3600).after(datetime(2016, 1, 31), 2)
        (datetime.datetime(2016, 2, 29, 0, 0), datetime.datetime(2016, 1, 31, 2, 0))
        """
        if not self.months:
            return begin + timedelta(seconds=self.seconds * steps)
        year, month = divmod(begin.year * 12 + begin.month - 1 + self.months * steps, 12)
        if not 1 <= year <= 9999:
            raise OverflowError(f"there is no year {year}")
        for day in (begin.day, 30, 29):
            try:
                return begin.replace(year=year, month=month + 1, day=day)
            except ValueError:
                continue
        return begin.replace(year=year, month=month + 1, day=28)

    def between(self, begin: datetime, end: datetime) -> int:
        """The nearest whole number of steps from one moment to another.

        >>> Stride(months=3).between(datetime(2015, 1, 1), datetime(2016, 7, 1))
        6
        """
        if self.months:
            return round(((end.year - begin.year) * 12 + end.month - begin.month) / self.months)
        return round((end - begin).total_seconds() / self.seconds)


def stride(words: str | None) -> Stride | None:
    """A step in words as one of seconds or months; None where it is neither, as a business day is.

    >>> stride("15 minutes"), stride("1 quarter"), stride("business day")
    (Stride(seconds=900, months=0), Stride(seconds=0, months=3), None)
    """
    found = re.fullmatch(r"(?:([1-9]\d{0,8}) )?([a-z]+?)s?", words or "")
    if found is None:
        return None
    count, unit = int(found[1] or 1), found[2]
    if unit in SECONDS:
        return Stride(seconds=count * SECONDS[unit])
    return Stride(months=count * MONTHS[unit]) if unit in MONTHS else None


def moment(stamp: Stamp, step: str | None = None) -> datetime | None:
    """When that is, as the clock showed it; None for what is no date. Four digits are a year where a step is one.

    >>> moment("2017-10-24 06:00:00"), moment("2016Q3")
    (datetime.datetime(2017, 10, 24, 6, 0), datetime.datetime(2016, 7, 1, 0, 0))
    >>> moment("1917", "1 year"), moment("1917"), moment(417)
    (datetime.datetime(1917, 1, 1, 0, 0), None, None)
    """
    if not isinstance(stamp, str):
        return None
    text = stamp.strip()
    if re.fullmatch(r"\d{4}", text):
        text = f"{text}-01-01" if "year" in (step or "") else ""
    elif re.fullmatch(r"\d{4}-\d\d", text):
        text += "-01"
    elif quarter := re.fullmatch(r"(\d{4})-?Q([1-4])", text):
        text = f"{quarter[1]}-{3 * int(quarter[2]) - 2:02}-01"
    elif text.isdecimal():
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def moments(stamps: Sequence[Stamp], step: str | None = None) -> list[datetime] | None:
    """All of them; None as soon as one is no date, or there is none."""
    found = [moment(stamp, step) for stamp in stamps]
    return None if not found or None in found else [one for one in found if one is not None]


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

    >>> shown("2017-10-24 00:00:00"), shown("2017-10-24T06:30:00"), shown("1981-02"), shown(417)
    ('2017-10-24', '2017-10-24 06:30', '1981-02', '417')
    """
    text = "" if stamp is None else str(stamp)
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?", text)
    if found is None or found[3] not in (None, ":00"):
        return text
    return found[1] if found[2] == "00:00" else f"{found[1]} {found[2]}"


def said(stamp: Stamp) -> str:
    """The same in a sentence, where a number is that of a step.

    >>> said("2017-10-24 00:00:00"), said(417)
    ('2017-10-24', 'step 417')
    """
    text = shown(stamp)
    return f"step {text}" if text.isdecimal() else text
