"""Music of two voices by a few rules: what comes next hangs on the key, the place in the phrase, and where a line goes.

A piece has six phrases of sixteen frames (eighth notes), in one of three major keys. The upper voice goes by steps, up
and down the scale, in a rhythm that is the phrase's own, and makes for the note on which the phrase ends: the fifth and
the keynote in turn. The lower voice goes below it, in sixths where it rises and in thirds where it falls; before the
end of a phrase the two move against each other, into a chord that is held.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from throughtime.data.midi import midi_bytes

KEYS = (60, 65, 67)  # the keynotes: C, F and G
SCALE = (0, 2, 4, 5, 7, 9, 11)  # major, in semitones
RHYTHMS = ((2, 2, 2, 2), (1, 1, 2, 1, 1, 2), (3, 1, 2, 2), (4, 2, 2), (2, 1, 1, 1, 1, 2))  # frames of a bar's notes
HELD = 4  # frames of the last chord of a phrase
BAR = 8
PHRASES = 6
ENDS = (4, 0)  # degrees of the scale on which phrases end, in turn: a question, an answer
LOWEST, HIGHEST = -2, 9  # degrees that the upper voice goes to
ON = 0.75  # how often a line goes on in its direction
FRAME = Fraction(1, 8)
TEMPO = 96.0
PIECES = {"train": 200, "valid": 25, "test": 25}

Frames = list[list[int]]


def piece(chance: random.Random) -> Frames:
    """One piece, frame by frame, each the notes that sound."""
    keynote, degree, frames = chance.choice(KEYS), chance.choice((0, 2, 4)), Frames()
    for number in range(PHRASES):
        goal = ENDS[number % len(ENDS)]
        phrase, degree = _phrase(degree, goal, chance)
        frames += [sorted({_note(keynote, one) for one in degrees}) for degrees in phrase]
    return frames


def _phrase(degree: int, goal: int, chance: random.Random) -> tuple[list[list[int]], int]:
    """Two bars: the degrees that sound in each frame; and the degree on which the upper voice ends."""
    rhythm = chance.choice(RHYTHMS)
    lengths = [*rhythm, *_first_half(rhythm)]
    line = _line(degree, goal, len(lengths), chance)
    frames: list[list[int]] = []
    before = degree
    for k, (upper, length) in enumerate(zip(line, lengths, strict=True)):
        last = k == len(line) - 1
        below = goal - 8 if last else upper - (5 if upper > before else 2)  # the lower voice comes from below, at last
        frames += [[upper, below]] * length
        before = upper
    return frames + [[goal, goal - 3, goal - 5, goal - 7]] * HELD, goal


def _first_half(rhythm: Sequence[int]) -> list[int]:
    """The notes that fill the bar up to the chord, the last one cut."""
    kept: list[int] = []
    for length in rhythm:
        room = BAR - HELD - sum(kept)
        if room > 0:
            kept.append(min(length, room))
    return kept


def _line(degree: int, goal: int, count: int, chance: random.Random) -> list[int]:
    """Steps up and down that end one step above the goal: so that the last one leads down to it."""
    line, up = [], chance.random() < 0.5
    for left in range(count - 1, -1, -1):
        way = goal + 1 - degree
        if abs(way) >= left:  # no time to lose
            up = way > 0 if way else up
        elif chance.random() > ON:
            up = not up
        if not LOWEST < degree < HIGHEST:
            up = degree <= LOWEST
        degree = goal + 1 if left == 0 else degree + (1 if up else -1)
        line.append(degree)
    return line


def _note(keynote: int, degree: int) -> int:
    octave, step = divmod(degree, len(SCALE))
    return keynote + 12 * octave + SCALE[step]


def pieces(count: int, seed: int = 1) -> list[Frames]:
    """So many pieces; the same seed gives the same ones, the first of them whatever the count.

    >>> pieces(1)[0][12:17]
    [[55, 59, 62, 67], [55, 59, 62, 67], [55, 59, 62, 67], [55, 59, 62, 67], [60, 69]]
    """
    chance = random.Random(seed)
    return [piece(chance) for _ in range(count)]


def by_split(counts: Mapping[str, int] = PIECES, seed: int = 1) -> dict[str, list[Frames]]:
    """Pieces for each split, as the benchmarks of polyphonic music lay them out."""
    made = iter(pieces(sum(counts.values()), seed))
    return {split: [next(made) for _ in range(count)] for split, count in counts.items()}


def write_json(path: Path, counts: Mapping[str, int] = PIECES, seed: int = 1) -> Path:
    """All pieces by split as one file of JSON, which is returned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(by_split(counts, seed)) + "\n", encoding="utf-8")
    return path


def write_midi(folder: Path, counts: Mapping[str, int] = PIECES, seed: int = 1) -> Path:
    """The same as MIDI files, in a folder a split; read them with ``frame=1/8``. A UsageError without mido."""
    for split, made in by_split(counts, seed).items():
        (folder / split).mkdir(parents=True, exist_ok=True)
        for number, frames in enumerate(made, start=1):
            (folder / split / f"{number:03}.mid").write_bytes(midi_bytes(frames, FRAME, TEMPO))
    return folder
