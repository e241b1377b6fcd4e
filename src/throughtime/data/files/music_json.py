"""Music in JSON: pieces, each a list of frames, each a list of MIDI notes; by split, as the benchmarks have it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from throughtime.data.files.decoding import parsed_json, read_text
from throughtime.data.files.folders import SPLIT_NAMES, split_name
from throughtime.data.files.format import Format, formats
from throughtime.data.music import NESTED, Mended, Piece, frame_length, frames_of, music_records
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import shown
from throughtime.errors import DataError, Place

WORDS = "|".join(word for words in SPLIT_NAMES.values() for word in words)
BEGINNING = re.compile(rf'\s*(\{{\s*"({WORDS})"\s*:\s*\[\s*[\[\]]|\[\s*\[\s*[\[\d\]-])')


def read_music_json(path: Path, settings: DataSettings) -> Records:
    """A row for each piece: columns ``notes`` and ``next``; the splits as the file names them.

    Raises DataError, with piece and frame, for what is no music; see :func:`throughtime.data.music.frames_of`.
    """
    frame_length(settings)  # what is none is refused, though it matters only where music is written
    text, encoding = read_text(path, settings, path.name)
    value = parsed_json(text, Place(path.name), "check its brackets and commas")
    return pieces_to_records(value, path.name, f", {encoding}")


def pieces_of_json(path: Path, settings: DataSettings) -> list[Piece]:
    """The pieces themselves, however few frames they have; of a file with splits all, one split after the other."""
    text, _ = read_text(path, settings, path.name)
    value = parsed_json(text, Place(path.name), "check its brackets and commas")
    return [piece for part in pieces_by_split(value, path.name, Mended()).values() for piece in part]


def pieces_to_records(value: Any, name: str, said: str = "") -> Records:
    """Pieces, or pieces by split, as plain values, to records; ``said`` is added to what is told of them."""
    mended = Mended()
    parts = pieces_by_split(value, name, mended)
    pieces = [piece for part in parts.values() for piece in part]
    frames = sum(len(piece.frames) for piece in pieces)
    note = f"{name}: music, {len(pieces):,} pieces with {frames:,} frames{said}"
    split = None if "" in parts else [split for split, part in parts.items() for _ in part]
    return music_records(pieces, name, [note, *mended.notes(name)], split)


def pieces_by_split(value: Any, name: str, mended: Mended) -> dict[str, list[Piece]]:
    """By split, or all under the empty name where the value names none; a piece by itself is the only one."""
    if isinstance(value, Mapping):
        return _splits(value, name, mended)
    if not isinstance(value, (list, tuple)):
        raise DataError(f"{shown(value)} is no list of pieces", place=Place(name), mend=NESTED)
    alone = bool(value) and all(_is_flat(entry) for entry in value) and any(value)
    return {"": _pieces([value] if alone else value, name, mended)}


def _is_flat(entry: Any) -> bool:
    """A frame, and no piece: what stands in it are no lists."""
    return isinstance(entry, (list, tuple)) and not any(isinstance(note, (list, tuple)) for note in entry)


def _splits(value: Mapping[Any, Any], name: str, mended: Mended) -> dict[str, list[Piece]]:
    found: dict[str, list[Piece]] = {}
    for key, part in value.items():
        split = split_name(str(key))
        if split is None:
            near = difflib.get_close_matches(str(key), SPLIT_NAMES, n=1)
            mend = f'is it "{near[0]}"?' if near else "name them train, valid and test"
            raise DataError(f"{shown(key)} is the name of no split", place=Place(name), mend=mend)
        if split in found:
            raise DataError(f"{shown(key)} is a second {split} split", place=Place(name), mend="join the two")
        if not isinstance(part, (list, tuple)):
            raise DataError(f"{shown(part)} is no list of pieces", place=Place(f"{name}, {key}"), mend=NESTED)
        if not part:
            mend = "put a piece into it, or leave it out and have it drawn from train"
            raise DataError(f"the {split} split is empty", place=Place(f"{name}, {key}"), mend=mend)
        found[split] = _pieces(part, f"{name}, {key}", mended)
    if "train" not in found:
        raise DataError("there is no train split", place=Place(name), mend='name the pieces to learn from "train"')
    return {split: found[split] for split in SPLIT_NAMES if split in found} if len(found) > 1 else {"": found["train"]}


def _pieces(part: Any, name: str, mended: Mended) -> list[Piece]:
    places = [Place(name, row) for row in range(1, len(part) + 1)]
    return [Piece(frames_of(value, place, mended), place) for value, place in zip(part, places, strict=True)]


def is_music_json(head: bytes) -> bool:
    """Whether a file begins as pieces do: lists in lists, or a split's name and then lists.

    >>> is_music_json(b'{"train": [[[60, 64], []'), is_music_json(b'[[[60], [61]]]'), is_music_json(b'[{"text": "a"}]')
    (True, True, False)
    """
    return BEGINNING.match(head.decode("utf-8-sig", errors="replace")) is not None


formats.add(
    "music_json",
    Format(
        "music_json",
        'music in JSON: {"train": [piece, ...], ...}, a piece a list of frames, a frame a list of MIDI notes',
        lambda path, head: is_music_json(head),
        read_music_json,
        settings=("frame",),
    ),
)
