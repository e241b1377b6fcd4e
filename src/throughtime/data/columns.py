"""What the columns hold, and which of them to learn: proposed from the material, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.data.fields import fields
from throughtime.data.files.folders import split_name
from throughtime.data.files.sniffing import USUAL_OUTPUTS
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, is_missing, is_number
from throughtime.errors import UsageError

IDS = ("id", "index", "row", "row_id", "uid", "uuid")
SPLITS = ("split", "set", "subset", "partition", "fold")
FEW_CLASSES = 30
MOSTLY = 0.9  # share of numbers from which on a column holds numbers, and the other cells are mistakes
LONG_NAME = 40
SAMPLE = 5_000


@dataclass(frozen=True)
class Proposal:
    """``kinds`` is the kind of field for each input column and then the output; ``reason`` why the output is of its kind."""

    inputs: tuple[str, ...]
    output: str
    kinds: Mapping[str, str]
    reason: str
    notes: tuple[str, ...]


def propose(records: Records, settings: DataSettings) -> Proposal:
    """Inputs, output and their kinds: as set, as the format says, or guessed from names and values.

    Raises UsageError for an unknown column or kind and where nothing is left to learn from.

    >>> records = in_memory_records({"text": ["a b c", "c b"], "class": ["x", "y"]})
    >>> propose(records, DataSettings()).kinds
    {'text': 'tokens', 'class': 'category'}
    """
    set_kinds = _set_kinds(records, settings)
    output, why = _output(records, settings)
    inputs, notes = _inputs(records, settings, output)
    if not inputs or output in inputs:
        raise UsageError(f'{records.source}: no column is left to learn "{output}" from; name one with --input')
    kinds = {name: set_kinds.get(name) or _input_kind(records.column(name), settings) for name in inputs}
    guessed, reason = _output_kind(records.column(output), settings)
    kinds[output] = set_kinds.get(output, guessed)
    for name in set_kinds:
        if name not in kinds:
            raise UsageError(f'--set kinds={name}={set_kinds[name]}: the column "{name}" is neither input nor output')
    reason = f'"{output}" was said to hold {kinds[output]}' if output in set_kinds else f'"{output}" holds {reason}'
    read = ", ".join(f'"{name}" ({kinds[name]})' for name in inputs)
    said = f'learning "{output}" ({kinds[output]}) from {read}: {why}'
    return Proposal(inputs, output, kinds, reason, (said, *notes))


def _set_kinds(records: Records, settings: DataSettings) -> dict[str, str]:
    found = {}
    for pair in settings.kinds:
        column, sign, kind = pair.rpartition("=")
        if not sign:
            raise UsageError(f"--set kinds={pair}: write it as column=kind")
        records.column(column)
        if kind not in fields:
            fields[kind]  # raises, with a suggestion
        found[column] = kind
    return found


def _inputs(records: Records, settings: DataSettings, output: str) -> tuple[tuple[str, ...], list[str]]:
    """The input columns, and notes on those that were left aside."""
    if settings.input:
        for name in settings.input:
            records.column(name)
        return tuple(dict.fromkeys(settings.input)), []
    inputs, notes = [], []
    for name in records.columns:
        if name in (output, settings.split, settings.group):
            continue
        values = records.columns[name]
        if _is_id(name, values):
            notes.append(f'column "{name}" numbers the rows and is left aside; to learn from it, name it with --input')
        elif _says_split(name, values):
            notes.append(f'column "{name}" says train or test and is left aside; to split by it, add --split {name}')
        else:
            inputs.append(name)
    return tuple(inputs), notes


def _output(records: Records, settings: DataSettings) -> tuple[str, str]:
    if len(settings.output) > 1:
        listed = ", ".join(settings.output)
        mend = "several labels of a row stand in one, with --set label_separator=;"
        raise UsageError(f"--output {listed}: give one column; {mend}")
    if settings.output:
        records.column(settings.output[0])
        return settings.output[0], "as was asked"
    said = [name for name, role in records.roles.items() if role == "output"]
    if said:
        return said[0], "as the material is laid out"
    candidates = [name for name in records.columns if name not in (*settings.input, settings.split, settings.group)]
    candidates = [name for name in candidates if not _says_split(name, records.columns[name])]
    if not candidates:
        raise UsageError(f"{records.source}: there is no column to learn; name one with --output")
    for usual in USUAL_OUTPUTS:
        for name in candidates:
            if name.lower() == usual:
                return name, "by its name"
    kinds = {name: _output_kind(records.columns[name], settings)[0] for name in candidates}
    few = [name for name in candidates if kinds[name] == "category" and _repeats(records.columns[name], settings)]
    if len(few) == 1:
        return few[0], "the one column of classes"
    return candidates[-1], "the last column"


def _is_id(name: str, values: Sequence[Any]) -> bool:
    """A column that numbers the rows, by its name or because it stands first without one."""
    if len(values) < 2 or len(set(map(str, values))) < len(values):
        return False
    if name.lower() in IDS or name.lower().startswith("unnamed"):
        return True
    if name != "1" or not all(is_number(value) for value in values):
        return False
    numbers = [float(value) for value in values]
    return numbers[0] in (0, 1) and all(
        after - before == 1 for before, after in zip(numbers, numbers[1:], strict=False)
    )


def _says_split(name: str, values: Sequence[Any]) -> bool:
    if name.lower() not in SPLITS:
        return False
    words = {str(value) for value in values}
    return len(words) > 1 and all(split_name(word) is not None for word in words)


def _repeats(values: Sequence[Any], settings: DataSettings) -> bool:
    names = [class_name(value) for value in values if not is_missing(value, settings.missing)]
    return len(names) >= 2 * len(set(names))


def _input_kind(values: Sequence[Any], settings: DataSettings) -> str:
    present = [value for value in values[:SAMPLE] if not is_missing(value, settings.missing)]
    if present and all(isinstance(value, (list, tuple)) for value in present):
        return "tokens"
    if _mostly_numbers(present):
        return "number"
    names = {class_name(value) for value in present}
    short = all(len(name) <= LONG_NAME for name in names)
    return "category" if short and len(names) <= FEW_CLASSES and len(present) >= 20 * max(1, len(names)) else "tokens"


def _output_kind(values: Sequence[Any], settings: DataSettings) -> tuple[str, str]:
    present = [value for value in values if not is_missing(value, settings.missing)]
    if settings.label_separator is not None or any(isinstance(value, (list, tuple)) for value in present):
        return "labels", "several labels a row"
    names = {class_name(value) for value in present}
    few = len(names) <= FEW_CLASSES and len(present) >= 2 * len(names)
    if not _mostly_numbers(present):
        return "category", f"{len(names):,} classes"
    if not all(is_number(value) for value in present):
        return ("category", f"{len(names)} classes") if few else ("number", "numbers")
    if all(isinstance(value, bool) for value in present):
        return "category", "yes and no"
    if few and all(float(value).is_integer() for value in present):
        return "category", f"{len(names)} different whole numbers"
    return "number", "numbers"


def _mostly_numbers(present: Sequence[Any]) -> bool:
    return bool(present) and sum(map(is_number, present)) >= MOSTLY * len(present)
