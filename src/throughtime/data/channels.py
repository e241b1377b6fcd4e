"""Which columns of a table of steps are channels, which are answered at every step, and which are left aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from throughtime.data.files.sniffing import USUAL_OUTPUTS
from throughtime.data.held_out import held_out_columns
from throughtime.data.moments import is_time
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, is_missing, is_number
from throughtime.errors import UsageError

JOINED = "channels"  # the column that holds several of them
FEW_CLASSES = 30
NUMERIC = 0.5  # share of numbers from which on a column measures something, and its other cells are mistakes
SERIES_NAMES = ("series", "sequence", "recording", "session", "trial", "sample", "subject", "patient", "unit", "file")


@dataclass(frozen=True)
class Columns:
    """The columns that change within series: ``channels`` by the column that will hold them, ``steps`` with a value of
    another kind at every step, and those left ``aside``; ``roles`` and ``notes`` say what was decided."""

    channels: Mapping[str, tuple[str, ...]]
    steps: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def sorted_columns(records: Records, series: str, changing: Sequence[str], settings: DataSettings) -> Columns:
    """What becomes of each column that changes, as the settings say or by names and values.

    Raises UsageError for columns that are not there, and where nothing that is read changes within a series.
    """
    for name in (*settings.input, *settings.output):
        records.column(name)
    numeric = [name for name in changing if _measures(records.columns[name], settings)]
    output, proposed = _output(records, series, changing, numeric, settings)
    free = [name for name in changing if name not in (output, settings.time)]
    if settings.input:
        read = [name for name in changing if name in settings.input and name != output]
        measured = [name for name in read if name in numeric]
        words = tuple(name for name in read if name not in numeric)
    else:
        measured = [name for name in free if name in numeric and not is_time(name)]
        words = ()
    left = [] if settings.input else [name for name in free if name not in measured]
    notes = [_why_aside(name) for name in left]
    if not measured and not words:
        wanted = f"of --input {', '.join(settings.input)} " if settings.input else "of numbers "
        told = f"no column {wanted}changes within one; are its values those of whole series?"
        raise UsageError(f'{records.source}: the rows are series by "{series}", but {told} Name others with --input')
    steps = (*words, *((output,) if output in changing else ()))
    aside = tuple(name for name in changing if name not in (*measured, *steps))
    joined = {} if not measured else {measured[0] if len(measured) == 1 else _free_name(records): tuple(measured)}
    said = [f'"{output}" changes within series: it is learnt for every step'] if output in changing else []
    roles = {**dict.fromkeys(words, "input"), **({output: "output"} if proposed and output else {})}
    return Columns(joined, steps, aside, roles, (*said, *notes))


def _output(
    records: Records, series: str, changing: Sequence[str], numeric: Sequence[str], settings: DataSettings
) -> tuple[str | None, bool]:
    """The column that is learnt, as far as names say so here, and whether it was proposed."""
    if settings.output:
        return settings.output[0], False
    laid_out = next((name for name, role in records.roles.items() if role == "output"), None)
    if laid_out is not None:
        return laid_out, False
    taken = {*settings.input, settings.split, settings.group, settings.time, series, *held_out_columns(settings)}
    free = [name for name in records.columns if name not in taken]
    for usual in USUAL_OUTPUTS:
        for name in free:
            if name.lower() == usual:
                return name, name in changing
    classes = [name for name in changing if name in free and name not in numeric and not is_time(name)]
    of_classes = [name for name in classes if len(set(map(class_name, records.columns[name]))) <= FEW_CLASSES]
    whole = [name for name in free if name not in changing]
    return (of_classes[0], True) if len(of_classes) == 1 and not whole else (None, False)


def _measures(values: Sequence[Any], settings: DataSettings) -> bool:
    present = [value for value in values if not is_missing(value, settings.missing)]
    return bool(present) and sum(map(is_number, present)) >= NUMERIC * len(present)


def _why_aside(name: str) -> str:
    if is_time(name):
        order = "the steps stand in the order of the rows; to order them by it: --set time=" + name
        return f'column "{name}" says when a step was and is left aside; {order}'
    return f'column "{name}" holds words that change within series and is left aside, as --input can name it too'


def _free_name(records: Records) -> str:
    name = JOINED
    while name in records.columns:
        name = f"all {name}"
    return name


def series_column(records: Records) -> str | None:
    """A column that looks as if it said which series each row is a step of: by its name, and its values stand in runs.

    >>> from throughtime.data.records import in_memory_records
    >>> table = {"trial_id": [1, 1, 1, 2, 2, 2], "x": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}
    >>> series_column(in_memory_records(table))
    'trial_id'
    """
    for name, values in records.columns.items():
        word = name.lower()
        named = word in ("id", *SERIES_NAMES) or word.endswith(("_id", " id")) or name.endswith("ID")
        if not named or any(isinstance(value, (list, tuple)) for value in values):
            continue
        runs = [len(list(run)) for _, run in groupby(map(class_name, values))]
        if len(runs) == len(set(map(class_name, values))) > 1 and len(values) >= 3 * len(runs):
            return name
    return None
