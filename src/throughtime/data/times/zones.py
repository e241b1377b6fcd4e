"""Time zones over whole arrays: seconds east of UTC at many moments at once, and local times back to UTC."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from throughtime.errors import UsageError

OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")
UTC_NAMES = ("UTC", "Z", "GMT", "Etc/UTC", "Etc/GMT")
DAY = 86400


def known_zone(zone: str) -> str:
    """The zone as it is kept: an IANA name, or an offset such as ``+02:00``; a UsageError for anything else.

    >>> known_zone("UTC"), known_zone("+0530"), known_zone("Europe/Berlin")
    ('+00:00', '+05:30', 'Europe/Berlin')
    >>> known_zone("Berlin")
    Traceback (most recent call last):
    ...
    throughtime.errors.UsageError: unknown zone "Berlin"; did you mean --set zone=Europe/Berlin?
    """
    if zone in UTC_NAMES:
        return "+00:00"
    offset = OFFSET.fullmatch(zone)
    if offset and int(offset[2]) < 24 and int(offset[3] or 0) < 60:
        return f"{offset[1]}{offset[2]}:{offset[3] or '00'}"
    names = available_timezones()
    if zone in names:
        return zone
    if not names:
        raise UsageError(
            f'zone "{zone}": this machine knows no time zones; pip install tzdata, or give an offset as +02:00'
        )
    near = _nearest(zone, names)
    mend = f"did you mean --set zone={near}?" if near else "give a name such as Europe/Berlin or an offset as +02:00"
    raise UsageError(f'unknown zone "{zone}"; {mend}')


def _nearest(zone: str, names: set[str]) -> str | None:
    """The name, or the town of a name, that is spelt most like the one asked for."""
    spellings: dict[str, str] = {}
    for name in sorted(names, key=lambda name: ("/" not in name, name.startswith("Etc/"), len(name), name)):
        for spelling in (name, name.rpartition("/")[2]):
            spellings.setdefault(spelling.lower().replace("_", " "), name)
    near = difflib.get_close_matches(zone.strip().lower().replace("_", " "), spellings, n=1, cutoff=0.7)
    return spellings[near[0]] if near else None


def offset_in_words(seconds: int) -> str:
    """Seconds east of UTC as they are written.

    >>> offset_in_words(7200), offset_in_words(-12600)
    ('+02:00', '-03:30')
    """
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


def is_offset(zone: str | None) -> bool:
    """Whether a zone is the same number of seconds from UTC all the time."""
    return zone is not None and OFFSET.fullmatch(zone) is not None


def _fixed(zone: str) -> int:
    match = OFFSET.fullmatch(zone)
    assert match is not None, zone
    seconds = 3600 * int(match[2]) + 60 * int(match[3] or 0)
    return -seconds if match[1] == "-" else seconds


def offsets_at(zone: str | None, moments: np.ndarray) -> np.ndarray:
    """Seconds east of UTC (N,) int64 at moments (N,) in UTC; zeros where there is no zone.

    >>> offsets_at("Europe/Berlin", np.array([1467331200, 1483228800])) // 3600
    array([2, 1])
    """
    moments = np.asarray(moments, dtype=np.int64)
    if zone is None or not moments.size:
        return np.zeros_like(moments)
    if is_offset(zone):
        return np.full_like(moments, _fixed(zone))
    changes, offsets = _changes_around(zone, moments)
    return offsets[np.searchsorted(changes, moments, side="right")]


def to_local(zone: str | None, moments: np.ndarray) -> np.ndarray:
    """What clocks and calendars of the zone show, as seconds since 1970-01-01."""
    return np.asarray(moments, dtype=np.int64) + offsets_at(zone, moments)


def to_utc(zone: str | None, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The moments (N,) at which clocks show the local times (N,): for the first time, and for the second time.

    They are the same but for an hour that clocks show twice (then the second is later) or never (then it is earlier).
    """
    local = np.asarray(local, dtype=np.int64)
    if zone is None or is_offset(zone) or not local.size:
        moments = local - offsets_at(zone, local)
        return moments, moments
    changes, offsets = _changes_around(zone, local)
    before, after = offsets[:-1], offsets[1:]
    first = offsets[np.searchsorted(changes + np.maximum(before, after), local, side="right")]
    second = offsets[np.searchsorted(changes + np.minimum(before, after), local, side="right")]
    return local - first, local - second


def _changes_around(zone: str, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    decade = 10 * 365 * DAY
    return _changes(zone, int(moments.min() - DAY) // decade, int(moments.max() + DAY) // decade + 1)


@lru_cache(maxsize=64)
def _changes(zone: str, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """When clocks were changed (M,), and seconds east of UTC before, between and after (M + 1,); in units of ten years.

    The standard library keeps its table of changes to itself. It is asked once a day; where two answers differ, the
    second of the change is found by halving.
    """
    rules = ZoneInfo(zone)
    days = range(begin * 3650, end * 3650 + 1)
    asked = [(day * DAY, _offset(rules, day * DAY)) for day in days]
    changes: list[int] = []
    offsets = [asked[0][1]]
    for (early, before), (late, after) in pairwise(asked):
        if before == after:
            continue
        while late - early > 1:
            middle = (early + late) // 2
            early, late = (middle, late) if _offset(rules, middle) == before else (early, middle)
        changes.append(late)
        offsets.append(after)
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = -62135510400, 253402214400  # within the years 1 to 9999 in every zone


def _offset(rules: ZoneInfo, moment: int) -> int:
    moment = min(max(moment, FIRST), LAST)
    offset = (EPOCH + timedelta(seconds=moment)).astimezone(rules).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())
