"""Numbers of steps and times at equal steps, to and fro; where in the day, the week and the year each step lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.data.times.step import Step
from throughtime.data.times.style import Style
from throughtime.data.times.zones import DAY, to_local, to_utc

__all__ = ["Axis", "Step"]

YEAR = 365.25 * DAY


def months_of(local: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Months since 1970-01 (N,), days of the month from 0 and seconds of the day, of local times (N,).

    >>> months_of(np.array([86400 * 32 + 5]))
    (array([1]), array([1]), array([5]))
    """
    days, seconds = np.divmod(np.asarray(local, dtype=np.int64), DAY)
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype(np.int64), days - months.astype("datetime64[D]").astype(np.int64), seconds


def month_lengths(months: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first day since 1970-01-01 (N,) of months since 1970-01, and how many days they have."""
    begins = np.asarray(months, dtype=np.int64).astype("datetime64[M]")
    first = begins.astype("datetime64[D]").astype(np.int64)
    return first, (begins + 1).astype("datetime64[D]").astype(np.int64) - first


def goes_by_the_clock(step: Step, style: Style) -> bool:
    """Whether equal steps are equal on clocks and calendars, be they put forward or back, and not in seconds.

    >>> local = Style("%Y-%m-%d %H:%M", "Europe/Berlin")
    >>> [goes_by_the_clock(Step.parse(text), local) for text in ("1mo", "1d", "6h", "1h")]
    [True, True, True, False]
    """
    if step.of_days:
        return True
    return step.unit == "second" and step.count > 3600 and DAY % step.count == 0 and style.of_clocks


@dataclass(frozen=True)
class Axis:
    """Steps numbered from ``origin``, a moment, to both sides.

    Steps of days, weeks, months and years go by the calendar of the zone: each begins at the origin's time of day, and
    months on the origin's day, or on their last day where they have no such. Shorter steps are equal times, but for
    those of more than an hour that are written without an offset: these go by the clock, from midnight to midnight.

    >>> axis = Axis(1454198400, Step(1, "month"), Style("%Y-%m-%d"))
    >>> [axis.stamp(k) for k in (-1, 0, 1, 2)]
    ['2015-12-31', '2016-01-31', '2016-02-29', '2016-03-31']
    >>> axis.indices(np.array([1454198400, 1456704000 - 1])), axis.calendar_names, axis.seasons
    (array([0, 0]), ('month sin', 'month cos'), (12,))
    """

    origin: int
    step: Step
    style: Style

    def stamp(self, index: int) -> str:
        """When a step begins, in the user's own form."""
        return self.style.write(int(self.moments(np.array([index]))[0]))

    def moments(self, indices: np.ndarray) -> np.ndarray:
        """When steps (N,) begin, (N,) int64."""
        indices = np.asarray(indices, dtype=np.int64)
        if not goes_by_the_clock(self.step, self.style):
            return self.origin + indices * self.step.count
        return to_utc(self.style.zone, self._local_begins(indices))[0]

    def _local_begins(self, indices: np.ndarray) -> np.ndarray:
        origin = to_local(self.style.zone, np.array([self.origin]))
        if self.step.unit == "second":
            return origin + indices * self.step.count
        if self.step.unit == "weekday":
            day = (origin // DAY).astype("datetime64[D]")
            days = np.busday_offset(day, indices * self.step.count, roll="backward").astype(np.int64)
            return DAY * days + origin % DAY
        month, day, seconds = months_of(origin)
        first, length = month_lengths(month + indices * self.step.count)
        return DAY * (first + np.minimum(day, length - 1)) + seconds

    def indices(self, moments: np.ndarray) -> np.ndarray:
        """The step (N,) int64 in which each moment (N,) lies."""
        moments = np.asarray(moments, dtype=np.int64)
        if not goes_by_the_clock(self.step, self.style):
            return np.floor_divide(moments - self.origin, self.step.count)
        guess = self._guess(to_local(self.style.zone, moments), to_local(self.style.zone, np.array([self.origin])))
        guess -= self.moments(guess) > moments  # earlier in the day, or in the month, than where steps begin
        guess += self.moments(guess + 1) <= moments
        return guess

    def _guess(self, local: np.ndarray, origin: np.ndarray) -> np.ndarray:
        if self.step.unit == "second":
            return np.floor_divide(local - origin, self.step.count)
        if self.step.unit == "weekday":
            days = (local // DAY).astype("datetime64[D]")
            count = np.busday_count((origin // DAY).astype("datetime64[D]"), days).astype(np.int64)
            return np.floor_divide(count, self.step.count)
        return np.floor_divide(months_of(local)[0] - months_of(origin)[0], self.step.count)

    def exact(self, moments: np.ndarray) -> np.ndarray:
        """Whether each moment (N,) is one at which a step begins, (N,) bool."""
        return self.moments(self.indices(moments)) == moments

    def calendar(self, begin: int, count: int) -> np.ndarray:
        """Where in the day, the week and the year the steps from ``begin`` on lie: (count, K) float64 from -1 to 1.

        Sine and cosine of a whole turn, named by ``calendar_names``; by the clocks and calendars of the zone.

        >>> Axis(0, Step(21600, "second"), Style("%Y-%m-%d %H:%M")).calendar(0, 3)[:, 0].round(3)
        array([0., 1., 0.])
        """
        local = to_local(self.style.zone, self.moments(np.arange(begin, begin + count)))
        turns = [turn(local) for _, turn in _turns(self.step)]
        waves = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
        return np.stack(waves, axis=1) if waves else np.zeros((count, 0))

    @property
    def calendar_names(self) -> tuple[str, ...]:
        """What the columns of ``calendar`` hold; nothing for counts and for years."""
        return tuple(f"{name} {wave}" for name, _ in _turns(self.step) for wave in ("sin", "cos"))

    @property
    def seasons(self) -> tuple[int, ...]:
        """After how many steps the same hour, weekday or day of the year comes again, shortest first.

        >>> [Axis(0, Step.parse(text), Style("%Y-%m-%d")).seasons for text in ("1h", "15min", "1d", "1b", "1w", "1q")]
        [(24, 168, 8766), (96, 672, 35064), (7, 365), (5, 261), (52,), (4,)]
        """
        if self.step.unit == "count":
            return ()
        if self.step.unit == "weekday":
            return tuple(n // self.step.count for n in (5, 261) if n // self.step.count > 1)
        within = [length / self.step.seconds for length in (DAY, 7 * DAY)]
        found = [round(steps) for steps in within if steps.is_integer() and self.step.unit == "second"]
        found.append(round(YEAR / self.step.seconds))
        return tuple(sorted({steps for steps in found if steps > 1}))

    def to_json(self) -> dict[str, Any]:
        return {"origin": self.origin, "step": self.step.to_json(), "style": self.style.to_json()}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Axis:
        return cls(saved["origin"], Step.from_json(saved["step"]), Style.from_json(saved["style"]))


def _turns(step: Step) -> list[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    """Which circles of the calendar a step goes round in more than one part, and where on each local times (N,) lie."""
    turns: list[tuple[str, Callable[[np.ndarray], np.ndarray]]] = []
    if step.unit == "count":
        return turns
    if step.seconds < DAY:
        turns.append(("hour", lambda local: local % DAY / DAY))
    if step.seconds <= DAY:
        turns.append(("day of week", lambda local: (local // DAY + 3) % 7 / 7))  # 1970-01-01 was a Thursday
    if step.unit != "month":
        turns.append(("day of year", _of_year))
    elif step.count < 12:
        turns.append(("month" if step.count < 3 else "quarter", lambda local: months_of(local)[0] % 12 / 12))
    return turns


def _of_year(local: np.ndarray) -> np.ndarray:
    days = local // DAY
    year = days.astype("datetime64[D]").astype("datetime64[Y]")
    first = year.astype("datetime64[D]").astype(np.int64)
    return (days - first) / ((year + 1).astype("datetime64[D]").astype(np.int64) - first)
