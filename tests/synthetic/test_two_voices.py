"""Music of two voices: it keeps its own rules, is the same for the same seed, and is written as it is."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.synthetic.two_voices import (
    BAR,
    FRAME,
    HELD,
    HIGHEST,
    KEYS,
    PHRASES,
    SCALE,
    by_split,
    pieces,
    write_json,
    write_midi,
)


def keys_of(frames: list[list[int]]) -> set[int]:
    """The keys in whose scales all notes stand."""
    sounding = {note for frame in frames for note in frame}
    return {key for key in KEYS if all((note - key) % 12 in SCALE for note in sounding)}


def test_a_piece_keeps_to_a_key_and_ends_on_its_chord() -> None:
    for frames in pieces(40, seed=7):
        assert len(frames) == PHRASES * 2 * BAR
        (*_, key) = sorted(keys_of(frames), key=lambda key: frames[-1] == chord(key, 0))
        assert frames[-1] == chord(key, 0), "the last phrase is an answer"
        assert frames[2 * BAR - 1] == chord(key, 4), "the first one is a question"


def chord(key: int, degree: int) -> list[int]:
    root = key + SCALE[degree]
    return sorted({root, root - 12, *((key - 12 + note_of(degree + step)) for step in (2, 4))})


def note_of(degree: int) -> int:
    octave, step = divmod(degree, len(SCALE))
    return 12 * octave + SCALE[step]


def test_the_voices_move_against_each_other_into_a_chord_that_is_held() -> None:
    for frames in pieces(40, seed=8):
        for end in range(2 * BAR, len(frames) + 1, 2 * BAR):
            held, before = frames[end - HELD : end], frames[end - HELD - 1]
            assert all(frame == held[0] for frame in held) and len(held[0]) == 4 and len(before) == 2
            assert before[1] > held[0][-1] and before[0] < held[0][0], "the upper falls, the lower rises"
            assert all(len(frame) == 2 for frame in frames[end - 2 * BAR : end - HELD])
        top = [frame[-1] for frame in frames]
        steps = [abs(b - a) for a, b in pairwise(top) if a != b]
        assert sum(step <= 2 for step in steps) > 0.9 * len(steps)


def test_the_same_seed_gives_the_same_pieces() -> None:
    assert pieces(3, seed=5) == pieces(7, seed=5)[:3] != pieces(3, seed=6)
    assert HIGHEST > 7  # the keynote above can be reached


def test_it_is_written_as_it_is(tmp_path: Path) -> None:
    counts = {"train": 3, "valid": 1, "test": 2}
    made = by_split(counts, seed=4)
    assert json.loads(write_json(tmp_path / "deep" / "music.json", counts, seed=4).read_text()) == made
    found = read(write_midi(tmp_path / "midi", counts, seed=4), DataSettings(frame=str(FRAME)))
    whole = [[*notes, last[-1]] for notes, last in zip(found.columns["notes"], found.columns["next"], strict=True)]
    assert whole == [frames for part in made.values() for frames in part]
    assert found.split == ["train"] * 3 + ["valid"] + ["test"] * 2 and Fraction(1, 8) == FRAME
