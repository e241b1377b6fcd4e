"""A folder in which each folder is a class and each file in it a sample."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.files.decoding import read_text
from throughtime.data.files.fasta_folder import folders_of_sequences
from throughtime.data.files.folders import encodings_in_words, folder_name, holds_splits, left_aside, listing
from throughtime.data.files.format import Format, formats
from throughtime.data.files.number_tables import class_columns, holds_series
from throughtime.data.files.parallel import holds_columns
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place


def read_class_folders(folder: Path, settings: DataSettings) -> Records:
    """Columns ``text`` (the whole file) and ``label`` (the folder's name); a place is a file and has no row."""
    root, found = folder_name(folder), listing(folder)
    texts: list[str] = []
    labels: list[str] = []
    files: list[str] = []
    notes: list[str] = []
    encodings: dict[str, str] = {}
    for class_folder in found.folders:
        inside = listing(class_folder)
        if not inside.files:
            place = Place(f"{root}{class_folder.name}/")
            raise DataError(
                "the folder of this class holds no file", place=place, mend="put one file a sample in it, or remove it"
            )
        for path in inside.files:
            name = f"{root}{class_folder.name}/{path.name}"
            text, encodings[f"{class_folder.name}/{path.name}"] = read_text(path, settings, name)
            texts.append(text.strip())
            labels.append(class_folder.name)
            files.append(name)
        notes += left_aside(class_folder, [*inside.folders, *inside.beside])
    if not files:
        raise DataError(
            "the folder holds no folder", place=Place(root), mend="give one folder a class, one file a sample"
        )
    empty = sum(not text for text in texts)
    count = f"{len(set(labels))} classes, {len(files):,} files"
    first = f"{root}: a folder in which each folder is a class and each file a sample: {count}"
    notes = [f"{first}, {encodings_in_words(encodings)}", *left_aside(folder, [*found.files, *found.beside]), *notes]
    notes += [f"{root}: {empty:,} files are empty"] if empty else []
    places = Places(tuple(files), range(len(files)), [None] * len(files))
    return Records({"text": texts, "label": labels}, root, places, tuple(notes), {"text": "input", "label": "output"})


def is_class_folders(path: Path, head: bytes) -> bool:
    """A folder with at least two folders in it."""
    if not path.is_dir() or holds_splits(path) or holds_columns(path) or len(listing(path).folders) < 2:
        return False
    return not holds_series(path) and not class_columns(path) and not folders_of_sequences(path)


formats.add(
    "class_folders",
    Format(
        "class_folders",
        "a folder in which each folder is a class, one file a sample",
        is_class_folders,
        read_class_folders,
    ),
)
