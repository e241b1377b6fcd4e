"""What the columns hold, and which of them to learn: proposed from the material, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

from throughtime.data.alignment import aligned_cut
from throughtime.data.channels import series_column
from throughtime.data.fields import fields
from throughtime.data.fields.sentences import sentences_of
from throughtime.data.files.folders import split_name
from throughtime.data.files.sniffing import USUAL_OUTPUTS
from throughtime.data.held_out import held_out_columns
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, is_missing, is_number
from throughtime.errors import DataError, Place, UsageError

OUTPUTS = (*USUAL_OUTPUTS, "polarity", "price", "value")  # likeliest first
QUESTIONS = ("question", "query")
IDS = ("id", "index", "row", "row_id", "uid", "uuid")
SPLITS = ("split", "set", "subset", "partition", "fold")
SEPARATORS = ";|,"
FEW_CLASSES = 30
LONG_NAME = 40
MOSTLY = 0.9  # share of numbers from which on a column holds numbers, and the other cells are mistakes


@dataclass(frozen=True)
class Proposal:
    """``kinds`` gives the kind of field for each input column and then the output.

    ``reason`` says why the output is of its kind. ``unit`` is what a text must be cut into where the output has a value
    for each of its tokens; None leaves the choice to the texts.
    """

    inputs: tuple[str, ...]
    output: str
    kinds: Mapping[str, str]
    reason: str
    notes: tuple[str, ...]
    unit: str | None = None


def propose(records: Records, settings: DataSettings, learnt: Collection[str] = (), *, asks: bool = False) -> Proposal:
    """Inputs, output and their kinds: as set, as the format says, or guessed from names and values.

    ``learnt`` are the kinds that the task in hand learns, if one was named. An output is a text to be written
    (``tokens``) where it is set so, where the material says so, or where the task learns nothing else; it is never
    guessed from values alone, which may be classes. What it is written from is then read as text too, but for columns
    of a few classes, and for numbers beside other inputs. With ``asks`` the last of the inputs asks about the others:
    all are read as texts unless they are said to be something else, those of several sentences sentence by sentence,
    and a column that is named ``question`` comes last.

    Raises UsageError for an unknown column or kind and where there is no output or nothing to learn it from, DataError
    for an output that is no class and no number.

    >>> from throughtime.data.records import in_memory_records
    >>> records = in_memory_records({"text": ["a b c", "c b"], "class": ["x", "y"]})
    >>> propose(records, DataSettings()).kinds
    {'text': 'tokens', 'class': 'category'}
    """
    said = _said_kinds(records, settings)
    written = tuple(learnt) == ("tokens",)
    output, why = _output(records, settings, written)
    inputs, notes = _inputs(records, settings, output)
    if asks:
        inputs = tuple(sorted(inputs, key=lambda name: name.lower() in QUESTIONS))
    for column, kind in said.items():
        if column not in (*inputs, output):
            raise UsageError(f'--set kinds={column}={kind}: the column "{column}" is neither input nor output')
    laid_out = {**records.kinds, **said}
    if laid_out.get(output) == "notes":
        return _of_music({name: laid_out.get(name, "other values") for name in inputs}, output)
    guessed, holds = _output_kind(records.column(output), settings)
    if written and guessed == "number" and output not in {**said, **records.kinds}:
        _refuse_numbers(records, output)
    if records.kinds.get(output) == "tokens" or written:
        said.setdefault(output, "tokens")
        holds = "texts, as the material is laid out" if output in records.kinds else "texts, which the task writes"
    partner, cut = _partner(records, inputs, output, said, settings)
    if partner is not None:
        guessed, holds = _step_kind(records.column(output), cut), f'a value for every step of "{partner}"'
    writes = said.get(output) == "tokens"
    kept = records.kinds if writes else {name: kind for name, kind in records.kinds.items() if kind == "notes"}
    spelt = writes and len(inputs) == 1
    known = {**kept, **said}
    kinds = {
        name: known.get(name)
        or _input_kind(records.column(name), settings, partner is not None, texts=asks, spelt=spelt)
        for name in inputs
    }
    if asks:
        kinds |= {name: "sentences" for name in inputs[:-1] if name not in said and _of_sentences(records.column(name))}
    kinds[output] = said.get(output, guessed)
    if output in _said_kinds(records, settings):
        reason = f'"{output}" was said to hold {said[output]}'
    else:
        reason = f'"{output}" holds {holds}'
        _refuse_all_different(records, output, kinds[output], settings)
    letters = cut == "characters" or (cut == "list" and kinds.get(partner or "") == "tokens")
    unit = "characters" if partner is not None and letters and not _of_lists(records.column(partner)) else None
    read = ", ".join(f'"{name}" ({kinds[name]})' for name in inputs)
    learning = f'learning "{output}" ({kinds[output]}) from {read}: {why}'
    hints = _several_labels(records, output, kinds[output])
    if spelt and inputs[0] not in known and _mostly_numbers(records.column(inputs[0])):
        hints.append(f'the numbers of "{inputs[0]}" are read digit by digit; as values: --set kinds={inputs[0]}=number')
    return Proposal(inputs, output, kinds, reason, (learning, *notes, *hints), unit)


def _of_music(inputs: Mapping[str, str], output: str) -> Proposal:
    """Frames of notes to the frames that follow them; a UsageError where anything else is read."""
    if list(inputs.values()) != ["notes"]:
        held = ", ".join(f'"{name}" ({kind})' for name, kind in inputs.items())
        raise UsageError(
            f'"{output}" holds notes, which are predicted from those of the frames before them alone; '
            f"the inputs are {held}; name one column of notes with --input"
        )
    (name,) = inputs
    learning = f'learning "{output}", the notes of each frame, from "{name}", those of the frames before it'
    return Proposal((name,), output, {name: "notes", output: "notes"}, f'"{output}" holds notes', (learning,))


def _refuse_numbers(records: Records, output: str) -> NoReturn:
    raise UsageError(
        f'{records.source}: "{output}" holds numbers; learn their values with --task regress, '
        f"or have them written digit by digit with --set kinds={output}=tokens"
    )


def _partner(
    records: Records, inputs: Sequence[str], output: str, said: Mapping[str, str], settings: DataSettings
) -> tuple[str | None, str]:
    """The input that the output goes with step by step, and how the output is cut; None if there is none."""
    if settings.label_separator is not None or said.get(output, "tags") not in ("tags", "numbers"):
        return None, ""
    for name in inputs:
        cut = aligned_cut(records.column(name), records.column(output))
        if cut is not None:
            return name, cut
    if output in said:  # its steps are compared when they are encoded
        return next(iter(inputs)), "list" if _of_lists(records.column(output)) else "spaces"
    return None, ""


def _of_sentences(values: Sequence[Any]) -> bool:
    """Whether most values have several sentences."""
    present = [value for value in values[:1000] if isinstance(value, str)]
    return sum(len(sentences_of(value)) > 1 for value in present) > len(present) / 2


def _step_kind(values: Sequence[Any], cut: str) -> str:
    """Numbers or tags."""
    steps = [step for value in values if value for step in (value.split() if isinstance(value, str) else value)]
    different = len(set(map(class_name, steps)))
    if cut == "characters" or not _mostly_numbers(steps):
        return "tags"
    return "tags" if different <= FEW_CLASSES and all(float(step).is_integer() for step in steps) else "numbers"


def _of_lists(values: Sequence[Any]) -> bool:
    return any(isinstance(value, (list, tuple)) for value in values)


def _said_kinds(records: Records, settings: DataSettings) -> dict[str, str]:
    found = {}
    for pair in settings.kinds:
        column, sign, kind = pair.rpartition("=")
        if not sign:
            raise UsageError(f"--set kinds={pair}: write it as column=kind")
        records.column(column)
        fields[kind]  # an unknown one is refused here
        found[column] = kind
    return found


def _output(records: Records, settings: DataSettings, written: bool) -> tuple[str, str]:
    """The column to learn, and why it is that one; ``written``: it holds texts and no classes."""
    if len(settings.output) > 1:
        mend = "several labels of a row stand in one, with --set label_separator"
        raise UsageError(f"--output {', '.join(settings.output)}: give one column; {mend}")
    if settings.output:
        records.column(settings.output[0])
        return settings.output[0], "as was asked"
    laid_out = [name for name, role in records.roles.items() if role == "output"]
    if laid_out:
        return laid_out[0], "as the material is laid out"
    taken = {*settings.input, settings.split, settings.group, *held_out_columns(settings)}
    taken |= {records.series, *records.channels}
    free = [name for name in records.columns if name not in taken]
    for usual in OUTPUTS:
        for name in free:
            if name.lower() == usual:
                return name, "by its name"
    candidates = [name for name in free if not _aside(records, name, settings)]
    if not candidates:
        lacking = "; add a table that says it of each series" if records.channels else ""
        raise UsageError(f"{records.source}: there is no column to learn; name one with --output{lacking}")
    of_classes = [] if written else [name for name in candidates if _has_classes(records.column(name), settings)]
    if len(of_classes) == 1:
        return of_classes[0], "the one column of classes"
    return candidates[-1], "the last column"


def _inputs(records: Records, settings: DataSettings, output: str) -> tuple[tuple[str, ...], list[str]]:
    """The columns to learn from, and notes on those that are left aside."""
    aside = held_out_columns(settings)
    for name in aside:
        if name in (output, *settings.input):
            role = "--output" if name == output else "--input"
            raise UsageError(
                f'"{name}" is {role}, and says which rows are held out; name another column for one of them'
            )
    if settings.input:
        for name in settings.input:
            parts = [part.strip() for part in name.split(",")]
            if name not in records.columns and len(parts) > 1 and set(parts) <= set(records.columns):
                each = " ".join(f"--input {part}" for part in parts)
                raise UsageError(f"{records.source}: there is no column named {name}; say {each}")
        named = [records.holding(name) for name in settings.input]
        if output in settings.input:
            problem = f'"{output}" is both --input and --output'
            raise UsageError(f"{records.source}: {problem}; name another column for one of them")
        return tuple(dict.fromkeys(named)), []
    laid_out = tuple(name for name, role in records.roles.items() if role == "input" and name not in (output, *aside))
    if laid_out:
        others = [name for name in records.columns if name not in (output, *laid_out, *aside)]
        left = [f"columns left aside, as --input can name them too: {', '.join(others)}"] if others else []
        return laid_out, left
    taken = (output, settings.split, settings.group, *aside)
    others = [name for name in records.columns if name not in taken]
    why = {name: _aside(records, name, settings) for name in others}
    inputs = tuple(name for name in others if not why[name])
    hint = _of_series(records, inputs)
    why |= hint
    inputs = tuple(name for name in inputs if name not in hint)
    notes = [f'column "{name}" {reason}' for name, reason in why.items() if reason]
    if not inputs:
        problem = "; ".join([f'there is no column to learn "{output}" from', *notes])
        raise UsageError(
            f"{records.source}: {problem}; name one with --input, or choose another --output; rows of "
            "numbers that follow each other in time go with --task forecast"
        )
    return inputs, notes


def _of_series(records: Records, inputs: Sequence[str]) -> dict[str, str]:
    """Why a column is not used that says which series the rows, all of them numbers, may be steps of."""
    name = series_column(records)
    others = [column for column in inputs if column != name]
    if name not in inputs or records.series or not others:
        return {}
    if not all(_mostly_numbers(records.columns[column]) for column in others):
        return {}
    reason = "seems to say which series a row is a step of, and is left aside"
    return {str(name): f"{reason}; to read them as series, add --set series={name}"}


def _aside(records: Records, name: str, settings: DataSettings) -> str:
    """Why a column is not used unless it is asked for; empty if it is used."""
    values = records.columns[name]
    if all(is_missing(value, settings.missing) for value in values):
        return "is empty and left aside"
    if _is_id(name, values):
        return "numbers the rows and is left aside"
    if _says_split(name, values):
        return f"says train or test and is left aside; to split by it, add --split {name}"
    return ""


def _is_id(name: str, values: Sequence[Any]) -> bool:
    """A column that numbers the rows, by its name or because it stands first without one."""
    if len(values) < 2 or len(set(map(str, values))) < len(values):
        return False
    if name.lower() in IDS or name.lower().startswith("unnamed"):
        return True
    if name != "1" or not all(is_number(value) for value in values):
        return False
    numbers = [float(value) for value in values]
    return numbers[0] in (0, 1) and all(after - before == 1 for before, after in pairwise(numbers))


def _says_split(name: str, values: Sequence[Any]) -> bool:
    """A column that could be named with ``--split``."""
    if name.lower() not in SPLITS:
        return False
    words = {str(value) for value in values}
    return len(words) > 1 and all(split_name(word) is not None for word in words)


def _has_classes(values: Sequence[Any], settings: DataSettings) -> bool:
    """Whether the values repeat as classes do, which free text does not."""
    present = [value for value in values if not is_missing(value, settings.missing)]
    kind, _ = _output_kind(values, settings)
    return kind == "labels" or (kind == "category" and 1 < len(set(map(class_name, present))) <= len(present) / 2)


def _input_kind(
    values: Sequence[Any], settings: DataSettings, stepwise: bool, *, texts: bool = False, spelt: bool = False
) -> str:
    """``stepwise``: every step is answered, so that words are read with their letters; ``texts``: whatever it holds is
    read as text, and with ``spelt`` numbers are."""
    present = [value for value in values if not is_missing(value, settings.missing)]
    if present and all(isinstance(value, (list, tuple)) for value in present):
        steps = [step for value in present[:1000] for step in value]
        if steps and all(isinstance(step, (int, float, list, tuple)) for step in steps):
            return "numbers"
        return "words" if stepwise and any(len(str(step)) > 1 for step in steps) else "tokens"
    if stepwise and any(" " in str(value).strip() for value in present):
        return "words" if not _mostly_numbers(str(present[0]).split()) else "numbers"
    if texts:
        return "tokens"
    if _mostly_numbers(present):  # a year is read digit by digit where it is to be spelt out
        return "tokens" if spelt else "number"
    names = {class_name(value) for value in present}
    short = all(len(name) <= LONG_NAME for name in names)
    return "category" if short and len(names) <= FEW_CLASSES and len(present) >= 20 * max(1, len(names)) else "tokens"


def _output_kind(values: Sequence[Any], settings: DataSettings) -> tuple[str, str]:
    """The kind, and in words what the column holds."""
    present = [value for value in values if not is_missing(value, settings.missing)]
    if settings.label_separator is not None or any(isinstance(value, (list, tuple)) for value in present):
        return "labels", "several labels a row"
    names = {class_name(value) for value in present}
    if not _mostly_numbers(present) or all(isinstance(value, bool) for value in present):
        return "category", f"{len(names):,} classes"
    numbers = [float(value) for value in present if is_number(value)]
    decimals = any(isinstance(value, str) and "." in value for value in present)
    few = len(names) <= FEW_CLASSES and len(present) >= 2 * len(names)
    if few and not decimals and all(map(float.is_integer, numbers)):
        whole = "whole numbers" if len(numbers) == len(present) else "classes, most of them whole numbers"
        return "category", f"{len(names)} different {whole}"
    return "number", "numbers"


def _mostly_numbers(present: Sequence[Any]) -> bool:
    return bool(present) and sum(map(is_number, present)) >= MOSTLY * len(present)


def _refuse_all_different(records: Records, output: str, kind: str, settings: DataSettings) -> None:
    present = [value for value in records.column(output) if not is_missing(value, settings.missing)]
    if kind == "category" and len(present) > 2 and len(set(map(class_name, present))) == len(present):
        raise DataError(
            f"all {len(present):,} values differ, so they are no classes to learn",
            place=Place(records.source, None, output),
            mend=f"choose another column with --output ({', '.join(records.columns)}), "
            "or say --task transduce to have them written as texts",
        )


def _several_labels(records: Records, output: str, kind: str) -> list[str]:
    """A hint where the names of many classes look like several names with a sign between them."""
    if kind != "category":
        return []
    names = {class_name(value) for value in records.column(output)} - {""}  # no value is no class
    for sign in SEPARATORS:
        several = [name for name in names if sign in name]
        single = {part.strip() for name in names for part in name.split(sign)}
        if len(several) > 1 and len(single) < len(names):
            return [
                f'{len(several)} of the {len(names)} classes of "{output}" hold "{sign}"; '
                f'if a row has several labels, say --set label_separator="{sign}"'
            ]
    return []
