"""Rows that are the steps of series, gathered into a row a series: its channels, and what holds for all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from throughtime.data.channels import Columns, sorted_columns
from throughtime.data.files import read
from throughtime.data.held_out import held_out_columns
from throughtime.data.moments import in_time, out_of_order
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, is_empty, number
from throughtime.errors import DataError, UsageError

ALONE = "series"  # names the one series of a table that is one


@dataclass(frozen=True)
class Layout:
    """What was gathered elsewhere, to be gathered here alike: channels by column, and columns with a value a step."""

    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, records: Records) -> Layout | None:
        """That of records that were gathered; None of all others."""
        if not records.channels:
            return None
        lists = {name for name, values in records.columns.items() if any(isinstance(one, list) for one in values)}
        return cls(records.channels, tuple(sorted(lists - set(records.channels))))

    def holds(self, records: Records) -> bool:
        """Whether these records are gathered so already."""
        return all(
            any(isinstance(value, (list, tuple)) for value in records.columns.get(column, ()))
            for column in self.channels
        )


def read_rows(source: Any, settings: DataSettings, like: Layout | None = None) -> Records:
    """What :func:`read` gives, its steps gathered into series where the settings or the material say so."""
    return gathered(read(source, settings), settings, like)


def gathered(records: Records, settings: DataSettings, like: Layout | None = None) -> Records:
    """A row for each series: a list of its steps in the columns that change within it, else the value they share.

    ``settings.series`` names the column that says which series a row is a step of, else the material does; where
    neither does, the records come back as they are, or, with ``like``, as one series. Columns of numbers that change
    are channels: one keeps its name, several become one column ``channels``. Steps stand in the order of the rows, or
    of ``settings.time``, or of a column that is named as one that says when, where some stand out of its order.

    Raises UsageError for a column that is not there or settings that say nothing here, DataError, with the line, for a
    cell that is no number, a row of no series, two steps at one time, and a split that changes within a series.

    >>> from throughtime.data.records import in_memory_records
    >>> table = {"who": ["a", "a", "b"], "x": [1, 2, 3], "y": ["4", "5", "7"], "label": ["in", "in", "out"]}
    >>> found = gathered(in_memory_records(table), DataSettings(series="who"))
    >>> found.columns
    {'who': ['a', 'b'], 'label': ['in', 'out'], 'channels': [[[1.0, 4.0], [2.0, 5.0]], [[3.0, 7.0]]]}
    """
    series = settings.series or records.series
    if like is not None and (like.holds(records) or not _has_channels(records, like)):
        return records
    if like is not None and series not in records.columns:
        series = series or ALONE
        records = replace(records, columns={**records.columns, series: [records.source] * len(records)})
    if series is None:
        if settings.time is not None:
            told = "it orders the steps of a series, and none is named; add --set series=COLUMN, or leave it out"
            raise UsageError(f"--set time={settings.time}: {told}")
        return records
    groups = _groups(records, series)
    time = settings.time or out_of_order(records, groups)
    if settings.time is None and time is not None:
        records = records.noting(f'the steps of some series are not in the order of "{time}", and are put into it')
    groups = in_time(records, groups, time)
    if like is None and all(len(steps) == 1 for steps in groups) and len(groups) > 1:
        told = "every row has a value of its own, so that no series has two steps; name the column whose values repeat"
        raise UsageError(f"--set series={series}: {told}")
    changing = [name for name in records.columns if name != series and _changes(records.columns[name], groups)]
    _require_constant(records, groups, changing, settings)
    columns = _known(records, changing, like) if like else sorted_columns(records, series, changing, settings)
    return _joined(records, series, groups, columns, settings)


def _has_channels(records: Records, like: Layout) -> bool:
    """Whether all channels are there; a UsageError where only some are."""
    names = [name for names in like.channels.values() for name in names]
    if not any(name in records.columns for name in names):
        return False
    for name in names:
        records.column(name)
    return True


def _known(records: Records, changing: Sequence[str], like: Layout) -> Columns:
    steps = tuple(name for name in like.steps if name in records.columns)
    named = {*steps, *(name for names in like.channels.values() for name in names)}
    return Columns(dict(like.channels), steps, tuple(name for name in changing if name not in named))


def _groups(records: Records, series: str) -> list[list[int]]:
    """The rows of each series, in the order in which series begin; of each split by themselves."""
    found: dict[tuple[str, str], list[int]] = {}
    split = records.split or [""] * len(records)
    for i, (value, part) in enumerate(zip(records.column(series), split, strict=True)):
        if is_empty(value):
            problem = "the row does not say which series it belongs to"
            raise DataError(problem, place=records.where(i, series), mend="fill it in, or remove the row")
        found.setdefault((part, class_name(value)), []).append(i)
    return list(found.values())


def _changes(values: Sequence[Any], groups: Sequence[Sequence[int]]) -> bool:
    return any(_first_change(values, steps) is not None for steps in groups)


def _first_change(values: Sequence[Any], steps: Sequence[int]) -> int | None:
    first = values[steps[0]]
    same = (i for i in steps if values[i] != first and class_name(values[i]) != class_name(first))
    return next(same, None)


def _require_constant(
    records: Records, groups: Sequence[Sequence[int]], changing: Sequence[str], settings: DataSettings
) -> None:
    """Raise a DataError where what parts the rows changes within a series, which stands in one split as a whole."""
    for name in (settings.split, settings.group, *held_out_columns(settings)):
        if name is not None and name in changing:
            values = records.columns[name]
            steps, i = next((g, i) for g in groups if (i := _first_change(values, g)) is not None)
            problem = f'"{values[i]}", but "{values[steps[0]]}" in row {records.where(steps[0]).row} of the same series'
            raise DataError(
                problem,
                place=records.where(i, name),
                mend="one series stands in one split: give all its rows one value",
            )


def _joined(
    records: Records, series: str, groups: Sequence[Sequence[int]], columns: Columns, settings: DataSettings
) -> Records:
    """The records of whole series."""
    channels = columns.channels
    inside = {name for names in channels.values() for name in names}
    aside = {*inside, *columns.steps, *columns.aside}
    whole = {
        name: [values[steps[0]] for steps in groups]
        for name, values in records.columns.items()
        if name not in aside and name not in channels
    }
    parts = {
        name: [number(v, records.where(i, name), settings.missing) for i, v in enumerate(records.columns[name])]
        for name in dict.fromkeys(name for names in channels.values() for name in names)
    }
    joined: dict[str, list[Any]] = {
        column: [
            [parts[names[0]][i] if len(names) == 1 else [parts[name][i] for name in names] for i in steps]
            for steps in groups
        ]
        for column, names in channels.items()
    }
    answered = {name: [[records.columns[name][i] for i in steps] for steps in groups] for name in columns.steps}
    places, firsts = records.places, [min(steps) for steps in groups]
    lines = [[places.rows[i] or 0 for i in steps] for steps in groups]
    lengths = [len(steps) for steps in groups]
    of_each = "1 step" if max(lengths) == 1 else f"{min(lengths):,} to {max(lengths):,} steps"
    listed = ", ".join(name for names in channels.values() for name in names)
    note = f'{len(records):,} rows are the steps of {len(groups):,} series by "{series}", {of_each} each'
    return Records(
        {**whole, **joined, **answered},
        records.source,
        replace(places.select(firsts), lines=lines),
        (*records.notes, note + (f"; channels: {listed}" if listed else ""), *columns.notes),
        {**records.roles, **dict.fromkeys(joined, "input"), **columns.roles},
        None if records.split is None else [records.split[i] for i in firsts],
        {name: kind for name, kind in records.kinds.items() if name in {*whole, *joined, *answered}},
        records.group,
        task=records.task,
        series=series,
        channels=channels,
    )
