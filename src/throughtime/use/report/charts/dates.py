"""Round places on an axis of time, and what is written at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86_400
SECONDS = (*(1, 2, 5, 10, 15, 30), *(MINUTE * k for k in (1, 2, 5, 10, 15, 30)), *(HOUR * k for k in (1, 2, 3, 6, 12)))
MONTHS = (1, 2, 3, 6)
YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True)
class Stride:
    """From one mark to the next: so many seconds, or so many months."""

    seconds: int = 0
    months: int = 0

    def after(self, when: datetime) -> datetime:
        """The next mark; of months, from the first day of one. Raises OverflowError beyond the year 9999."""
        if not self.months:
            return when + timedelta(seconds=self.seconds)
        year, month = divmod(when.year * 12 + when.month - 1 + self.months, 12)
        if year > 9999:
            raise OverflowError(f"there is no year {year}")
        return datetime(year, month + 1, 1)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis of time. ``above`` is what stands below it in a second line: the day of an hour, the year of a
    month; empty where it is that of the mark before.
    """

    at: datetime
    text: str
    above: str = ""


def date_ticks(low: datetime, high: datetime, about: int = 6) -> list[Tick]:
    """At most so many round moments from low to high, by years, months, Mondays, days, hours, minutes or seconds.

    >>> [(tick.text, tick.above) for tick in date_ticks(datetime(2017, 10, 23, 20), datetime(2017, 10, 24, 14), 4)]
    [('00:00', '24 Oct 2017'), ('06:00', ''), ('12:00', '')]
    >>> [(tick.text, tick.above) for tick in date_ticks(datetime(2016, 9, 3), datetime(2017, 3, 2))]
    [('Oct', '2016'), ('Nov', ''), ('Dec', ''), ('Jan', '2017'), ('Feb', ''), ('Mar', '')]
    """
    for stride in _strides(low, high, about):
        found = list(_within(low, high, stride, about + 1))
        if len(found) <= about:
            return _named(found, stride)
    return []


def _strides(low: datetime, high: datetime, about: int) -> Iterator[Stride]:
    """From fine to coarse."""
    yield from (Stride(seconds=seconds) for seconds in SECONDS)
    yield from (Stride(seconds=DAY * days) for days in (1, 2, 7, 14))
    yield from (Stride(months=months) for months in MONTHS)
    yield from (Stride(months=12 * years) for years in YEARS)


def _within(low: datetime, high: datetime, stride: Stride, most: int) -> Iterator[datetime]:
    """The first so many of the round moments."""
    when = _first(low, stride)
    for _ in range(most):
        if when > high:
            return
        yield when
        try:
            when = stride.after(when)
        except OverflowError:
            return
        if stride.seconds == 2 * DAY and when.day in (2, 31):  # of every second day, those with odd numbers, below 31
            when = when.replace(day=1) if when.day == 2 else when + timedelta(days=1)


def _first(low: datetime, stride: Stride) -> datetime:
    """The first round moment that is not before ``low``."""
    if stride.months:
        month = low.year * 12 + low.month - 1
        begun = stride.months * -(-month // stride.months)
        when = datetime(begun // 12, begun % 12 + 1, 1) if begun // 12 >= 1 else datetime(1, 1, 1)
        return when if when >= low else stride.after(when)
    midnight = low.replace(hour=0, minute=0, second=0, microsecond=0)
    if stride.seconds < DAY:
        passed = (low - midnight).total_seconds()
        return midnight + timedelta(seconds=stride.seconds * -(-passed // stride.seconds))
    day = midnight if midnight == low else midnight + timedelta(days=1)
    if stride.seconds == 2 * DAY:
        return day if day.day % 2 and day.day < 31 else day + timedelta(days=1)
    return day if stride.seconds == DAY else day + timedelta(days=-day.weekday() % 7)


def _named(found: list[datetime], stride: Stride) -> list[Tick]:
    ticks: list[Tick] = []
    before = ""
    for when in found:
        text, above = _words(when, stride)
        ticks.append(Tick(when, text, "" if above == before else above))
        before = above
    return ticks


def _words(when: datetime, stride: Stride) -> tuple[str, str]:
    if stride.months >= 12:
        return str(when.year), ""
    if stride.months:
        return NAMES[when.month - 1], str(when.year)
    if stride.seconds >= DAY:
        return f"{when.day} {NAMES[when.month - 1]}", str(when.year)
    day = f"{when.day} {NAMES[when.month - 1]} {when.year}"
    return f"{when:%H:%M:%S}" if stride.seconds < MINUTE else f"{when:%H:%M}", day
