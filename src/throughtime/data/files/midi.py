"""MIDI: a file, or a folder of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from throughtime.data.files.decoding import read_bytes
from throughtime.data.files.folders import folder_name, left_aside, listing
from throughtime.data.files.format import Format, formats
from throughtime.data.midi import read_midi
from throughtime.data.music import Mended, Piece, frame_length, music_records
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

SUFFIXES = (".mid", ".midi")


def read_midi_files(path: Path, settings: DataSettings) -> Records:
    """A row for each file: columns ``notes`` and ``next``, in frames as the setting ``frame`` says, and ``tempo``.

    Raises UsageError where the library mido is missing, DataError that names the file for what cannot be read.
    """
    mended = Mended()
    pieces = _pieces(path, settings, mended)
    name = folder_name(path) if path.is_dir() else path.name
    frames = sum(len(piece.frames) for piece in pieces)
    what = f"{len(pieces):,} MIDI files" if path.is_dir() else "MIDI"
    note = f"{name}: {what}, {frames:,} frames of {settings.frame} of a whole note (--set frame=...)"
    aside = left_aside(path, _others(path)) if path.is_dir() else []
    return music_records(pieces, name, [note, *mended.notes(name), *aside])


def pieces_of_midi(path: Path, settings: DataSettings) -> list[Piece]:
    """The pieces themselves, however few frames they have."""
    return _pieces(path, settings, Mended())


def _pieces(path: Path, settings: DataSettings, mended: Mended) -> list[Piece]:
    frame = frame_length(settings)
    files = _files(path) if path.is_dir() else [path]
    if not files:
        raise DataError("holds no MIDI file", place=Place(folder_name(path)), mend="put .mid files into it")
    return [read_midi(read_bytes(file, file.name), Place(file.name), frame, mended) for file in files]


def _files(folder: Path) -> list[Path]:
    return [file for file in listing(folder).files if file.suffix.lower() in SUFFIXES]


def _others(folder: Path) -> Sequence[Path]:
    found = listing(folder)
    return [entry for entry in (*found.folders, *found.files) if entry not in _files(folder)]


def is_midi(path: Path, head: bytes) -> bool:
    """A file that begins as MIDI does or is named so; a folder most of whose files are."""
    if path.is_dir():
        return len(_files(path)) > len(listing(path).files) / 2
    return head.startswith(b"MThd") or path.suffix.lower() in SUFFIXES


formats.add(
    "midi",
    Format("midi", "MIDI files (.mid), one or a folder of them", is_midi, read_midi_files, settings=("frame",)),
)
