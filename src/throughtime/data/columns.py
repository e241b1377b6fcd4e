"""What the columns hold, and which of them to learn: proposed from the material, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.data.fields import fields
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, is_missing, is_number
from throughtime.errors import UsageError

OUTPUT_NAMES = (
    "label labels class category target output sentiment polarity rating score stars tags y intent topic language price value"
).split()
FEW_CLASSES = 30
SAMPLE = 5_000


@dataclass(frozen=True)
class Proposal:
    """``kinds`` gives the kind of field for every input column and then the output; ``reason`` is why it is that output's kind."""

    inputs: tuple[str, ...]
    output: str
    kinds: Mapping[str, str]
    reason: str
    notes: tuple[str, ...]


def propose(records: Records, settings: DataSettings) -> Proposal:
    """Inputs, output and their kinds: as set, as the format says, or guessed from names and values.

    Raises UsageError for an unknown column and where no output can be told.
    """
    kinds = _set_kinds(records, settings)
    output, why = _output(records, settings, kinds)
    aside = {settings.split, settings.group}
    if settings.input:
        inputs = settings.input
    else:
        inputs = tuple(name for name in records.columns if name != output and name not in aside and not _is_id(records, name))
    for name in inputs:
        records.column(name)
    if not inputs or output in inputs:
        raise UsageError(f'{records.source}: no column is left to learn "{output}" from; name one with --input')
    found = {name: kinds.get(name) or _input_kind(records.column(name), settings) for name in inputs}
    kind, reason = _output_kind(records.column(output), settings)
    found[output] = kinds.get(output, kind)
    reason = f'"{output}" was said to hold {found[output]}' if output in kinds else f'"{output}" holds {reason}'
    read = ", ".join(f'"{name}" ({found[name]})' for name in inputs)
    return Proposal(inputs, output, found, reason, (f'learning "{output}" ({found[output]}) from {read}: {why}',))


def _set_kinds(records: Records, settings: DataSettings) -> dict[str, str]:
    found = {}
    for pair in settings.kinds:
        column, sign, kind = pair.rpartition("=")
        if not sign:
            raise UsageError(f"--set kinds={pair}: write it as column=kind")
        records.column(column)
        fields[kind]
        found[column] = kind
    return found


def _output(records: Records, settings: DataSettings, kinds: Mapping[str, str]) -> tuple[str, str]:
    if len(settings.output) > 1:
        raise UsageError(f"--output {', '.join(settings.output)}: give one column; several labels of a row stand in one, with label_separator")
    if settings.output:
        records.column(settings.output[0])
        return settings.output[0], "as was asked"
    said = [name for name, role in records.roles.items() if role == "output"]
    if said:
        return said[0], "as the files are laid out"
    candidates = [name for name in records.columns if name not in (*settings.input, settings.split, settings.group)]
    if not candidates:
        raise UsageError(f"{records.source}: there is no column to learn; name one with --output")
    for name in OUTPUT_NAMES:
        for candidate in candidates:
            if candidate.lower() == name:
                return candidate, "by its name"
    categories = [name for name in candidates if _output_kind(records.column(name), settings)[0] == "category" and not _is_id(records, name)]
    if len(categories) == 1:
        return categories[0], "the one column of classes"
    return candidates[-1], "the last column"


def _is_id(records: Records, name: str) -> bool:
    values = records.columns[name]
    return name.lower() in ("id", "index", "row", "uid", "uuid", "row_id") and len(set(map(str, values))) == len(values) and len(values) > 1


def _input_kind(values: Sequence[Any], settings: DataSettings) -> str:
    present = [value for value in values[:SAMPLE] if not is_missing(value, settings.missing)]
    if present and all(isinstance(value, (list, tuple)) for value in present):
        return "tokens"
    if present and all(is_number(value) for value in present):
        return "number"
    names = {class_name(value) for value in present}
    if all(len(name) <= 40 for name in names) and len(names) <= FEW_CLASSES and len(present) >= 20 * max(1, len(names)):
        return "category"
    return "tokens"


def _output_kind(values: Sequence[Any], settings: DataSettings) -> tuple[str, str]:
    present = [value for value in values if not is_missing(value, settings.missing)]
    if settings.label_separator is not None or any(isinstance(value, (list, tuple)) for value in present):
        return "labels", "several labels a row"
    names = {class_name(value) for value in present}
    if present and all(is_number(value) for value in present):
        whole = all(float(value).is_integer() for value in present)
        if whole and len(names) <= FEW_CLASSES and len(present) >= 2 * len(names):
            return "category", f"{len(names)} different whole numbers"
        return "number", "numbers"
    return "category", f"{len(names)} classes"
