"""Which column of a table can say when, and which tell several series apart: found by names and values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from throughtime.data.records import Records
from throughtime.data.series.arrays import numbered, of_texts
from throughtime.data.settings import DataSettings
from throughtime.data.times.forms import patterns_of
from throughtime.data.times.stamps import says_when
from throughtime.data.values import commas_for_points, is_missing, is_number
from throughtime.errors import UsageError

SAMPLE = 1_000  # rows by which a column is judged
MOSTLY = 0.9
OFTEN = 0.1  # share of rows at a time that another row has, from which on several series are looked for
MOST_TOGETHER = 6  # columns of which two are tried together
WHEN = ("date", "time", "datetime", "timestamp", "ds", "day", "month", "week", "year", "hour", "period")
COUNTED = ("t", "step", "date", "time", "datetime", "timestamp", "ds", "year", "period")  # may be whole numbers
WHICH = (
    *("series", "id", "unique_id", "item", "store", "shop", "sensor", "station", "symbol", "ticker", "name", "region"),
    *("product", "sku", "customer", "country", "city", "location", "device", "meter", "machine", "unit"),
)
ROW_NUMBERS = ("id", "index", "row", "row_id")


def column_of_times(records: Records, settings: DataSettings) -> str | None:
    """The column that says when; None where there is none. A UsageError where several could.

    Whole numbers are times where the column is named so and they tell the rows apart.
    """
    free = [name for name in records.columns if name not in settings.output]
    found = [name for name in free if holds_times(records.columns[name], settings)]
    if len(found) > 1:
        found = [name for name in found if name not in settings.input] or found
    if len(found) > 1:
        named = [name for name in found if name.lower() in WHEN]
        if len(named) != 1:
            raise UsageError(
                f"{records.source}: the columns {listed(found)} all hold times; say which with --set time={found[0]}"
            )
        return named[0]
    found = found or [name for name in free if _in_several_forms(records.columns[name], settings)]
    if found:
        return found[0]  # in several forms they are refused, with the row, when they are read
    counted = (name for name in free if name.lower() in COUNTED and _whole(records.columns[name], settings))
    return next((name for name in counted if columns_of_names(records, settings, name) is not None), None)


def columns_of_names(records: Records, settings: DataSettings, time: str) -> tuple[str, ...] | None:
    """The columns by which rows of one time differ: none, one or two; None where none tell them all apart.

    >>> from throughtime.data.records import in_memory_records
    >>> rows = {"day": ["2020-01-01", "2020-01-01", "2020-01-02", "2020-01-02"], "shop": [1, 2, 1, 2]}
    >>> columns_of_names(in_memory_records(rows), DataSettings(), "day")
    ('shop',)
    """
    times, count = codes(records.column(time))
    if count == len(records):
        return ()
    if few_twice(records.column(time)):
        return None  # they are a mistake, and no second series
    free = [name for name in records.columns if name not in (time, settings.split, *settings.output)]
    numbers = {name: numeric(records.columns[name], settings) for name in free}
    likely = [
        name for name in free if not numbers[name] or (_may_name(name) and _whole(records.columns[name], settings))
    ]
    likely.sort(key=lambda name: (not _may_name(name), name in settings.input, numbers[name]))
    coded = {}
    for name in likely:
        of, different = codes(records.columns[name])
        if 1 < different <= len(records) // 2:
            coded[name] = (of, different)
            if _all_differ(times * different + of):
                return (name,)
    for one, other in combinations(list(coded)[:MOST_TOGETHER], 2):
        (a, of_a), (b, of_b) = coded[one], coded[other]
        if _all_differ((times * of_a + a) * of_b + b):
            return tuple(name for name in records.columns if name in (one, other))
    return None


def few_twice(times: Sequence[Any]) -> bool:
    """Whether only a few rows are of a time that another row has."""
    return len(times) - codes(times)[1] < OFTEN * len(times)


def codes(values: Sequence[Any]) -> tuple[np.ndarray, int]:
    """Equal values as equal numbers (N,), in the order in which they first stand, and how many there are."""
    different, found = numbered(values if of_texts(values) else list(map(str, values)))
    return found, len(different)


def _all_differ(values: np.ndarray) -> bool:
    return bool((np.diff(np.sort(values)) > 0).all())


def _may_name(name: str) -> bool:
    """Whether a column is called as what names series is, be it by numbers."""
    return name.lower() in WHICH or name.lower().endswith(("_id", "_nbr", "_no", "_number", "_name"))


def numbers_the_rows(name: str, values: Sequence[Any]) -> bool:
    """A column such as the index of a saved data frame, which has no name and is called 1."""
    if name.lower() in ROW_NUMBERS or name.lower().startswith("unnamed"):
        return len(set(map(str, values))) == len(values) > 1
    return name == "1" and [str(value) for value in values] in (
        [str(k + first) for k in range(len(values))] for first in (0, 1)
    )


def holds_times(values: Sequence[Any], settings: DataSettings) -> bool:
    """Whether the values say when, whole numbers left aside."""
    some = present(values[:SAMPLE], settings)
    return bool(some) and says_when(some)


def _in_several_forms(values: Sequence[Any], settings: DataSettings) -> bool:
    some = present(values[:SAMPLE], settings)
    return bool(some) and sum(bool(patterns_of(str(value).strip())) for value in some) > MOSTLY * len(some)


def numeric(values: Sequence[Any], settings: DataSettings) -> bool:
    """Whether most of the values are numbers."""
    return numbers_among(values, settings) >= MOSTLY


def numbers_among(values: Sequence[Any], settings: DataSettings) -> float:
    """The share of numbers among the values that are there; 0 where none is."""
    some = present(values[:SAMPLE], settings) or present(values, settings)
    return sum(map(is_number, some)) / len(some) if some else 0.0


def _whole(values: Sequence[Any], settings: DataSettings) -> bool:
    some = present(values[:SAMPLE], settings)
    return bool(some) and all(is_number(value) and float(value).is_integer() for value in some)


def present(values: Sequence[Any], settings: DataSettings) -> list[Any]:
    """The values that are not missing."""
    return [value for value in values if not is_missing(value, settings.missing)]


def empty(values: Sequence[Any], settings: DataSettings) -> bool:
    """Whether nothing stands there at all."""
    return all(is_missing(value, settings.missing) for value in values)


def listed(names: Sequence[str]) -> str:
    """Some names for a message.

    >>> listed(["a", "b"])
    '"a", "b"'
    """
    return ", ".join(f'"{name}"' for name in names[:8]) + (", ..." if len(names) > 8 else "")


def with_commas(values: Sequence[Any], settings: DataSettings) -> bool:
    """Whether most values are numbers that are written with a decimal comma."""
    some = present(values[:SAMPLE], settings)
    return bool(some) and sum(commas_for_points(str(value)) for value in some) > MOSTLY * len(some)
