"""A folder of files side by side: one for each split and column, a sentence a line, named ``train.de train.en``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from throughtime.data.files.decoding import lines_of, read_text
from throughtime.data.files.folders import (
    SPLIT_NAMES,
    encodings_in_words,
    folder_name,
    left_aside,
    listing,
    split_name,
)
from throughtime.data.files.format import Format, formats
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place, UsageError

# what files are named whose suffix says how they are written, not in which language
FORMATS = (
    "txt", "text", "csv", "tsv", "tab", "json", "jsonl", "ndjson", "conll", "conllu", "iob", "iob2", "bio", "dict",
    "md", "py", "png", "jpg", "wav", "gz", "zip", "bz2", "xz", "npy", "parquet",
    "fasta", "fna", "faa", "ffn", "frn", "fas", "fastq", "fq",
)  # fmt: skip
LANGUAGE = re.compile("[a-z]{2}")


@dataclass(frozen=True)
class Side:
    """The lines of one file, and its name in messages."""

    name: str
    lines: list[str]


def read_parallel(folder: Path, settings: DataSettings) -> Records:
    """One row a line, one column a suffix; rows whose line is blank in all files are left out and counted.

    Of two columns the first by alphabet is the input, unless ``input`` or ``output`` say otherwise. Raises DataError,
    with file and row, for a file that is missing or has fewer lines than the one beside it and for a line that is blank
    in one file only; UsageError where there are more than two columns and not both ends are named.
    """
    root, named = folder_name(folder), _by_split(folder)
    columns = sorted({column for files in named.values() for column in files})
    if len(columns) < 2:
        mend = "name files of one split alike but for the column, as train.de and train.en"
        raise DataError("holds no two files side by side", place=Place(root), mend=mend)
    roles, splits = _roles(columns, settings, root), _splits(named, root)
    encodings: dict[str, str] = {}
    lines: list[tuple[str, ...]] = []
    file_of: list[int] = []
    rows: list[int | None] = []
    blank = 0
    for k, stem in enumerate(splits):
        sides = [_side(folder, stem, column, named[stem], settings, encodings) for column in columns]
        for row, line in _side_by_side(sides):
            if any(line):
                lines.append(line)
                file_of.append(k)
                rows.append(row)
            else:
                blank += 1
    said = ", ".join(f"{split} from {stem}" if split else stem for stem, split in splits.items())
    layout = f"{root}: files side by side, one sentence a line: columns {', '.join(columns)}"
    notes = [f"{layout}; {said}; {encodings_in_words(encodings)}"]
    notes += [f"{root}: {blank:,} lines that are blank on every side left out"] if blank else []
    notes += left_aside(folder, _others(folder, named))
    table = dict(zip(columns, map(list, zip(*lines, strict=True)), strict=True))
    places = Places(tuple(root + stem for stem in splits), file_of, rows, beside=tuple(columns))
    split = None if len(splits) == 1 else [list(splits.values())[k] for k in file_of]
    return Records(table, root, places, tuple(notes), roles, split, dict.fromkeys(columns, "tokens"))


def _by_split(folder: Path) -> dict[str, dict[str, Path]]:
    """Files by what their names share, and then by column; of files that name no split only where they share it all."""
    found: dict[str, dict[str, Path]] = {}
    for file in listing(folder).files:
        column = file.suffix.removeprefix(".")
        if column and column.lower() not in FORMATS:
            found.setdefault(file.stem, {})[column] = file
    named = {stem: files for stem, files in found.items() if _split_of(stem) is not None}
    return named or (found if len(found) == 1 else {})


def _split_of(stem: str) -> str | None:
    """The split that a name begins with.

    >>> _split_of("test_2016_flickr"), _split_of("val"), _split_of("trains")
    ('test', 'valid', None)
    """
    words = stem.replace("-", "_").replace(".", "_").split("_")
    return split_name(words[0])


def _splits(named: Mapping[str, object], root: str) -> dict[str, str]:
    """The split of each name, in their order; an empty one where there is but one name."""
    if len(named) == 1:
        return dict.fromkeys(named, "")
    by_split: dict[str, str] = {}
    for stem in named:
        split = _split_of(stem) or ""
        if split in by_split:
            problem = f"{by_split[split]} and {stem} both hold the {split} split"
            raise DataError(problem, place=Place(root), mend="keep one of them in the folder")
        by_split[split] = stem
    if "train" not in by_split:
        raise DataError("holds no train split", place=Place(root), mend="name files in it train, such as train.de")
    return {by_split[split]: split for split in SPLIT_NAMES if split in by_split}


def _roles(columns: list[str], settings: DataSettings, root: str) -> dict[str, str]:
    said = {**dict.fromkeys(settings.input, "input"), **dict.fromkeys(settings.output, "output")}
    if len(columns) > 2 and len(set(said.values())) < 2:
        listed = ", ".join(columns)
        raise UsageError(f"{root}: there are {listed}; say with --input and --output which to learn from which")
    if not said:
        return dict(zip(columns, ("input", "output"), strict=True))
    missing = "input" if settings.output else "output"
    if missing not in said.values():
        said |= {column: missing for column in columns if column not in said}
    return {column: said[column] for column in columns if column in said}


def _side(
    folder: Path, stem: str, column: str, files: Mapping[str, Path], settings: DataSettings, encodings: dict[str, str]
) -> Side:
    name = f"{folder_name(folder)}{stem}.{column}"
    if column not in files:
        there = next(iter(files.values())).name
        raise DataError(f"is missing beside {there}", place=Place(name), mend=f"add it, or remove {there}")
    content, encodings[files[column].name] = read_text(files[column], settings, name)
    lines = [line.strip() for line in lines_of(content)]
    if not any(lines):
        raise DataError("the file is empty", place=Place(name), mend="give one sentence a line")
    return Side(name, lines)


def _side_by_side(sides: list[Side]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Row and lines; a DataError where a file ends before the others, or a line is blank in one file only."""
    shortest, longest = (pick(sides, key=lambda side: len(side.lines)) for pick in (min, max))
    have, need = len(shortest.lines), len(longest.lines)
    if have < need:
        problem = f"the file ends with row {have:,}, but {longest.name} has {need:,} rows"
        mend = "give every line its partner; one may be missing far above"
        raise DataError(problem, place=Place(shortest.name, have), mend=mend)
    for row, line in enumerate(zip(*(side.lines for side in sides), strict=True), start=1):
        if any(line) and not all(line):
            raise _half_blank(sides, line, row)
        yield row, line


def _half_blank(sides: list[Side], line: tuple[str, ...], row: int) -> DataError:
    empty = next(side for side, text in zip(sides, line, strict=True) if not text)
    full = next(side for side, text in zip(sides, line, strict=True) if text)
    problem = f"the line is blank, but the one in {full.name} is not"
    return DataError(problem, place=Place(empty.name, row), mend="fill it in, or remove this row from all files")


def _others(folder: Path, named: Mapping[str, Mapping[str, Path]]) -> list[Path]:
    found, read = listing(folder), {path for files in named.values() for path in files.values()}
    return [*found.folders, *(file for file in found.files if file not in read), *found.beside]


def holds_columns(folder: Path) -> bool:
    """Whether a folder holds files of one split side by side, such as ``train.de`` and ``train.en``.

    Or two files and no more that differ in the language alone: ``new.de`` and ``new.en``.
    """
    named = _by_split(folder)
    if any(len(files) > 1 for stem, files in named.items() if _split_of(stem) is not None):
        return True
    (files,) = named.values() if len(named) == 1 else ({},)
    return len(files) > 1 and len(listing(folder).files) == len(files) and all(map(LANGUAGE.fullmatch, files))


def is_parallel(path: Path, head: bytes) -> bool:
    """A folder with at least two files that are named alike but for a suffix, which names a column."""
    return path.is_dir() and holds_columns(path)


formats.add(
    "parallel",
    Format(
        "parallel",
        "a folder of files side by side, a sentence a line, named by split and column (train.de, train.en)",
        is_parallel,
        read_parallel,
    ),
)
