"""Train, valid and test: by fraction, by a column, by groups, or from files of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.data.files import read
from throughtime.data.order import permutation
from throughtime.data.records import Records, same_columns
from throughtime.data.settings import DataSettings
from throughtime.data.values import is_missing, shown
from throughtime.errors import DataError, Place, UsageError

NAMES = ("train", "valid", "test")
WORDS = {"train": "train", "training": "train", "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid", "test": "test"}


@dataclass(frozen=True)
class Splits:
    """Three parts of the material; ``notes`` say how they came about. ``repeated`` counts the identical rows left out."""

    train: Records
    valid: Records
    test: Records
    notes: tuple[str, ...]
    repeated: int = 0


def given_splits(records: Records, settings: DataSettings) -> dict[str, Records]:
    """The splits that have a file or folder of their own; their columns must be those of ``records``."""
    found = {}
    for name in ("valid", "test"):
        value = getattr(settings, name)
        if _fraction(value) is None:
            if not Path(value).expanduser().exists():
                raise UsageError(f"--{name} {value}: it is neither a fraction between 0 and 1 nor a file or folder that is there")
            found[name] = read(value, settings)
            same_columns(records, found[name])
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
    """The three splits. In splits made here identical rows (inputs and output) are removed; given ones are left as they are.

    Raises UsageError and DataError where a split would be empty or the split column holds other words.
    """
    columns = (*inputs, output)
    if len(records) == 0:
        raise DataError("there are no rows", place=Place(records.source), mend="give a file with rows")
    records, notes = _labelled(records, output, settings)
    labels = records.split if settings.split is None else records.column(settings.split)
    if labels is not None and not given:
        by_row = [_word(records, i, label, settings.split) for i, label in enumerate(labels)]
        if set(by_row) >= {"train", "test"}:
            return _by_column(records, by_row, settings, columns, output, stratify, notes)
        if settings.split is not None:
            raise DataError("it must say train and test (and may say valid)", place=Place(records.source, None, settings.split), mend=f"found only {', '.join(sorted(set(by_row)))}")
    kept, repeated = _distinct(records, columns)
    if repeated:
        notes.append(f"{repeated:,} of {len(records):,} rows repeat an earlier one (same input, same output) and are left out")
    records = records.select(kept)
    _note_contradictions(records, inputs, output, notes)
    parts = _by_fraction(records, settings, output, stratify, given, notes)
    for name, part in given.items():
        parts[name], more = _labelled(part, output, settings)
        notes.extend(more)
        _note_overlap(parts["train"], parts[name], columns, name, notes)
    return _finished(parts, notes, repeated)


def _by_column(
    records: Records, by_row: Sequence[str], settings: DataSettings, columns: Sequence[str], output: str, stratify: bool, notes: list[str]
) -> Splits:
    parts = {name: records.select([i for i, word in enumerate(by_row) if word == name]) for name in NAMES}
    if not len(parts["valid"]):
        notes.append("no row says valid: a share of the training rows is taken")
        made = _by_fraction(parts["train"], settings, output, stratify, {"test": parts["test"]}, notes)
        parts |= {"train": made["train"], "valid": made["valid"]}
    for name in ("valid", "test"):
        _note_overlap(parts["train"], parts[name], columns, name, notes)
    return _finished(parts, notes, 0)


def _finished(parts: Mapping[str, Records], notes: list[str], repeated: int) -> Splits:
    for name in NAMES:
        if not len(parts[name]):
            raise UsageError(f"the {name} split has no rows; give more rows, or other fractions for --valid and --test")
    notes.append("rows: " + ", ".join(f"{len(parts[name]):,} {name}" for name in NAMES))
    return Splits(parts["train"], parts["valid"], parts["test"], tuple(notes), repeated)


def _by_fraction(
    records: Records, settings: DataSettings, output: str, stratify: bool, given: Mapping[str, Records], notes: list[str]
) -> dict[str, Records]:
    shares = {name: 0.0 if name in given else _fraction(getattr(settings, name)) or 0.0 for name in ("valid", "test")}
    if sum(shares.values()) >= 1:
        raise UsageError(f"--valid {shares['valid']:g} and --test {shares['test']:g} leave nothing to train on")
    if settings.group is not None:
        where = _whole_groups(records, settings, shares)
        notes.append(f'rows of one "{settings.group}" stay together')
    else:
        where = _drawn(records, settings, output if stratify else None, shares)
    parts = {name: records.select(np.flatnonzero(where == k).tolist()) for k, name in enumerate(NAMES)}
    return {name: given.get(name, part) for name, part in parts.items()}


def _drawn(records: Records, settings: DataSettings, output: str | None, shares: Mapping[str, float]) -> np.ndarray:
    """The split of each row, drawn by ``split_seed``; with ``output``, each class by itself, one row of it at least in training."""
    where = np.zeros(len(records), dtype=np.int64)
    keys = np.array(["" if output is None else str(value).strip() for value in records.columns[output or next(iter(records.columns))]] if output else [""] * len(records))
    order = permutation(len(records), settings.split_seed)
    debt = {name: 0.0 for name in shares}
    for key in sorted(set(keys.tolist())):
        rows = order[keys[order] == key]
        at = 0
        for k, name in ((2, "test"), (1, "valid")):
            wanted = shares[name] * len(rows) + debt[name]
            take = min(round(wanted), len(rows) - 1 - at)
            take = max(take, 0)
            debt[name] = wanted - take
            where[rows[at : at + take]] = k
            at += take
    return where


def _whole_groups(records: Records, settings: DataSettings, shares: Mapping[str, float]) -> np.ndarray:
    """Whole groups, in a drawn order, to test until it is full, then to valid, the others to train."""
    groups = [str(value) for value in records.column(settings.group or "")]
    names = sorted(set(groups))
    sizes = Counter(groups)
    order = permutation(len(names), settings.split_seed)
    where, filled = {}, {name: 0 for name in shares}
    for place in order:
        name = names[place]
        where[name] = 0
        for k, part in ((2, "test"), (1, "valid")):
            if shares[part] and filled[part] + sizes[name] / 2 <= shares[part] * len(records):
                where[name], filled[part] = k, filled[part] + sizes[name]
                break
    return np.array([where[group] for group in groups])


def _labelled(records: Records, output: str, settings: DataSettings) -> tuple[Records, list[str]]:
    """Without the rows whose output is missing."""
    values = records.column(output)
    kept = [i for i, value in enumerate(values) if isinstance(value, (list, tuple)) or settings.label_separator or not is_missing(value, settings.missing)]
    if len(kept) == len(values):
        return records, []
    first = records.where(next(i for i in range(len(values)) if i not in set(kept[: i + 1])), output)
    if not kept:
        raise DataError("no row has a value to learn", place=Place(records.source, None, output), mend="fill in the column, or choose another --output")
    return records.select(kept), [f"{len(values) - len(kept):,} rows have no value to learn and are left out, the first is {first}"]


def _distinct(records: Records, columns: Sequence[str]) -> tuple[list[int], int]:
    seen: dict[Any, int] = {}
    for i, row in enumerate(zip(*(records.columns[name] for name in columns), strict=True)):
        seen.setdefault(repr(row), i)
    return list(seen.values()), len(records) - len(seen)


def _note_contradictions(records: Records, inputs: Sequence[str], output: str, notes: list[str]) -> None:
    counts = Counter(repr(row) for row in zip(*(records.columns[name] for name in inputs), strict=True))
    several = sum(count > 1 for count in counts.values())
    if several:
        rows = sum(count for count in counts.values() if count > 1)
        notes.append(f'{several:,} inputs stand under several values of "{output}" ({rows:,} rows): no model can get all of them right')


def _note_overlap(train: Records, other: Records, columns: Sequence[str], name: str, notes: list[str]) -> None:
    seen = {repr(row) for row in zip(*(train.columns[column] for column in columns), strict=True)}
    both = sum(repr(row) in seen for row in zip(*(other.columns[column] for column in columns), strict=True))
    if both:
        notes.append(f"{both:,} of {len(other):,} {name} rows stand in train too; they were given so and are kept")


def _word(records: Records, i: int, label: Any, column: str | None) -> str:
    word = WORDS.get(str(label).strip().lower())
    if word is None:
        raise DataError(f"{shown(label)} is not train, valid or test", place=records.where(i, column), mend="correct the word")
    return word


def _fraction(value: str) -> float | None:
    try:
        share = float(value)
    except ValueError:
        return None
    if not 0 < share < 1:
        raise UsageError(f"{value} as a fraction: it must lie between 0 and 1")
    return share
