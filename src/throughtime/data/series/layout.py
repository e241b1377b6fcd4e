"""Which columns of a table say when, of which series, what to forecast, and what goes along with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.times.stamps import says_when
from throughtime.data.values import is_missing, is_number
from throughtime.errors import UsageError

SAMPLE = 1_000  # rows by which a column is judged
MOSTLY = 0.9
WHEN = ("date", "time", "datetime", "timestamp", "ds", "day", "month", "week", "year", "hour", "period")
WHICH = ("series", "id", "unique_id", "item", "store", "sensor", "station", "symbol", "ticker", "name", "region")


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

    >>> from throughtime.data.records import in_memory_records
    >>> days = in_memory_records({"day": ["2020-01-01", "2020-01-02", "2020-01-03"], "sales": [3, 5, 4]})
    >>> looks_like_series(days, DataSettings()), looks_like_series(days, DataSettings(output=("day",)))
    (True, False)
    """
    if len(records) < 3 or records.roles or records.kinds or records.split is not None or settings.label_separator:
        return False
    if any(isinstance(value, (list, tuple)) for values in records.columns.values() for value in values[:SAMPLE]):
        return False
    times = [name for name, values in records.columns.items() if _says_when(name, values, settings)]
    rest = [name for name in records.columns if name not in times and _present(records.columns[name], settings)]
    numbers = [name for name in rest if _numeric(records.columns[name], settings)]
    names = [name for name in rest if name not in numbers]
    wanted = settings.output or numbers
    if len(times) != 1 or not wanted or any(name not in numbers for name in wanted):
        return False
    repeated = all(_repeats(records.columns[name]) for name in names)
    rows = [tuple(str(records.columns[name][i]) for name in (*times, *names)) for i in range(min(len(records), SAMPLE))]
    return repeated and len(set(rows)) == len(rows)


def layout_of(records: Records, settings: DataSettings, known: Sequence[str]) -> tuple[Layout, list[str]]:
    """The columns as they are named, and what is not named as far as the values tell; and that in sentences.

    Raises UsageError for columns that are not there or hold something else, and where nothing can be forecast.
    """
    for name in (*settings.output, *settings.input, *known):
        records.column(name)
    time = _time(records, settings)
    series, told = _series(records, settings, time)
    taken = {time, *series}
    targets = _targets(records, settings, taken)
    taken |= set(targets)
    inputs = _inputs(settings, targets, time, series)
    for name in known:
        if name in taken:
            raise UsageError(f'--set known={name}: "{name}" is {_role(name, time, series)}; leave it out')
    past = tuple(name for name in inputs if name not in known)
    aside = [name for name in records.columns if name not in taken and name not in past and name not in known]
    layout = Layout(time, series, targets, past, tuple(known))
    when = f'times from "{time}"' if time else "no column of times: each row is the next step"
    notes = [f"forecasting {_listed(targets)}; {when}{told}"]
    if past:
        notes.append(f"read beside it, known as far as it is: {_listed(past)}")
    if known:
        notes.append(f"read beside it, known ahead: {_listed(known)}")
    if aside:
        notes.append(f"left aside: {_listed(aside)}; name with --input what shall be read")
    return layout, notes


def _time(records: Records, settings: DataSettings) -> str | None:
    if settings.time is not None:
        records.column(settings.time)
        return settings.time
    free = [name for name in records.columns if name not in (*settings.output, *settings.input)]
    found = [name for name in free if _says_when(name, records.columns[name], settings)]
    if len(found) > 1:
        named = [name for name in found if name.lower() in WHEN]
        if len(named) != 1:
            raise UsageError(
                f"{records.source}: the columns {_listed(found)} all hold times; say which with --set time={found[0]}"
            )
        return named[0]
    return found[0] if found else None


def _series(records: Records, settings: DataSettings, time: str | None) -> tuple[tuple[str, ...], str]:
    """The columns that tell series apart, and how that is said."""
    if settings.series is not None:
        names = tuple(name.strip() for name in settings.series.split(",") if name.strip())
        for name in names:
            records.column(name)
        return names, f"; a series for each {' and '.join(_quoted(names))}"
    if time is None or len(set(map(str, records.column(time)))) == len(records):
        return (), ""
    free = [name for name in records.columns if name not in (time, *settings.output, *settings.input)]
    for name in sorted(free, key=lambda name: (_numeric(records.columns[name], settings), name.lower() not in WHICH)):
        values = records.columns[name]
        likely = name.lower() in WHICH or not _numeric(values, settings)
        if likely and len(set(zip(map(str, records.column(time)), map(str, values), strict=True))) == len(records):
            return (name,), f'; a series for each "{name}", because times repeat from one to the other'
    return (), ""  # which rows say the same time twice is said where they are put on the grid


def _targets(records: Records, settings: DataSettings, taken: set[str | None]) -> tuple[str, ...]:
    targets = settings.output or tuple(
        name
        for name, values in records.columns.items()
        if name not in taken and name not in settings.input and _numeric(values, settings)
    )
    for name in targets:
        if name in taken:
            raise UsageError(f"--output {name}: the column says when or of which series; name one that holds numbers")
        if not _present(records.column(name), settings):
            raise UsageError(f'{records.source}: "{name}" holds no value at all; there is nothing to forecast')
    if not targets:
        raise UsageError(
            f"{records.source}: no column of numbers is left to forecast; name one with --output, or another --task"
        )
    return tuple(targets)


def _inputs(
    settings: DataSettings, targets: tuple[str, ...], time: str | None, series: tuple[str, ...]
) -> tuple[str, ...]:
    for name in settings.input:
        if name in (*targets, time, *series):
            role = "forecast" if name in targets else _role(name, time, series)
            raise UsageError(f'--input {name}: "{name}" is {role}, and read already; leave it out')
    return settings.input


def _role(name: str, time: str | None, series: tuple[str, ...]) -> str:
    if name == time:
        return "what says when"
    return "what names the series" if name in series else "forecast itself"


def _says_when(name: str, values: Sequence[Any], settings: DataSettings) -> bool:
    return bool(_present(values, settings)) and says_when(_present(values[:SAMPLE], settings))


def _numeric(values: Sequence[Any], settings: DataSettings) -> bool:
    present = _present(values[:SAMPLE], settings) or _present(values, settings)
    return bool(present) and sum(map(is_number, present)) >= MOSTLY * len(present)


def _present(values: Sequence[Any], settings: DataSettings) -> list[Any]:
    return [value for value in values if not is_missing(value, settings.missing)]


def _repeats(values: Sequence[Any]) -> bool:
    return len(set(map(str, values[:SAMPLE]))) <= max(1, min(len(values), SAMPLE) // 2)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(_quoted(names[:8]))
    return shown + (", ..." if len(names) > 8 else "")


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]
