"""Tables of numbers, each of them a series: known by their beginning, read one after the other with equal columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from throughtime.data.files.decoding import lines_of, read_text
from throughtime.data.files.folders import holds_splits, listing
from throughtime.data.files.sniffing import delimiter_of, has_header
from throughtime.data.files.table import read_table
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import is_number
from throughtime.errors import DataError, Place
from throughtime.settings import changed

SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".dat")
HEAD = 4096
LOOKED = 12  # files of a folder by which it is recognised


def tables_in(folder: Path) -> list[Path]:
    """The files of a folder whose names are those of tables."""
    return [file for file in listing(folder).files if file.suffix.lower() in SUFFIXES]


def columns_of(path: Path) -> tuple[str, ...] | None:
    """The columns of a table of numbers, by its beginning, or their numbers without a header; None for all else.

    At least half of the columns must hold numbers.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return None
    lines = [line for line in lines_of(head.decode("utf-8", "replace")) if line.strip()]
    lines = lines[:-1] if len(head) == HEAD else lines
    if not lines:
        return None
    delimiter = delimiter_of("\n".join(lines), path.suffix.lower())
    try:
        rows = (
            list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True)) if delimiter else [[x] for x in lines]
        )
    except csv.Error:
        return None
    named = has_header(rows)
    width, data = len(rows[0]), rows[1:] if named else rows
    if not data or any(len(row) != width for row in rows):
        return None
    numbers = sum(all(is_number(row[k]) for row in data) for k in range(width))
    if 2 * numbers < width:
        return None
    return tuple(cell.strip().lstrip("#") for cell in rows[0]) if named else tuple(str(k + 1) for k in range(width))


def usual_columns(files: Sequence[Path]) -> tuple[str, ...] | None:
    """The columns that at least two of the first files have, and half of them; None where they are no such tables."""
    looked = files[:LOOKED]
    found = Counter(columns for file in looked if (columns := columns_of(file)) is not None)
    columns, count = found.most_common(1)[0] if found else ((), 0)
    return columns if count >= 2 and 2 * count >= len(looked) else None


def home_of(folder: Path) -> Path | None:
    """Where a folder holds a file a series: in itself, or in the one of its folders with the most of them."""
    homes = [home for home in (folder, *listing(folder).folders) if _is_home(home)]
    return max(homes, key=lambda home: len(tables_in(home)), default=None)


def _is_home(folder: Path) -> bool:
    files = tables_in(folder)
    columns = usual_columns(files)
    if columns is None:
        return False
    # a folder of .txt files may hold a file a class, with a sample a line
    return len(columns) > 1 or any(file.suffix.lower() != ".txt" for file in files)


def holds_series(path: Path) -> bool:
    """Whether a folder holds a table of numbers for each series, and no folder a class."""
    if not path.is_dir() or holds_splits(path) or class_columns(path):
        return False
    return home_of(path) is not None


def class_columns(path: Path) -> tuple[str, ...]:
    """The columns of the tables of numbers that stand in a folder a class, alike in all; nothing where they do not."""
    folders = listing(path).folders
    if len(folders) < 2 or holds_splits(path):
        return ()
    found = {(usual_columns(tables_in(folder)) or _only(tables_in(folder)) or ()) for folder in folders[:LOOKED]}
    return found.pop() if len(found) == 1 else ()


def _only(files: Sequence[Path]) -> tuple[str, ...] | None:
    return columns_of(files[0]) if len(files) == 1 else None


def read_series(files: Sequence[Path], names: Sequence[str], settings: DataSettings, source: str) -> Records:
    """The rows of all files one after the other, as they stand; ``names`` are those of the files in messages.

    Raises DataError for a file that is empty or has other columns than the first.
    """
    parts: list[Records] = []
    for path, name in zip(files, names, strict=True):
        parts.append(_table(path, settings, name))
        if len(parts) == 1:
            settings = _as_first(path, settings, parts[0])
        _require_same(parts[0], parts[-1], names[0], name)
    columns: dict[str, list[Any]] = {
        column: [value for part in parts for value in part.columns[column]] for column in parts[0].columns
    }
    file_of = [k for k, part in enumerate(parts) for _ in range(len(part))]
    rows = [row for part in parts for row in part.places.rows]
    return Records(columns, source, Places(tuple(names), file_of, rows))


def _table(path: Path, settings: DataSettings, name: str) -> Records:
    try:
        return read_table(path, settings)
    except DataError as error:
        raise DataError(error.problem, mend=error.mend, place=replace(error.place, file=name)) from None


def _as_first(path: Path, settings: DataSettings, first: Records) -> DataSettings:
    """Settings that read the others as the first file was read, whatever they begin with."""
    text, _ = read_text(path, settings, path.name)
    delimiter = delimiter_of(text, path.suffix.lower()) if settings.delimiter == "auto" else settings.delimiter
    named = settings.header if settings.header != "auto" else ("no" if "1" in first.columns else "yes")
    return changed(settings, header=named, **({"delimiter": delimiter} if delimiter else {}))


def _require_same(first: Records, other: Records, first_name: str, name: str) -> None:
    known, found = list(first.columns), list(other.columns)
    if set(known) == set(found):
        return
    place = Place(name, other.places.rows[0] if len(other) else None)
    if len(known) != len(found):
        problem = f"{len(found)} {'column' if len(found) == 1 else 'columns'} where {first_name} has {len(known)}"
    else:
        missing = next(column for column in known if column not in found)
        problem = f'the column "{missing}" of {first_name} is missing; here are {", ".join(found)}'
    raise DataError(problem, place=place, mend="give every file the same columns, or take it out of the folder")
