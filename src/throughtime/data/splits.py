"""Train, valid and test: by fraction, by a column, by values, by groups, or from files of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from throughtime.data.drawing import groups_drawn, rows_drawn, single_rows
from throughtime.data.files.folders import split_name
from throughtime.data.gathering import Layout, read_rows
from throughtime.data.held_out import HELD_OUT, by_values, fraction, in_words, is_path
from throughtime.data.nucleotides import are_nucleotides, either_strand
from throughtime.data.records import Records, same_columns
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, is_missing, shown
from throughtime.errors import DataError, Place, UsageError

NAMES = ("train", "valid", "test")


@dataclass(frozen=True)
class Splits:
    """Three parts of the material. ``notes`` say how they came about, ``repeated`` how many identical rows left out."""

    train: Records
    valid: Records
    test: Records
    notes: tuple[str, ...]
    repeated: int = 0


def given_splits(records: Records, settings: DataSettings) -> dict[str, Records]:
    """The splits that have a file or folder of their own, read; ``records`` are those of the training file.

    Raises UsageError for what is neither a fraction nor a path that is there, and DataError as reading does.
    """
    found = {}
    for name in ("valid", "test"):
        value = getattr(settings, name)
        if is_path(name, value):
            found[name] = read_rows(value, settings, Layout.of(records))
    return found


def split(
    records: Records,
    settings: DataSettings,
    inputs: Sequence[str],
    output: str,
    *,
    stratify: bool,
    given: Mapping[str, Records],
) -> Splits:
    """The three splits: as given by file, as the material says, and what is then missing drawn from the training rows.

    Where a split is drawn, identical rows (inputs and output) are left out before; given splits are taken as they are.
    Where the other strand is read, a sequence and its reverse complement are the same.
    With ``stratify`` each class is drawn by itself, and has a row in training. Rows of one group stay together: of the
    column that the settings name, else of the one that the material names.

    Raises UsageError and DataError where a split would be empty, the split column holds other words, or an option
    has nothing to act on.
    """
    columns = (*inputs, output)
    strands = _strands(records, inputs) if settings.reverse_complement != "none" else ()
    for part in given.values():
        same_columns(records, part, columns)
    records, notes = _labelled(records, output, settings)
    parts = _told(records, settings, given, notes)
    for name, part in given.items():
        parts[name], more = _labelled(part, output, settings)
        notes += more
    train = _without_held_out(parts.pop("train", records), settings, parts, notes)
    drawn = [name for name in HELD_OUT if name not in parts]
    repeated = 0
    if drawn:
        train, repeated = _distinct(train, columns, strands, notes)
    else:
        _refuse_without_effect(settings)
    notes += _contradictions(train, inputs, output, strands)
    if drawn:
        shares = {name: fraction(name, getattr(settings, name)) or 0.0 for name in drawn}
        if parts:
            notes += [f"no {name} split is given: {shares[name]:.0%} of the training rows are taken" for name in drawn]
        group = settings.group or train.group
        parts |= _drawn(train, settings, group, output if stratify else None, shares, notes)
        train = parts.pop("train")
    for name in NAMES:
        if name in parts and name not in drawn:
            notes += _overlap(train, parts[name], columns, strands, name)
    parts["train"] = train
    for name in NAMES:
        if not len(parts[name]):
            raise UsageError(_why_empty(name, parts, settings.group, train.group, output if stratify else None))
    notes.append("rows: " + ", ".join(f"{len(parts[name]):,} {name}" for name in NAMES))
    return Splits(parts["train"], parts["valid"], parts["test"], tuple(notes), repeated)


def _told(
    records: Records, settings: DataSettings, given: Mapping[str, Records], notes: list[str]
) -> dict[str, Records]:
    """The parts as the split column or the folder says; nothing if neither does."""
    column = settings.split
    said = records.split if column is None else records.column(column)
    if said is None:
        return {}
    by_row = [_word(records, i, value, column) for i, value in enumerate(said)]
    found = set(by_row)
    if "train" not in found or len(found) == 1:
        raise DataError(
            f"the rows say only {' and '.join(name for name in NAMES if name in found)}",
            place=Place(records.source, None, column),
            mend="they must say train, and valid or test or both",
        )
    who = f"--split {column}" if column else records.source
    for name in HELD_OUT:
        if name in found and name in given:
            if column:
                raise UsageError(f"--{name} and --split {column} both say which rows are {name}; leave one out")
            notes.append(f"{name}: {given[name].source} takes the place of the {name} split in {records.source}")
        elif name in found and getattr(settings, name) != getattr(DataSettings(), name):
            raise UsageError(f"--{name} {getattr(settings, name)}: {who} says which rows are {name}; leave one out")
    return {
        name: records.select([i for i, word in enumerate(by_row) if word == name]) for name in NAMES if name in found
    }


def _without_held_out(train: Records, settings: DataSettings, parts: dict[str, Records], notes: list[str]) -> Records:
    """The training rows but for those that are held out by their values, which become parts of their own."""
    taken = by_values(train, settings)
    parts |= {name: train.select(rows) for name, rows in taken.items()}
    notes += [in_words(name, taken, settings) for name in taken]
    out = {i for rows in taken.values() for i in rows}
    return train.select([i for i in range(len(train)) if i not in out]) if out else train


def _word(records: Records, i: int, value: object, column: str | None) -> str:
    word = split_name(str(value))
    if word is None:
        raise DataError(
            f"{shown('' if value is None else value)} is not train, valid or test",
            place=records.where(i, column),
            mend="correct the word",
        )
    return word


def _refuse_without_effect(settings: DataSettings) -> None:
    if settings.group is not None:
        raise UsageError(
            f"--group {settings.group}: all splits are given, so no group can be kept together; leave it out"
        )
    if settings.split_seed != DataSettings().split_seed:
        raise UsageError(f"--set split_seed={settings.split_seed}: all splits are given, none is drawn; leave it out")


def _drawn(
    records: Records,
    settings: DataSettings,
    group: str | None,
    output: str | None,
    shares: Mapping[str, float],
    notes: list[str],
) -> dict[str, Records]:
    """Train, and the parts of which ``shares`` gives the fraction; with ``output``, each of its classes by itself."""
    if sum(shares.values()) >= 1:
        taken = " and ".join(f"--{name} {share:g}" for name, share in sorted(shares.items(), reverse=True))
        raise UsageError(f"{taken} leave nothing to train on; give smaller fractions")
    classes = None if output is None else [class_name(value) for value in records.column(output)]
    if group is None:
        notes += single_rows(classes or ())
        where = rows_drawn(len(records), classes, shares, settings.split_seed)
    else:
        groups = [class_name(value) for value in records.column(group)]
        where = groups_drawn(groups, classes, shares, settings.split_seed)
        notes.append(f'rows of one "{group}" stay together: {len(set(groups)):,} groups')
    return {name: records.select([i for i, part in enumerate(where) if part == name]) for name in ("train", *shares)}


def _labelled(records: Records, output: str, settings: DataSettings) -> tuple[Records, list[str]]:
    """Without the rows whose output is missing; where a row has several labels, none at all is an answer too."""
    values = records.column(output)
    if settings.label_separator is not None:
        return records, []
    without = [i for i, value in enumerate(values) if is_missing(value, settings.missing)]
    if not without:
        return records, []
    if len(without) == len(values):
        raise DataError(
            "no row has a value to learn",
            place=Place(records.source, None, output),
            mend="fill in the column, or choose another --output",
        )
    left_out = set(without)
    first = records.where(without[0], output)
    one = len(without) == 1
    rows = "1 row has" if one else f"{len(without):,} rows have"
    note = f"{rows} no value to learn and {'is' if one else 'are'} left out{'' if one else ', the first'}: {first}"
    return records.select([i for i in range(len(values)) if i not in left_out]), [note]


def _strands(records: Records, inputs: Sequence[str]) -> tuple[str, ...]:
    """The inputs that hold DNA or RNA."""
    texts = {name: [value for value in records.columns[name] if isinstance(value, str)] for name in inputs}
    return tuple(name for name, values in texts.items() if values and are_nucleotides(values))


def _distinct(
    records: Records, columns: Sequence[str], strands: Sequence[str], notes: list[str]
) -> tuple[Records, int]:
    """Each different row once, where it first stands, and how many are left out."""
    first: dict[str, int] = {}
    for i, row in enumerate(_rows(records, columns, strands)):
        first.setdefault(row, i)
    repeated = len(records) - len(first)
    if not repeated:
        return records, 0
    verb = "repeats an earlier one" if repeated == 1 else "repeat an earlier one"
    left_out = "is left out" if repeated == 1 else "are left out"
    same = "same input, on either strand, same output" if strands else "same input, same output"
    notes.append(f"{repeated:,} of {len(records):,} rows {verb} ({same}) and {left_out}")
    return records.select(first.values()), repeated


def _contradictions(records: Records, inputs: Sequence[str], output: str, strands: Sequence[str]) -> list[str]:
    outputs: dict[str, set[str]] = {}
    rows: Counter[str] = Counter()
    for seen, value in zip(_rows(records, inputs, strands), records.column(output), strict=True):
        outputs.setdefault(seen, set()).add(repr(value))
        rows[seen] += 1
    several = [seen for seen, values in outputs.items() if len(values) > 1]
    if not several:
        return []
    count = sum(rows[seen] for seen in several)
    stand = "1 input stands" if len(several) == 1 else f"{len(several):,} inputs stand"
    return [f'{stand} under several values of "{output}" ({count:,} rows): no model can get all of them right']


def _overlap(train: Records, other: Records, columns: Sequence[str], strands: Sequence[str], name: str) -> list[str]:
    seen = set(_rows(train, columns, strands))
    both = sum(row in seen for row in _rows(other, columns, strands))
    verb = "stands" if both == 1 else "stand"
    return [f"{both:,} of {len(other):,} {name} rows {verb} in train too; given so, and kept"] if both else []


def _rows(records: Records, columns: Sequence[str], strands: Sequence[str]) -> list[str]:
    """Each row in a form that can be compared, whatever it holds; of ``strands`` both are the same."""
    found = [
        [either_strand(value) if isinstance(value, str) else value for value in records.columns[name]]
        if name in strands
        else records.columns[name]
        for name in columns
    ]
    return [repr(row) for row in zip(*found, strict=True)]


def _why_empty(
    name: str, parts: Mapping[str, Records], asked: str | None, laid_out: str | None, classes: str | None
) -> str:
    """``classes``: the output, where each of its classes was shared out by itself."""
    problem, count = f"the {name} split has no rows", sum(map(len, parts.values()))
    if asked is not None or laid_out is not None:
        return (
            f'{problem}: the groups of "{asked or laid_out}" are too few or too large to be shared out; '
            f"give more groups, or a larger fraction, or {'leave --group out' if asked else 'name another --group'}"
        )
    different = 0 if classes is None else len({class_name(v) for p in parts.values() for v in p.column(classes)})
    if count > 2 and different > count / 2:
        return (
            f'{problem}: "{classes}" has {different:,} different values in {count:,} rows, too many for classes; '
            "if they are texts to be written, say --task transduce, else choose another column with --output"
        )
    return (
        f"{problem}: {count:,} different {'row is' if count == 1 else 'rows are'} too few; "
        "give more rows, or larger fractions with --valid and --test"
    )
