"""A folder with a file a series, a row a step; tables beside them say what holds for a whole series, as its target."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from throughtime.data.files.folders import folder_name, left_aside, listing
from throughtime.data.files.format import Format, formats
from throughtime.data.files.number_tables import columns_of, holds_series, home_of, read_series, tables_in
from throughtime.data.files.series_ids import as_name, best_way, names_of
from throughtime.data.files.table import read_table
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

TARGET = re.compile(r"target|label|class|truth|annotation|diagnos", re.IGNORECASE)


@dataclass(frozen=True)
class Told:
    """A table that says something of each series: its column ``key`` names them, in this ``way``."""

    path: Path
    records: Records
    key: str
    way: str

    @property
    def others(self) -> list[str]:
        """Its columns but for the key."""
        return [column for column in self.records.columns if column != self.key]


def read_series_folder(folder: Path, settings: DataSettings) -> Records:
    """The steps of all series, with the columns of their files and those of the tables that know every series.

    Raises DataError for a series of which a table says nothing or twice, one that has no file, and files that are no
    tables with the same columns.
    """
    root, home = folder_name(folder), home_of(folder)
    if home is None:
        mend = "give a file of numbers for each series, all with the same columns"
        raise DataError("the folder holds no tables of numbers", place=Place(root), mend=mend)
    files, told = _sorted(folder, home, settings)
    way = told[0].way if told else "stem"
    names = names_of(files, way)
    _require_different(files, names)
    records = read_series(files, [file.name for file in files], settings, root)
    key = told[0].key if told else "series"
    of = records.places.file_of
    columns: dict[str, list[Any]] = {key: [names[k] for k in of]}
    elsewhere: dict[str, list[tuple[str, int | None]]] = {}
    for table in told:
        rows = _row_of_each(table, files)
        for column in table.others:
            if column in columns or column in records.columns:
                place = Place(table.path.name, None, column)
                raise DataError("another file has a column of this name", place=place, mend="rename one of them")
            values, places = table.records.columns[column], table.records.places
            columns[column] = [values[rows[k]] for k in of]
            elsewhere[column] = [(table.path.name, places.rows[rows[k]]) for k in of]
    if key in records.columns:
        place = Place(files[0].name, None, key)
        raise DataError("the tables of the series have a column of this name", place=place, mend="rename one of them")
    output = _target(told)
    inside = "" if home == folder else f" in {home.name}/"
    first = (
        f"{root}: a folder with a file a series: {len(files):,} files{inside}, columns: {', '.join(records.columns)}"
    )
    notes = [first, *(f"{table.path.name}: of each series {', '.join(table.others)}, by {table.key}" for table in told)]
    found = listing(folder)
    used = {home, *files, *(table.path for table in told), *(table.path.parent for table in told)}
    notes += left_aside(folder, [entry for entry in (*found.folders, *found.files, *found.beside) if entry not in used])
    return replace(
        records,
        columns={**columns, **records.columns},
        places=replace(records.places, elsewhere=elsewhere),
        notes=tuple(notes),
        roles={} if output is None else {output: "output"},
        series=key,
    )


def _sorted(folder: Path, home: Path, settings: DataSettings) -> tuple[list[Path], list[Told]]:
    """The files of series, and the tables about them, those named as targets first."""
    looks = {file: columns_of(file) for file in tables_in(home)}
    usual = Counter(look for look in looks.values() if look is not None).most_common(1)[0][0]
    alike = [file for file, look in looks.items() if look == usual]
    around = [other for other in dict.fromkeys((folder, *listing(folder).folders)) if other != home]
    candidates = [file for file, look in looks.items() if look != usual]
    candidates += [file for other in around for file in tables_in(other)]
    told = [table for file in candidates if (table := _about(file, alike, settings)) is not None]
    told.sort(key=lambda table: (TARGET.search(table.path.stem) is None, table.path.parent != home))
    suffixes = {file.suffix.lower() for file in alike}  # a description.txt beside tables is none of them
    tables = {table.path for table in told}
    return [file for file in looks if file not in tables and file.suffix.lower() in suffixes], told


def _about(path: Path, files: Sequence[Path], settings: DataSettings) -> Told | None:
    """The table, if a column of it names most of these files, or if it is called a table of targets and names some."""
    try:
        records = read_table(path, settings)
    except DataError:
        return None
    if len(records.columns) < 2:
        return None
    best = max(
        ((*best_way(values, files), column) for column, values in records.columns.items()), key=lambda found: found[1]
    )
    way, count, column = best
    called = TARGET.search(path.stem) is not None
    if 2 * count < len(files) and not (called and count and 2 * count >= min(len(records), len(files))):
        return None
    return Told(path, records, column, way)


def _row_of_each(table: Told, files: Sequence[Path]) -> list[int]:
    """For each file the row of the table about it."""
    names = names_of(files, table.way)
    known = set(names)
    found: dict[str, int] = {}
    for i, value in enumerate(table.records.columns[table.key]):
        name = as_name(value, table.way)
        place = table.records.where(i, table.key)
        if name in found:
            row = table.records.places.rows[found[name]]
            raise DataError(f'"{value}" stands in row {row} already', place=place, mend="give each series one row")
        if name not in known:
            mend = f"put its file into {files[0].parent.name}/, or remove the row"
            raise DataError(f'no file holds the series "{value}"', place=place, mend=mend)
        found[name] = i
    for file, name in zip(files, names, strict=True):
        if name not in found:
            mend = f"add a row with {name}, or take the file out of the folder"
            raise DataError(f"no row of {table.path.name} says what it is", place=Place(file.name), mend=mend)
    return [found[name] for name in names]


def _require_different(files: Sequence[Path], names: Sequence[str]) -> None:
    first: dict[str, Path] = {}
    for file, name in zip(files, names, strict=True):
        if name in first:
            problem = f'it is the series "{name}", as is {first[name].name}'
            raise DataError(problem, place=Place(file.name), mend="rename or remove one of them")
        first[name] = file


def _target(told: Sequence[Told]) -> str | None:
    """The column that is to be learnt, where one table, or one by its name, has a single one."""
    named = [table for table in told if TARGET.search(table.path.stem)] or list(told)
    return named[0].others[0] if len(named) == 1 and len(named[0].others) == 1 else None


def is_series_folder(path: Path, head: bytes) -> bool:
    """A folder with tables of numbers in it or in one of its folders, several of them with the same columns."""
    return holds_series(path)


formats.add(
    "series_folder",
    Format(
        "series_folder",
        "a folder with a file a series, a table of numbers, and tables that say what each of them is",
        is_series_folder,
        read_series_folder,
    ),
)
