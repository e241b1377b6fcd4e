"""What clocks of a place show, to moments: offsets that change over the year, hours shown twice or never."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from throughtime.data.times.style import Style
from throughtime.data.times.zones import DAY, offset_in_words, to_utc
from throughtime.data.values import shown
from throughtime.errors import DataError, Place

Where = Callable[[int], Place]


def one_zone(offsets: np.ndarray, where: Where, texts: Sequence[str]) -> tuple[str, ...]:
    """What to say about several offsets; a DataError if they are not the summer and winter of one zone."""
    known, first = np.unique(offsets, return_index=True)
    if len(known) == 1:
        return ()
    if len(known) > 2 or known[1] - known[0] > 3600:
        seen = sorted(first.tolist())
        wrong = next(i for i in seen[1:] if abs(offsets[i] - offsets[0]) > 3600 or i == seen[-1])
        raise DataError(
            f"{shown(texts[wrong])} has another offset from UTC than {shown(texts[0])}, which is no daylight saving",
            place=where(wrong),
            mend="say in which zone all are meant, as --set zone=Europe/Berlin",
        )
    names = " and ".join(offset_in_words(int(offset)) for offset in known)
    last = offset_in_words(int(offsets[-1]))
    return (
        f"the times have the offsets {names}, as with daylight saving; they are written with {last}, unless the zone "
        "is given, as --set zone=Europe/Berlin",
    )


def localised(
    local: np.ndarray, style: Style, texts: Sequence[str], where: Where
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Local times of a zone to UTC; an hour that clocks show twice is told apart by the order of the rows."""
    first, second = to_utc(style.zone, local)
    never = (second < first) & (style.finest < DAY)  # a day may begin an hour late
    if never.any():
        i = int(np.argmax(never))
        raise DataError(
            f"{shown(texts[i])} does not exist in {style.zone}: clocks were put forward over it",
            place=where(i),
            mend="fix the row, or leave out --set zone if the clocks of this data are never changed",
        )
    twice = np.flatnonzero((second > first) & (style.finest < DAY))
    if not twice.size:
        return first, ()
    later, single = _second_time(local, twice)
    moments = first.copy()
    moments[later] = second[later]
    place = f"in an hour that the clocks of {style.zone} show twice"
    notes = [f"{place}, rows are told apart by their order, first {shown(texts[twice[0]])}"]
    if single:
        stand = "1 time stands" if single == 1 else f"{single:,} times stand"
        notes.append(f"{stand} {place} but once in the rows: the first of the two is taken")
    return moments, tuple(notes)


def _second_time(local: np.ndarray, twice: np.ndarray) -> tuple[np.ndarray, int]:
    """The rows that stand for the second time in an hour shown twice, and how many stand there only once.

    Rows one after the other in such an hour belong together. Among them each time comes as often before as after the
    clocks are put back, be it once in a series or once in each of several. Where times run backwards, so does this.
    """
    breaks = np.flatnonzero(np.diff(twice) > 1) + 1
    later: list[int] = []
    single = 0
    for rows in np.split(twice, breaks):
        before, after = max(int(rows[0]) - 1, 0), min(int(rows[-1]) + 1, len(local) - 1)
        falling = bool(local[before] > local[after])
        of_time: dict[int, list[int]] = {}
        for row in rows.tolist():
            of_time.setdefault(int(local[row]), []).append(row)
        for same in of_time.values():
            ordered = same[::-1] if falling else same
            half = (len(ordered) + 1) // 2
            later += ordered[half:]
            single += len(ordered) % 2
    return np.array(later, dtype=np.int64), single
