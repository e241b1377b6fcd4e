"""MIDI files, read and written by the library mido: notes in ticks to frames, and frames to notes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import floor
from typing import Any

from throughtime.data.music import COUNT, HIGHEST, LOWEST, OUTSIDE, Frame, Mended, Piece
from throughtime.errors import DataError, Place
from throughtime.extra import Extra

MUSIC = Extra("music", "mido")
PERCUSSION = 9  # the channel, from 0, whose notes are drums
USUAL_TEMPO = 120.0  # of MIDI, in beats a minute
LOUDNESS = 80
TICKS = 480  # of a beat, where frames have a whole number of them
LONGEST = 1_000_000  # frames of a piece
DRUMS = "notes of the percussion channel are left out"
ENDLESS = "notes that are never ended sound to the end"
TEMPI = "changes of tempo are not followed: beats are what is counted, and the first tempo is kept for writing"


@dataclass(frozen=True)
class Sounding:
    """A note from one tick to another."""

    note: int
    begin: int
    end: int


def read_midi(data: bytes, place: Place, frame: Fraction, mended: Mended) -> Piece:
    """The piece of a MIDI file, in frames of this part of a whole note.

    Beginnings and ends of notes go to the nearest border between frames, and a note sounds in one frame at least, and
    in every frame that it lasts. The percussion channel is left out. What is left out is counted in ``mended``.

    Raises UsageError without the library, and DataError for what is no MIDI file, is cut short or damaged, counts time
    in no beats, or is too long.
    """
    file = _parsed(data, place)
    if file.ticks_per_beat <= 0:
        problem = "counts time in frames of a film (SMPTE), not in beats"
        raise DataError(problem, place=place, mend="save it anew with ticks per beat (PPQ)")
    if file.type not in (0, 1):
        problem = "holds several patterns that do not sound together (MIDI type 2)"
        raise DataError(problem, place=place, mend="save each as a file of its own, of type 0 or 1")
    ticks = 4 * frame * file.ticks_per_beat
    notes = [note for track in file.tracks for note in _notes(track, place, mended)]
    ends = [_nearest(sum(message.time for message in track), ticks) for track in file.tracks]
    spans = [(note.note, *_span(note, ticks)) for note in notes]
    count = max([*ends, *(end for _, _, end in spans)], default=0)
    if count > LONGEST:
        problem = f"has {count:,} frames, more than {LONGEST:,}"
        raise DataError(problem, place=place, mend="is its end where it should be? if so, say --set frame=1/4")
    frames: list[set[int]] = [set() for _ in range(count)]
    for note, begin, end in spans:
        for k in range(begin, end):
            frames[k].add(note)
    return Piece(tuple(tuple(sorted(notes)) for notes in frames), place, _tempo(file.tracks, place, mended))


def _parsed(data: bytes, place: Place) -> Any:
    if not data.startswith(b"MThd"):
        found = "is empty" if not data else "is no MIDI file: it does not begin with MThd"
        raise DataError(found, place=place, mend="give a MIDI file (.mid)")
    mido = _library()
    try:
        return mido.MidiFile(file=io.BytesIO(data))
    except EOFError:
        raise DataError("the MIDI file is cut short", place=place, mend="save or fetch it once more") from None
    except Exception as error:  # the library raises whatever its parts do
        problem = f"the MIDI file is damaged ({error or type(error).__name__})"
        raise DataError(problem, place=place, mend="save it anew with a program that can open it") from None


def _library() -> Any:
    """The library, imported only where it is used."""
    MUSIC.require("a MIDI file")
    return import_module("mido")


def _notes(track: Any, place: Place, mended: Mended) -> Iterator[Sounding]:
    """The notes of a track: an end belongs to the earliest beginning of the same note in the same channel."""
    now = 0
    open_: dict[tuple[int, int], list[int]] = {}
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        begins = message.type == "note_on" and message.velocity > 0
        if message.channel == PERCUSSION or not LOWEST <= message.note <= HIGHEST:
            if begins:
                mended.add(DRUMS if message.channel == PERCUSSION else OUTSIDE, place)
            continue
        begun = open_.setdefault((message.channel, message.note), [])
        if begins:
            begun.append(now)
        elif begun:
            yield Sounding(message.note, begun.pop(0), now)
    for (_, note), begun in open_.items():
        for begin in begun:
            mended.add(ENDLESS, place)
            yield Sounding(note, begin, now)


def _span(note: Sounding, ticks: Fraction) -> tuple[int, int]:
    """The frames in which it sounds, from the first to the one behind the last."""
    begin = _nearest(note.begin, ticks)
    return begin, max(begin + 1, _nearest(note.end, ticks))


def _nearest(tick: int, ticks: Fraction) -> int:
    """The border between frames that is nearest to a tick; of two the later one."""
    return floor(tick / ticks + Fraction(1, 2))


def _tempo(tracks: Any, place: Place, mended: Mended) -> float:
    found = []
    for track in tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "set_tempo":
                found.append((now, message.tempo))
    found = [(now, tempo) for now, tempo in sorted(found) if tempo]
    if len({tempo for _, tempo in found}) > 1:
        mended.add(TEMPI, place)
    return 60e6 / found[0][1] if found else USUAL_TEMPO


def midi_bytes(frames: Sequence[Frame] | Sequence[Sequence[int]], frame: Fraction, tempo: float | None = None) -> bytes:
    """A MIDI file of one track that sounds as these frames do; a note that goes on is not struck anew.

    :func:`read_midi` reads the same frames from it. Raises UsageError without the library.

    >>> from throughtime.data.music import Mended
    >>> frames = ((60, 64), (60,), (), (67,))
    >>> read_midi(midi_bytes(frames, Fraction(1, 8), 90), Place(), Fraction(1, 8), Mended()).frames == frames
    True
    """
    mido = _library()
    beat = TICKS if (TICKS * 4 * frame).denominator == 1 else frame.denominator
    ticks = int(4 * frame * beat)
    file = mido.MidiFile(type=0, ticks_per_beat=beat)
    track = file.add_track()
    track.append(mido.MetaMessage("set_tempo", tempo=min(round(60e6 / (tempo or USUAL_TEMPO)), (1 << 24) - 1)))
    before: set[int] = set()
    waited = 0
    for notes in [*map(set, frames), set()]:
        assert all(LOWEST <= note <= HIGHEST for note in notes) and len(notes) <= COUNT
        changes = [("note_off", note) for note in sorted(before - notes)]
        changes += [("note_on", note) for note in sorted(notes - before)]
        for kind, note in changes:
            track.append(mido.Message(kind, note=note, velocity=LOUDNESS if kind == "note_on" else 0, time=waited))
            waited = 0
        before, waited = notes, waited + ticks
    track.append(mido.MetaMessage("end_of_track", time=waited - ticks))
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()
