"""Whether a source is music, before any of it is read as such."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from throughtime.data.files.folders import listing, splits_by_name
from throughtime.data.files.midi import is_midi, pieces_of_midi
from throughtime.data.files.music_json import is_music_json, pieces_of_json
from throughtime.data.files.reading import existing, head_of
from throughtime.data.music import Piece, is_music
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

FORMATS = ("midi", "music_json")


def holds_music(source: Any, settings: DataSettings) -> bool:
    """A MIDI file, a folder of them, music in JSON, such by split, or pieces that a Python program holds."""
    if not isinstance(source, (str, Path)):
        return is_music(source)
    if settings.format != "auto":
        return settings.format in FORMATS
    path = Path(source).expanduser()
    if not os.path.isdir(path):  # which says no to what can be no path at all
        return os.path.isfile(path) and _is_music_file(path)
    if is_midi(path, b""):
        return True
    found = listing(path)
    inside = {entry.stem: entry for entry in (*found.folders, *found.files)}
    train = [inside[name] for name, split in splits_by_name(list(inside)).items() if split == "train"]
    first = train or (list(inside.values()) if len(inside) == 1 else [])
    return bool(first) and holds_music(first[0], settings)


def _is_music_file(path: Path) -> bool:
    head = head_of(path)
    return is_midi(path, head) or is_music_json(head)


def pieces_of(source: str | Path, settings: DataSettings) -> list[Piece]:
    """The pieces of a MIDI file, a folder of them or music in JSON, also those of a single frame.

    Raises UsageError for a path that is not there, DataError for a file that holds no music.
    """
    path = existing(source)
    if path.is_dir() or is_midi(path, head_of(path)):
        return pieces_of_midi(path, settings)
    if is_music_json(head_of(path)) or path.suffix.lower() == ".json":
        return pieces_of_json(path, settings)
    mend = "give a MIDI file, or JSON: [[60, 64], [], [62]]"
    raise DataError("is no music", place=Place(path.name), mend=mend)
