"""How a column writes its times, so that answers are written in the user's own form."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from throughtime.data.times.pattern import directives, written
from throughtime.data.times.plain import EPOCHS
from throughtime.data.times.zones import DAY, is_offset, offsets_at


@dataclass(frozen=True)
class Style:
    """How a column writes its times.

    ``pattern`` is the one form of the whole column (see ``pattern``); ``%s``, ``%3s``, ``%6s`` and ``%9s`` are seconds,
    milliseconds, microseconds and nanoseconds since 1970-01-01. ``zone``: an IANA name, an offset such as ``+02:00``,
    or None: as written. ``counts``: plain whole numbers that count steps, no dates.

    >>> Style("%d.%m.%Y %H:%M", "Europe/Berlin").write(1467331200)
    '01.07.2016 02:00'
    >>> Style.from_json(Style("%i", counts=True).to_json()).write(7)
    '7'
    """

    pattern: str
    zone: str | None = None
    counts: bool = False

    def write(self, moment: int) -> str:
        """A moment in the user's own form."""
        if self.counts:
            return str(moment)
        if self.pattern in EPOCHS:
            return str(moment * EPOCHS[self.pattern])
        offset = int(offsets_at(self.zone, np.array([moment]))[0])
        return written(self.pattern, moment + offset, offset)

    @property
    def finest(self) -> int:
        """The seconds below which this form cannot tell two times apart; 1 for counts."""
        letters = {part[-1] for part in directives(self.pattern) if len(part) > 1}
        named = (("Ss", 1), ("M", 60), ("HI", 3600), ("du", DAY), ("V", 7 * DAY), ("mbB", 28 * DAY), ("q", 90 * DAY))
        if self.counts:
            return 1
        return next((seconds for letter, seconds in named if letters & set(letter)), 365 * DAY)

    @property
    def of_clocks(self) -> bool:
        """Whether it says what clocks of a place show, and no offset from UTC, while that changes over the year."""
        says_offset = any(part[-1] in "zZ" for part in directives(self.pattern) if len(part) > 1)
        return self.zone is not None and not is_offset(self.zone) and not says_offset and self.pattern not in EPOCHS

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Style:
        return cls(saved["pattern"], saved["zone"], saved["counts"])
