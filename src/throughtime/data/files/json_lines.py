"""JSON lines: one object a line; or one JSON list of objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from throughtime.data.files.decoding import lines_of, parsed_json, read_text
from throughtime.data.files.format import Format, formats
from throughtime.data.files.music_json import is_music_json
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import shown
from throughtime.errors import DataError, Place


def read_json_lines(path: Path, settings: DataSettings) -> Records:
    """The records of JSON lines (a row is a line) or of a JSON list (a row is an entry, from 1).

    Columns are the keys of all objects; where one is missing, the value is None, and this is said.
    """
    text, encoding = read_text(path, settings, path.name)
    if text.lstrip().startswith("["):
        objects = _entries(text, path.name)
        form = "a JSON list of objects"
    else:
        objects = _lines(text, path.name)
        form = "JSON lines"
    if not objects:
        raise DataError(
            "the file holds no object",
            place=Place(path.name),
            mend='give one JSON object a line, such as {"text": "..."}',
        )
    names = list(dict.fromkeys(name for _, entry in objects for name in entry))
    columns = {name: [entry.get(name) for _, entry in objects] for name in names}
    places = Places.in_one(path.name, [row for row, _ in objects])
    notes = [f"{path.name}: {form}, {encoding}, keys: {', '.join(names)}", *_gaps(objects, names, path.name)]
    return Records(columns, path.name, places, tuple(notes))


def _lines(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    mend = "give one object a line, or one list of objects in brackets"
    lines = enumerate(lines_of(text), start=1)
    return [
        (row, _object(parsed_json(line, Place(name, row), mend), Place(name, row)))
        for row, line in lines
        if line.strip()
    ]


def _entries(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    entries = parsed_json(text, Place(name), "check its brackets and commas")
    return [(row, _object(entry, Place(name, row))) for row, entry in enumerate(entries, start=1)]


def _object(value: Any, place: Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(
            f"{shown(json.dumps(value))} is not an object", place=place, mend='write {"text": ..., "label": ...}'
        )
    for key, entry in value.items():
        if isinstance(entry, dict):
            at = Place(place.file, place.row, key)
            raise DataError(
                "the value is an object of its own", place=at, mend="lay it out flat: texts, numbers and lists of texts"
            )
    return value


def _gaps(objects: list[tuple[int, dict[str, Any]]], names: list[str], file: str) -> list[str]:
    notes = []
    for name in names:
        rows = [row for row, entry in objects if name not in entry]
        if rows:
            notes.append(
                f'{file}: the key "{name}" is missing in {len(rows)} of {len(objects)} rows, first in row {rows[0]}'
            )
    return notes


def is_json(path: Path, head: bytes) -> bool:
    """A file that begins with an object, or with a list of objects or lists."""
    text = head.decode("utf-8-sig", errors="replace").lstrip()
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return True
    listed = text[:1] == "[" and text[1:].lstrip().startswith('{"')
    return text.startswith('{"') or listed or is_music_json(head)


formats.add(
    "json_lines",
    Format(
        "json_lines",
        "JSON lines: one object a line (or one JSON list of objects)",
        lambda path, head: is_json(path, head) and not is_music_json(head),
        read_json_lines,
    ),
)
