"""Music as notes: a piece is a list of frames of equal length, a frame the set of the notes that sound in it.

Notes are those of MIDI, of which the 88 keys of a piano are learnt, 21 (A0) to 108 (C8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import shown
from throughtime.errors import DataError, Place, UsageError

LOWEST, HIGHEST = 21, 108
COUNT = HIGHEST - LOWEST + 1
MOST = 127  # of MIDI
REST = -1  # in some files, a voice that is silent
NOTES, NEXT, TEMPO = "notes", "next", "tempo"  # columns
TASK = "language_model"
NESTED = "write a piece as a list of frames, each a list of the notes in it: [[60, 64], [], [62]]"

Frame = tuple[int, ...]  # MIDI notes, rising, each once


@dataclass(frozen=True)
class Piece:
    """Frames, where they stand, and the speed in beats (quarter notes) a minute, where it is known."""

    frames: tuple[Frame, ...]
    place: Place
    tempo: float | None = None


@dataclass
class Mended:
    """What was put right on the way, how often, and where first."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Place] = field(default_factory=dict)

    def add(self, what: str, place: Place, times: int = 1) -> None:
        self.counts[what] += times
        self.first.setdefault(what, place)

    def notes(self, file: str) -> list[str]:
        """In sentences for the user."""
        return [f"{file}: {count:,} {what}, first in {self.first[what]}" for what, count in sorted(self.counts.items())]


OUTSIDE = f"notes outside {LOWEST} to {HIGHEST}, the keys of a piano, are left out"
TWICE = "notes that stand twice in a frame are taken once"
RESTS = f"times {REST} is read as a voice that is silent"


def frame_length(settings: DataSettings) -> Fraction:
    """The setting ``frame`` as a part of a whole note; a UsageError for what is none.

    >>> frame_length(DataSettings(frame="1/8"))
    Fraction(1, 8)
    """
    try:
        found = Fraction(settings.frame)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if not Fraction(1, 256) <= found <= 4:
        raise UsageError(
            f"--set frame={settings.frame}: it must be a part of a whole note, such as 1/16 or 1/8, from 1/256 to 4"
        )
    return found


def frames_of(value: Any, place: Place, mended: Mended | None = None) -> tuple[Frame, ...]:
    """The frames of a piece from nested lists; what is mended on the way is counted.

    Notes outside 21 to 108 are left out, -1 is silence, and a note that stands twice is taken once. Raises DataError,
    with its step, for what is no list of lists of whole numbers from 0 to 127.

    >>> frames_of([[64, 60], [], [60.0, 60, 9]], Place())
    ((60, 64), (), (60,))
    """
    if not isinstance(value, (list, tuple)):
        raise DataError(f"{shown(value)} is no list of frames", place=place, mend=NESTED)
    mended = mended or Mended()
    return tuple(_frame(entry, place.at(k), mended) for k, entry in enumerate(value))


def _frame(entry: Any, place: Place, mended: Mended) -> Frame:
    if not isinstance(entry, (list, tuple)):
        raise DataError(f"{shown(entry)} is no frame, which is a list of notes", place=place, mend=NESTED)
    kept = set()
    for note in entry:
        whole = _whole(note, place)
        if whole == REST:
            mended.add(RESTS, place)
        elif not LOWEST <= whole <= HIGHEST:
            mended.add(OUTSIDE, place)
        elif whole in kept:
            mended.add(TWICE, place)
        else:
            kept.add(whole)
    return tuple(sorted(kept))


def _whole(note: Any, place: Place) -> int:
    if isinstance(note, (list, tuple)):
        raise DataError("a list stands in the place of a note", place=place, mend=NESTED)
    number = isinstance(note, (int, float)) and not isinstance(note, bool)
    if not number or note != note or note in (float("inf"), float("-inf")) or int(note) != note:
        problem = f"{shown(note)} is no whole number"
        raise DataError(problem, place=place, mend="write MIDI notes, 60 for the middle C")
    if not REST <= note <= MOST:
        problem = f"{int(note)} is no MIDI note, which goes from 0 to {MOST}"
        raise DataError(problem, place=place, mend="correct the number")
    return int(note)


def music_records(
    pieces: Sequence[Piece], source: str, notes: Sequence[str] = (), split: Sequence[str] | None = None
) -> Records:
    """A row for each piece: ``notes`` sound in all its frames but the last, ``next`` in those that follow.

    Raises DataError where a piece has fewer than two frames, so that none follows, or where no note sounds at all.
    """
    if not pieces:
        raise DataError("there is no piece", place=Place(source), mend="give one at least")
    for piece in pieces:
        if len(piece.frames) < 2:
            count = "no frame" if not piece.frames else "1 frame"
            problem = f"the piece has {count}, and needs two, since each is predicted from those before it"
            raise DataError(problem, place=piece.place, mend="make it longer, or remove it")
    if not any(frame for piece in pieces for frame in piece.frames):
        problem = f"no note from {LOWEST} to {HIGHEST} sounds in any frame"
        raise DataError(problem, place=Place(source), mend="give music with notes in it")
    columns: dict[str, list[Any]] = {
        NOTES: [[list(frame) for frame in piece.frames[:-1]] for piece in pieces],
        NEXT: [[list(frame) for frame in piece.frames[1:]] for piece in pieces],
        TEMPO: [piece.tempo for piece in pieces],
    }
    names = [piece.place.file or source for piece in pieces]
    files = tuple(dict.fromkeys(names))
    number = {name: k for k, name in enumerate(files)}
    places = Places(files, [number[name] for name in names], [piece.place.row for piece in pieces])
    return Records(
        columns,
        source,
        places,
        tuple(notes),
        {NOTES: "input", NEXT: "output"},
        split=None if split is None else list(split),
        kinds={NOTES: "notes", NEXT: "notes"},
        task=TASK,
    )


def is_music(value: Any) -> bool:
    """Whether what a Python program holds are pieces: lists of lists of lists of notes, or such by split.

    >>> is_music([[[60], [60, 64], []]]), is_music({"train": [[[60]]], "test": []}), is_music([([1, 2], [3, 4])])
    (True, True, False)
    """
    if isinstance(value, dict):
        return "train" in value and all(isinstance(part, (list, tuple)) for part in value.values()) and _nested(value)
    if not isinstance(value, (list, tuple)) or not value or not isinstance(value[0], (list, tuple)):
        return False
    pairs = all(isinstance(entry, (list, tuple)) and len(entry) == 2 for entry in value)
    return bool(value[0]) and all(map(_is_frame, value[0])) and not pairs


def _nested(splits: dict[str, Any]) -> bool:
    """Whether the first piece of the training split has frames."""
    first = next(iter(splits["train"]), None)
    return isinstance(first, (list, tuple)) and all(map(_is_frame, first))


def _is_frame(entry: Any) -> bool:
    whole = isinstance(entry, (list, tuple)) and all(isinstance(note, int) for note in entry)
    return whole and all(REST <= note <= MOST for note in entry)
