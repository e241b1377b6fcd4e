"""A folder in which each ``.txt`` file is a class and each line of it a sample."""

from __future__ import annotations

from pathlib import Path

from throughtime.data.files.decoding import lines_of, read_text
from throughtime.data.files.folders import encodings_in_words, folder_name, holds_splits, left_aside, listing
from throughtime.data.files.format import Format, formats
from throughtime.data.files.midi import is_midi
from throughtime.data.files.number_tables import holds_series
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place


def read_class_files(folder: Path, settings: DataSettings) -> Records:
    """Columns ``text`` and ``label`` (the file's name without ``.txt``); blank lines are left out and counted."""
    root, found = folder_name(folder), listing(folder)
    texts: list[str] = []
    labels: list[str] = []
    file_of: list[int] = []
    rows: list[int | None] = []
    files: list[str] = []
    encodings: dict[str, str] = {}
    blank = 0
    for path in _class_files(folder):
        name = root + path.name
        content, encodings[path.name] = read_text(path, settings, name)
        before = len(texts)
        for row, line in enumerate(lines_of(content), start=1):
            if line.strip():
                texts.append(line.strip())
                rows.append(row)
            else:
                blank += 1
        if len(texts) == before:
            raise DataError(
                "the file holds no sample", place=Place(name), mend="give one sample a line, or remove the file"
            )
        labels += [path.stem] * (len(texts) - before)
        file_of += [len(files)] * (len(texts) - before)
        files.append(name)
    if not files:
        raise DataError(
            "the folder holds no .txt file", place=Place(root), mend="give one .txt file a class, one sample a line"
        )
    count = f"{len(files)} {'class' if len(files) == 1 else 'classes'}"
    notes = [
        f"{root}: a folder in which each file is a class, one sample a line: {count}, {encodings_in_words(encodings)}"
    ]
    notes += [f"{root}: {blank} blank lines left out"] if blank else []
    unread = [file for file in found.files if file.suffix.lower() != ".txt"]
    notes += left_aside(folder, [*found.folders, *unread, *found.beside])
    places = Places(tuple(files), file_of, rows)
    return Records({"text": texts, "label": labels}, root, places, tuple(notes), {"text": "input", "label": "output"})


def _class_files(folder: Path) -> list[Path]:
    return [file for file in listing(folder).files if file.suffix.lower() == ".txt"]


def is_class_files(path: Path, head: bytes) -> bool:
    """A folder with ``.txt`` files and at most one folder in it; beside MIDI files they are about these."""
    if not path.is_dir() or holds_splits(path) or is_midi(path, head) or len(listing(path).folders) > 1:
        return False
    return bool(_class_files(path)) and not holds_series(path)


formats.add(
    "class_files",
    Format(
        "class_files",
        "a folder in which each .txt file is a class, one sample a line",
        is_class_files,
        read_class_files,
    ),
)
