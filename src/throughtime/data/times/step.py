"""The distance between two neighbouring times of a series: so many seconds, months, weekdays, or plain counts."""

from __future__ import annotations

import difflib
import re
from dataclasses import asdict, dataclass
from typing import Any

from throughtime.errors import UsageError

# the names of a step, the shortest as it is given in a setting, with its unit and how many of these it is
UNITS: tuple[tuple[str, tuple[str, ...], str, int], ...] = (
    ("week", ("w",), "second", 7 * 86400),
    ("day", ("d",), "second", 86400),
    ("hour", ("h",), "second", 3600),
    ("minute", ("min",), "second", 60),
    ("second", ("s", "sec"), "second", 1),
    ("year", ("y",), "month", 12),
    ("quarter", ("q",), "month", 3),
    ("month", ("mo", "mon"), "month", 1),
    ("business day", ("b", "bd"), "weekday", 1),
    ("step", ("",), "count", 1),
)
NAMED = {spelling: (unit, size) for name, short, unit, size in UNITS for spelling in (*short, name, name + "s")}


@dataclass(frozen=True)
class Step:
    """So many units of ``"second"``, ``"month"``, ``"weekday"`` (Monday to Friday) or ``"count"``.

    >>> str(Step(900, "second")), str(Step(3, "month")), str(Step(1, "count")), Step(86400, "second").setting
    ('15 minutes', '1 quarter', '1 step', '1d')
    """

    count: int
    unit: str

    def __post_init__(self) -> None:
        assert self.count > 0 and self.unit in ("second", "month", "weekday", "count"), (self.count, self.unit)

    def __str__(self) -> str:
        name, _, count = self._named
        return f"{count} {name}" + ("s" if count > 1 else "")

    @property
    def setting(self) -> str:
        """As it is given with ``--set step=``."""
        _, short, count = self._named
        return f"{count}{short}"

    @property
    def plural(self) -> str:
        """Many of them, in words: ``days``, or ``steps of 15 minutes``."""
        name, _, count = self._named
        return f"{name}s" if count == 1 or self.unit == "count" else f"steps of {self}"

    @property
    def _named(self) -> tuple[str, str, int]:
        sizes = [(name, short[0], size) for name, short, unit, size in UNITS if unit == self.unit]
        name, short, size = next(named for named in sizes if self.count % named[2] == 0)
        return name, short, self.count // size

    @property
    def of_days(self) -> bool:
        """Whether it is whole days, weeks, months or years, which go by the calendar and not by the clock."""
        return self.unit in ("month", "weekday") or (self.unit == "second" and self.count % 86400 == 0)

    @property
    def seconds(self) -> float:
        """How long it is, a month taken as a twelfth of 365.25 days; 0 for counts."""
        return self.count * {"second": 1.0, "month": 365.25 / 12 * 86400, "weekday": 86400.0, "count": 0.0}[self.unit]

    @classmethod
    def parse(cls, text: str) -> Step:
        """A step as it is given with ``--set step=``; a UsageError that says how for anything else.

        >>> Step.parse("15min"), Step.parse("2 weeks"), Step.parse("1q")
        (Step(count=900, unit='second'), Step(count=1209600, unit='second'), Step(count=3, unit='month'))
        >>> Step.parse("1 huor")
        Traceback (most recent call last):
        ...
        throughtime.errors.UsageError: --set step="1 huor" is no step; did you mean --set step=1h?
        """
        match = re.fullmatch(r"(\d*)\s*([a-z ]*?)", text.strip().lower(), re.ASCII)
        if match and (match[1] or match[2]) and match[2] in NAMED and int(match[1] or 1) > 0:
            unit, size = NAMED[match[2]]
            return cls(int(match[1] or 1) * size, unit)
        number = re.match(r"\d*", text.strip())
        assert number is not None
        if match and match[2] == "m":
            raise UsageError(
                f'--set step="{text}" may be minutes or months; say {match[1] or 1}min or {match[1] or 1}mo'
            )
        near = difflib.get_close_matches(text.strip().lower()[number.end() :].strip(), [n for n in NAMED if n], n=1)
        if near:
            unit, size = NAMED[near[0]]
            mend = f"did you mean --set step={cls(max(int(number[0] or 1), 1) * size, unit).setting}?"
        else:
            such = "15min, 1h, 1d, 1b (business day), 1w, 1mo, 1q, 1y, or 1 for counts"
            mend = f"give a number and a unit: --set step={such}"
        raise UsageError(f'--set step="{text}" is no step; {mend}')

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Step:
        return cls(saved["count"], saved["unit"])
