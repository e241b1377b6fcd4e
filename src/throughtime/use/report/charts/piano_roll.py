"""A piano roll: which notes sound in each frame, high ones above, and below them how surprising each frame was."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.use.report.charts.axes import Scale, spanning, svg, ticks, x_axis
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number

LEFT, RIGHT = 44, 900
TOP, KEY = 8, 6.0  # pixels of a semitone
BARS = 56  # height of the surprises
GAP = 12
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


def note_name(note: int) -> str:
    """A MIDI note as it is called.

    >>> note_name(60), note_name(21), note_name(66)
    ('C4', 'A0', 'F♯4')
    """
    return f"{NAMES[note % 12]}{note // 12 - 1}"


def piano_roll(
    name: str,
    title: str,
    frames: Sequence[Sequence[int]],
    *,
    surprise: Sequence[float | None] = (),
    given: int = 0,
) -> Markup:
    """``surprise`` holds nats for each frame, None where it was not predicted; ``given`` frames stand in grey first."""
    sounding = [note for frame in frames for note in frame]
    low, high = (min(sounding) - 1, max(sounding) + 2) if sounding else (59, 73)
    across = Scale(0, len(frames), LEFT, RIGHT)
    up = Scale(low, high, TOP + KEY * (high - low), TOP)
    ground = tag("rect", x=LEFT, y=TOP, width=RIGHT - LEFT, height=up.start - TOP, class_="empty")
    octaves = [_octave(note, up) for note in range(low, high) if note % 12 == 0]
    notes = [_note(*span, across, up, given) for span in spans(frames)]
    bottom = up.start + (GAP + BARS if surprise else 0)
    bars = _bars(surprise, across, up.start + GAP) if surprise else None
    marks = [mark for mark in ticks(across, 8) if mark == int(mark)]
    said = f"{len(frames):,} frames, notes from {note_name(low + 1)} to {note_name(high - 2)}"
    axis = x_axis(across, bottom, "frame", marks)
    return svg(name, title, said, RIGHT + 12, bottom + 46, ground, octaves, notes, bars, axis, most=1.2)


def spans(frames: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """Each note with its first frame and the one behind its last, in order of its beginning.

    >>> spans([[60], [60, 64], [64]])
    [(60, 0, 2), (64, 1, 3)]
    """
    begun: dict[int, int] = {}
    found = []
    for k, frame in enumerate([*frames, ()]):
        for note in sorted(begun.keys() - set(frame)):
            found.append((note, begun.pop(note), k))
        for note in frame:
            begun.setdefault(note, k)
    return sorted(found, key=lambda span: (span[1], span[0]))


def _octave(note: int, up: Scale) -> Markup:
    line = tag("line", x1=LEFT, x2=RIGHT, y1=up(note), y2=up(note), class_="grid")
    return join(line, tag("text", note_name(note), x=LEFT - 6, y=up(note) + 1, text_anchor="end", class_="small"))


def _note(note: int, first: int, end: int, across: Scale, up: Scale, given: int) -> Markup:
    last = f" to {end}" if end > first + 1 else ""
    return tag(
        "rect",
        tag("title", f"{note_name(note)} ({note}), frame {first + 1}{last}"),
        x=across(first) + 0.4,
        y=up(note + 1) + 0.5,
        width=max(1.0, across(end) - across(first) - 0.8),
        height=KEY - 1.0,
        rx=1.5,
        class_="dot plain" if first < given else "right",
    )


def _bars(surprise: Sequence[float | None], across: Scale, top: float) -> Markup:
    scale = spanning([value for value in surprise if value is not None], top + BARS, top, zero=True)
    marks = [
        join(
            tag("line", x1=LEFT, x2=RIGHT, y1=scale(mark), y2=scale(mark), class_="grid"),
            tag("text", number(mark), x=LEFT - 6, y=scale(mark) + 4, text_anchor="end", class_="small"),
        )
        for mark in (0.0, scale.high)
    ]
    width = max(0.8, across(1) - across(0) - 0.8)
    bars = [
        tag(
            "rect",
            tag("title", f"frame {k + 1}: {value:.2f} nats"),
            x=across(k) + 0.4,
            y=scale(value),
            width=width,
            height=scale(0) - scale(value),
            class_="wrong",
        )
        for k, value in enumerate(surprise)
        if value is not None
    ]
    return join(marks, bars)
