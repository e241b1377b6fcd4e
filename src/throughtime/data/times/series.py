"""The rows of each series in the order of time: what may be turned round, what may be sorted, what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from throughtime.data.times.plain import FRACTIONS
from throughtime.data.times.stamps import Times
from throughtime.data.times.zones import DAY
from throughtime.errors import DataError, Place

Where = Callable[[int], Place]


@dataclass(frozen=True)
class Series:
    """The rows of one series in the order of time, (n,) each; ``moments`` never fall."""

    name: str
    rows: np.ndarray
    moments: np.ndarray


def in_order_of_time(
    times: Times, series: Mapping[str, np.ndarray], where: Where, within: str
) -> tuple[list[Series], tuple[str, ...]]:
    """Each series in the order of time, and what there is to say about it.

    Series that run backwards are turned round. Other disorder is refused, unless it is said how rows become one.

    >>> from throughtime.data.times.style import Style
    >>> times = Times(np.array([3, 2, 1]), Style("%i", counts=True))
    >>> in_order_of_time(times, {"": np.arange(3)}, lambda i: Place("a.csv", i + 2), "refuse")[1]
    ('the rows run from the last time to the first, and are turned round',)
    """
    found, turned, ordered = [], [], []
    for name, rows in series.items():
        assert len(rows), f"series {name} has no row"
        rows = np.asarray(rows, dtype=np.int64)
        moments = times.moments[rows]
        ways = np.diff(moments)
        if (ways < 0).any():
            if (ways <= 0).all():
                rows, moments = rows[::-1], moments[::-1]
                turned.append(name)
            elif within == "refuse":
                raise _disorder(times, rows, int(np.argmax(ways < 0)) + 1, where, name if len(series) > 1 else None)
            else:
                order = np.argsort(moments, kind="stable")
                rows, moments = rows[order], moments[order]
                ordered.append(name)
        if within == "refuse" and (np.diff(moments) == 0).any():
            name_of = name if len(series) > 1 else None
            raise _twice(times, rows, int(np.argmax(np.diff(moments) == 0)) + 1, where, name_of)
        found.append(Series(name, rows, moments))
    notes = []
    for names, what in ((turned, "run from the last time to the first, and are turned round"), (ordered, SORTED)):
        if names:
            notes.append(f"the rows {_of(names, len(series))}{what}")
    return found, tuple(notes)


APART = ", or say --set series=COLUMN if a column tells several series apart"
SORTED = "are not in the order of time, and are sorted"


def _of(names: list[str], of: int) -> str:
    if of == 1:
        return ""
    return f"of series {names[0]} " if len(names) == 1 else f"of {len(names):,} of {of:,} series "


def _disorder(times: Times, rows: np.ndarray, k: int, where: Where, series: str | None) -> DataError:
    this, before = times.style.write(int(times.moments[rows[k]])), times.style.write(int(times.moments[rows[k - 1]]))
    mend = f"sort the rows by time{APART if series is None else ''}{_clocks(times, rows[k])}"
    found = f'"{this}" stands after "{before}" of {row_in_words(where, rows[k - 1])}{_in(series)}'
    return DataError(f"{found}; rows must be in the order of time", place=where(int(rows[k])), mend=mend)


def _twice(times: Times, rows: np.ndarray, k: int, where: Where, series: str | None) -> DataError:
    first, second = sorted((int(rows[k - 1]), int(rows[k])))
    stamp = times.style.write(int(times.moments[second]))
    cut = f" ({FRACTIONS})" if FRACTIONS in times.notes else ""
    become = "or say how rows of one time become one, as --set within=mean (or sum, first, last)"
    mend = f"remove one{APART if series is None else ''}, {become}{_clocks(times, rows[k])}"
    return DataError(
        f'"{stamp}" stands in {row_in_words(where, first)} already{_in(series)}{cut}', place=where(second), mend=mend
    )


def _in(series: str | None) -> str:
    return "" if series is None else f', in series "{series}"'


def _clocks(times: Times, row: int) -> str:
    """A hint at daylight saving, where an hour may have come twice: on a Sunday between midnight and four o'clock."""
    local = int(times.moments[row])
    if times.style.zone is None and times.style.finest < DAY and local // DAY % 7 == 3 and local % DAY < 4 * 3600:
        return ", or --set zone=Europe/Berlin (or where it is) if clocks were put back then"
    return ""


def row_in_words(where: Where, row: int) -> str:
    """The row of another place in a message.

    >>> row_in_words(lambda i: Place("a.csv", i + 2), 3)
    'row 5'
    """
    place = where(int(row))
    return f"row {row + 1}" if place.row is None else f"row {place.row}"
