"""A folder in which each folder is a class and each file in it a series: a table of numbers, a row a step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from throughtime.data.files.folders import folder_name, left_aside, listing
from throughtime.data.files.format import Format, formats
from throughtime.data.files.number_tables import class_columns, read_series, tables_in
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place


def read_class_series(folder: Path, settings: DataSettings) -> Records:
    """The steps of all series, with the columns of the tables, ``series`` (folder and file) and ``label``."""
    root, found = folder_name(folder), listing(folder)
    files: list[Path] = []
    for inside in found.folders:
        tables = tables_in(inside)
        if not tables:
            raise DataError(
                "the folder of this class holds no table",
                place=Place(f"{root}{inside.name}/"),
                mend="put one file a series in it, or remove it",
            )
        files += tables
    if not files:
        raise DataError(
            "the folder holds no folder", place=Place(root), mend="give one folder a class, one file a series"
        )
    named = [f"{file.parent.name}/{file.name}" for file in files]
    records = read_series(files, named, settings, root)
    for column in ("series", "label"):
        if column in records.columns:
            place = Place(named[0], None, column)
            raise DataError("the folders give a column of this name", place=place, mend="rename it in the files")
    of = records.places.file_of
    added = {"series": [named[k] for k in of], "label": [files[k].parent.name for k in of]}
    first = f"{root}: a folder in which each folder is a class and each file a series"
    listed = f"{len(found.folders)} classes, {len(files):,} files, columns: {', '.join(records.columns)}"
    notes = [f"{first}: {listed}", *left_aside(folder, [*found.files, *found.beside])]
    return replace(
        records,
        columns={**added, **records.columns},
        notes=tuple(notes),
        roles={"label": "output"},
        series="series",
    )


def is_class_series(path: Path, head: bytes) -> bool:
    """A folder with at least two folders in it, whose files are tables of numbers with the same columns."""
    return path.is_dir() and bool(class_columns(path))


formats.add(
    "class_series",
    Format(
        "class_series",
        "a folder in which each folder is a class and each file in it a series, a table of numbers",
        is_class_series,
        read_class_series,
    ),
)
