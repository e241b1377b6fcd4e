"""When the steps of a series were: numbers and dates that order them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from throughtime.data.records import Records
from throughtime.data.values import is_number, shown
from throughtime.errors import DataError, Place

TIMES = ("time", "t", "timestamp", "date", "datetime", "step", "frame", "time_step", "timestep")


def is_time(name: str) -> bool:
    """Whether a column is named as one that says when a step was."""
    return name.strip().lower() in TIMES


def in_time(records: Records, groups: Sequence[Sequence[int]], time: str | None) -> list[list[int]]:
    """The rows of each series in the order of a column, or as they stand without one.

    Raises UsageError for an unknown column, DataError for what is neither a number nor a date, and for two steps of one
    series at the same time.
    """
    if time is None:
        return [list(steps) for steps in groups]
    values, when = records.column(time), _whens(records, time)
    ordered = []
    for steps in groups:
        found = sorted(steps, key=lambda i: when[i])
        for before, after in pairwise(found):
            if when[before] == when[after]:
                row = records.where(before).row
                problem = f"{shown(values[after])} stands in row {row} of the same series already"
                raise DataError(
                    problem, place=records.where(after, time), mend="give each step a time of its own, or remove one"
                )
        ordered.append(found)
    return ordered


def out_of_order(records: Records, groups: Sequence[Sequence[int]]) -> str | None:
    """A column named as one of times by which some series does not run on, and no two of its steps are of one time.

    >>> from throughtime.data.records import in_memory_records
    >>> table = in_memory_records({"t": [1, 3, 2], "x": [5, 6, 7]})
    >>> out_of_order(table, [[0, 1, 2]]), out_of_order(table, [[0, 1], [2]])
    ('t', None)
    """
    for name in filter(is_time, records.columns):
        try:
            when = _whens(records, name)
        except DataError:
            continue
        runs = [[when[i] for i in steps] for steps in groups]
        if all(len(set(run)) == len(run) for run in runs) and any(sorted(run) != run for run in runs):
            return name
    return None


def _whens(records: Records, time: str) -> list[float]:
    """The numbers of a column, or the seconds of its dates; DataError for what is neither."""
    values = records.column(time)
    numbers = all(is_number(value) for value in values)
    return [float(v) if numbers else moment(v, records.where(i, time)) for i, v in enumerate(values)]


def moment(value: Any, place: Place) -> float:
    """Seconds since 1970 of a date that is written year first, and may have a time of day.

    >>> moment("1970-01-02", Place()), moment("1970/01/01 00:01", Place())
    (86400.0, 60.0)
    """
    text = str(value).strip()
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        problem = f"{shown('' if value is None else value)} is neither a number nor a date"
        raise DataError(
            problem, place=place, mend="write dates year first, as in 2024-01-31 or 2024-01-31 12:30:05"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
