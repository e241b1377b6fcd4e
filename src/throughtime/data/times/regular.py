"""The regular step that times stand at: found from their distances, or laid out where it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from throughtime.data.times.axis import Axis, Step, goes_by_the_clock, month_lengths, months_of
from throughtime.data.times.style import Style
from throughtime.data.times.zones import DAY, to_local, to_utc

MONDAY = 4 * DAY  # 1970-01-05


@dataclass(frozen=True)
class Distances:
    """How far neighbouring times lie apart: (M,) different distances in a unit, and how often each is found."""

    unit: str
    lengths: np.ndarray
    counts: np.ndarray

    @property
    def commonest(self) -> Step:
        """The most frequent one; the shortest of several."""
        return Step(int(self.lengths[np.argmax(self.counts)]), self.unit)

    def in_words(self, most: int = 4) -> str:
        """The most frequent ones, as in ``1 hour (3 times), 20 minutes (once)``."""
        order = np.argsort(-self.counts, kind="stable")
        named = [f"{Step(int(self.lengths[k]), self.unit)} ({_times(int(self.counts[k]))})" for k in order[:most]]
        return ", ".join(named) + (f" and {len(order) - most:,} others" if len(order) > most else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def distances_of(sequences: Sequence[np.ndarray], style: Style) -> Distances | None:
    """The distances within the series, whose times (n,) rise; None where none has two times.

    In months if all times are the same day of their month, or its last where it has no such; in whole days by the
    calendar of the zone if all are at the same time of day.

    >>> distances_of([np.array([0, 31, 59]) * 86400], Style("%Y-%m-%d")).commonest
    Step(count=1, unit='month')
    """
    if all(len(moments) < 2 for moments in sequences):
        return None
    unit, scale = "second", sequences
    if style.counts:
        unit = "count"
    else:
        local = [to_local(style.zone, moments) for moments in sequences]
        pooled = np.concatenate(local)
        months, day, seconds = months_of(pooled)
        forward = all((np.diff(part) > 0).all() for part in local)  # no clock was put back between two times
        if forward and (seconds == seconds[0]).all():
            scale = local
            if (day == np.minimum(day.max(), month_lengths(months)[1] - 1)).all():
                unit, scale = "month", [months_of(part)[0] for part in local]
        elif forward and style.of_clocks and goes_by_the_clock(_counted("second", sequences).commonest, style):
            scale = local
    return _counted(unit, scale)


def _counted(unit: str, scale: Sequence[np.ndarray]) -> Distances:
    return Distances(unit, *np.unique(np.concatenate([np.diff(part) for part in scale]), return_counts=True))


def business_days(sequences: Sequence[np.ndarray], style: Style, step: Step) -> bool:
    """Whether daily times pass over weekends, of which there is one at least, and never stand on one."""
    if step != Step(DAY, "second"):
        return False
    days = [(to_local(style.zone, moments) // DAY).astype("datetime64[D]") for moments in sequences]
    if not all(np.is_busday(part).all() for part in days):
        return False
    return any(np.busday_count(part[0], part[-1]) < (part[-1] - part[0]).astype(np.int64) for part in days)


def axis_through(moments: np.ndarray, step: Step, style: Style) -> Axis:
    """The axis of this step on which most of the times (N,) stand."""
    first = int(moments.min())
    if step.unit == "weekday":
        return Axis(_rolled_back(first, style), step, style)
    if step.unit == "month":
        return Axis(_long_month(moments, step, style), step, style)
    scale = to_local(style.zone, moments) if goes_by_the_clock(step, style) else moments
    places, counts = np.unique(scale % step.count, return_counts=True)
    on = scale % step.count == places[np.argmax(counts)]
    return Axis(int(moments[on].min()), step, style)


def _rolled_back(moment: int, style: Style) -> int:
    """The same time of the day on a Friday if it is a weekend's."""
    local = int(to_local(style.zone, np.array([moment]))[0])
    weekday = (local // DAY + 3) % 7
    return moment if weekday < 5 else int(to_utc(style.zone, np.array([local - DAY * (weekday - 4)]))[0][0])


def _long_month(moments: np.ndarray, step: Step, style: Style) -> int:
    """An origin of monthly steps, in a month that is long enough to have the day on which all stand.

    A series of the last days of months may begin in February; its origin is then the 31st of a month before.
    """
    months, day, seconds = months_of(to_local(style.zone, moments))
    last = (day == month_lengths(months)[1] - 1).all()
    before = int(months.min()) - step.count * np.arange(49)
    first, lengths = month_lengths(before)
    wanted = 31 if last else int(day.max()) + 1
    chosen = int(np.argmax(np.minimum(lengths, wanted)))  # the latest of the longest
    local = DAY * (first[chosen] + min(wanted, int(lengths[chosen])) - 1) + seconds[:1]
    return int(to_utc(style.zone, local)[0][0])


def axis_from_the_calendar(moments: np.ndarray, step: Step, style: Style) -> Axis:
    """The axis of a given step that begins where people begin to count: at midnight, on Monday, on the first."""
    first = int(moments.min())
    if step.unit == "count":
        return Axis(first, step, style)
    local = int(to_local(style.zone, np.array([first]))[0])
    if step.unit == "month":
        month = int(months_of(np.array([local]))[0][0])
        begin = DAY * int(month_lengths(np.array([month - month % step.count]))[0][0])
    elif step.count % (7 * DAY) == 0:
        begin = local - (local - MONDAY) % (7 * DAY)
    elif step.unit == "second" and DAY % step.count != 0 and step.count < DAY and 3600 % step.count == 0:
        begin = local - local % 3600
    else:
        begin = local - local % DAY
    origin = int(to_utc(style.zone, np.array([begin]))[0][0])
    return Axis(_rolled_back(origin, style) if step.unit == "weekday" else origin, step, style)
