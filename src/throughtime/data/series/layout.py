"""Which columns of a table say when, of which series, what to forecast, and what goes along with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.data.files.sniffing import USUAL_OUTPUTS
from throughtime.data.records import Records
from throughtime.data.series.roles import (
    SAMPLE,
    codes,
    column_of_times,
    columns_of_names,
    empty,
    few_twice,
    holds_times,
    listed,
    numbers_among,
    numbers_the_rows,
    numeric,
    present,
    with_commas,
)
from throughtime.data.settings import DataSettings
from throughtime.data.values import commas_for_points, is_missing, is_number, number, shown
from throughtime.errors import DataError, UsageError

CLASSES = tuple(name for name in USUAL_OUTPUTS if name not in ("y", "target", "output"))  # learnt for each row
FEW_CLASSES = 30


@dataclass(frozen=True)
class Layout:
    """``time`` is None where rows follow each other at equal distances; ``series`` name together which series a row
    belongs to; of several ``targets`` each is a series by itself. ``known`` are those of the inputs that are known
    ahead, ``past`` the others.
    """

    time: str | None
    series: tuple[str, ...]
    targets: tuple[str, ...]
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All that are read, each once."""
        return (*((self.time,) if self.time else ()), *self.series, *self.targets, *self.past, *self.known)


def looks_like_series(records: Records, settings: DataSettings) -> bool:
    """Whether a table holds series to be forecast: a column of times, one of numbers, and nothing else but names.

    Not where times are to be learnt or learnt from, where rows of one time cannot be told apart, and where a column is
    called as classes are and holds some.

    >>> from throughtime.data.records import in_memory_records
    >>> days = in_memory_records({"day": ["2020-01-01", "2020-01-02", "2020-01-03"], "sales": [3, 5, 4]})
    >>> looks_like_series(days, DataSettings()), looks_like_series(days, DataSettings(output=("day",)))
    (True, False)
    """
    if len(records) < 3 or records.roles or records.kinds or records.split is not None:
        return False
    if settings.kinds or settings.group is not None or settings.label_separator is not None:
        return False
    if any(isinstance(value, (list, tuple)) for values in records.columns.values() for value in values[:SAMPLE]):
        return False
    try:
        time = settings.time or column_of_times(records, settings)
    except UsageError:
        return False
    if time not in records.columns or time in settings.input or not holds_times(records.columns[time], settings):
        return False
    series = columns_of_names(records, settings, time) if settings.series is None else _named(settings.series)
    if series is None and (len(records.columns) > 2 or not few_twice(records.columns[time])):
        return False
    series = series or ()  # of one column beside the times, a row too many is refused where it is put on the grid
    rest = {name: values for name, values in records.columns.items() if name not in (time, *series)}
    numbers = [name for name, values in rest.items() if numeric(values, settings) or with_commas(values, settings)]
    if any(name not in numbers for name in settings.output) or not numbers:
        return False
    if any(_asks_for_a_class(records, name, series, settings) for name in settings.output or rest):
        return False
    names = [values for name, values in rest.items() if name not in numbers and not holds_times(values, settings)]
    return all(_repeats(values) for values in names)


def layout_of(records: Records, settings: DataSettings, known: Sequence[str]) -> tuple[Layout, list[str]]:
    """The columns as they are named, and what is not named as far as the values tell; and that in sentences.

    Raises UsageError for columns that are not there or are named twice, and where nothing can be forecast, DataError
    for columns to be forecast that hold no numbers.
    """
    for option, names in (("--output", settings.output), ("--input", settings.input), ("--set known", known)):
        for k, name in enumerate(names):
            records.column(name)
            if name in names[:k]:
                raise UsageError(f'{option}: "{name}" is named twice; name each column once')
    time = column_of_times(records, settings) if settings.time is None else settings.time
    if time is not None:
        records.column(time)
    series, told = _series(records, settings, time)
    targets = _targets(records, settings, time, series)
    taken = {time, *series, *targets}
    inputs = _inputs(settings, targets, time, series)
    for name in known:
        if name in taken:
            raise UsageError(f'--set known={name}: "{name}" is {_role(name, time, series)}; leave it out')
    for name in (*inputs, *known):
        if empty(records.column(name), settings):
            raise UsageError(f'{records.source}: "{name}" holds no value at all; leave it out of what is read')
    past = tuple(name for name in inputs if name not in known)
    aside = [name for name in records.columns if name not in (*taken, *past, *known, settings.split)]
    layout = Layout(time, series, targets, past, tuple(known))
    when = f'times from "{time}"' if time else "no column of times: each row is the next step"
    several = "; --output names one of them" if len(targets) > 1 and not settings.output else ""
    notes = [f"forecasting {listed(targets)}; {when}{told}{several}"]
    if past:
        notes.append(f"read beside it, known as far as it is: {listed(past)}")
    if known:
        notes.append(f"read beside it, known ahead: {listed(known)}")
    if aside:
        notes.append(f"left aside: {listed(aside)}; name with --input what shall be read")
    return layout, notes


def _series(records: Records, settings: DataSettings, time: str | None) -> tuple[tuple[str, ...], str]:
    """The columns that tell series apart, and how that is said."""
    if settings.series is not None:
        names = _named(settings.series)
        for name in names:
            records.column(name)
            if name == time:
                raise UsageError(f'--set series={settings.series}: "{name}" is what says when; name another column')
        if not names:
            raise UsageError("--set series: it names no column; give one, or several with commas between")
        return names, f"; a series for each {_each(names)}"
    found = None if time is None else columns_of_names(records, settings, time)
    if not found:
        return (), ""  # which rows say the same time twice is said where they are put on the grid
    return found, f"; a series for each {_each(found)}, because times repeat from one to the other"


def _named(series: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in series.split(",") if name.strip()))


def _each(names: Sequence[str]) -> str:
    return " and ".join(f'"{name}"' for name in names)


def _targets(records: Records, settings: DataSettings, time: str | None, series: tuple[str, ...]) -> tuple[str, ...]:
    free = {
        name: values
        for name, values in records.columns.items()
        if name not in (time, *series, *settings.input, settings.split) and not numbers_the_rows(name, values)
    }
    found = tuple(name for name, values in free.items() if numeric(values, settings))
    found = found or tuple(name for name, values in free.items() if with_commas(values, settings))  # to be refused
    targets = settings.output or tuple(name for name in found if not _yes_or_no(free[name], settings)) or found
    for name in targets:
        values = records.column(name)
        if name in (time, *series) or holds_times(values, settings):
            role = "of which series" if name in series else "when"
            raise UsageError(f"--output {name}: the column says {role}; name one that holds numbers")
        if empty(values, settings):
            raise UsageError(f'{records.source}: "{name}" holds no value at all; there is nothing to forecast')
        if numbers_among(values, settings) < 0.5:
            row = next(
                i for i, value in enumerate(values) if not is_missing(value, settings.missing) and not is_number(value)
            )
            if commas_for_points(str(values[row])):
                number(values[row], records.where(row, name))  # says how it is written
            raise DataError(
                f"{shown(values[row])} is no number, as most values of the column are none",
                place=records.where(row, name),
                mend="name a column of numbers with --output, or another task with --task",
            )
    if not targets:
        raise UsageError(
            f"{records.source}: no column of numbers is left to forecast; name one with --output, or another --task"
        )
    return tuple(targets)


def _yes_or_no(values: Sequence[Any], settings: DataSettings) -> bool:
    """A column of 0 and 1, which marks days and is seldom what is to be forecast."""
    return {float(value) for value in present(values[:SAMPLE], settings) if is_number(value)} <= {0.0, 1.0}


def _inputs(
    settings: DataSettings, targets: tuple[str, ...], time: str | None, series: tuple[str, ...]
) -> tuple[str, ...]:
    for name in settings.input:
        if name in (*targets, time, *series):
            raise UsageError(f'--input {name}: "{name}" is {_role(name, time, series)}, and read already; leave it out')
    return settings.input


def _role(name: str, time: str | None, series: tuple[str, ...]) -> str:
    if name == time:
        return "what says when"
    return "what names the series" if name in series else "forecast itself"


def _asks_for_a_class(records: Records, name: str, series: tuple[str, ...], settings: DataSettings) -> bool:
    """Whether a column is called as classes are, and holds some that change within a series."""
    if name.lower() not in CLASSES:
        return False
    values = records.columns[name]
    of, count = codes(values)
    if not 1 < count <= FEW_CLASSES or any(is_number(v) and not float(v).is_integer() for v in values[:SAMPLE]):
        return False
    which, _ = (
        codes(list(zip(*(map(str, records.columns[column]) for column in series), strict=True)))
        if series
        else codes([""] * len(values))
    )
    return len(np.unique(which * count + of)) > int(which.max()) + 1


def _repeats(values: Sequence[Any]) -> bool:
    return len(set(map(str, values[:SAMPLE]))) <= max(1, min(len(values), SAMPLE) // 2)
