"""Music: a test piece with its surprises, and what the network makes of nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.charts.piano_roll import note_name, piano_roll
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import chart, note, section, table, unfold
from throughtime.use.verdict import baseline_words

SHOWN = 128  # frames of a piece in the page; the whole stands in predictions.jsonl
Row = Mapping[str, Any]


def music(material: ReportMaterial) -> Markup | None:
    """None where no frames of notes are answered."""
    if kind(material) != "notes":
        return None
    rows = sorted(material.predictions, key=lambda row: row["loss"])
    made = material.samples or {}
    return section(
        "music", "Its music", _tested(material, rows) if rows else None, _made(made, made.get("pieces") or [])
    )


def _tested(material: ReportMaterial, rows: Sequence[Row]) -> Markup:
    """The piece in the middle of all, then the hardest and the easiest to unfold."""
    name = (material.metrics.get("baseline") or {}).get("name")
    middle, others = rows[len(rows) // 2], {"The most surprising piece": rows[-1], "The least surprising": rows[0]}
    more = [
        unfold(f"{title}: {_figures(row, name)}", _piece(f"piece-{k}", row))
        for k, (title, row) in enumerate(others.items())
        if len(rows) > 2
    ]
    return join(
        tag("h3", "A test piece"),
        note(
            f"{_figures(middle, name)}, the piece in the middle of {amount(len(rows), 'test piece')}. Bars: how "
            "surprised the network was by each frame, after all frames before it."
        ),
        _piece("piece", middle),
        more,
    )


def _figures(row: Row, name: str | None) -> str:
    beside = row.get("baseline_loss")
    theirs = "" if beside is None or name is None else f", {number(beside)} with {baseline_words(name)}"
    return f"{number(row['loss'])} nats a frame{theirs}"


def _piece(name: str, row: Row) -> Markup:
    (first,) = row["inputs"].values()
    frames, nats = [*first[:1], *row["truth"]][:SHOWN], [None, *row["surprise"]][:SHOWN]
    where = place(row) or f"piece {row['id']}"
    cut = f"The first {SHOWN} of {len(row['truth']) + 1:,} frames." if len(row["truth"]) >= SHOWN else None
    picture = piano_roll(name, f"Piano roll of {where}, and the surprise of each frame", frames, surprise=nats)
    numbers = [
        [str(k), _names(frame), "-" if value is None else f"{value:.2f}"]
        for k, (frame, value) in enumerate(zip(frames, nats, strict=True), start=1)
    ]
    return chart(picture, table(["frame", "notes", "nats"], numbers), where, cut)


def _names(frame: Sequence[int]) -> str:
    return " ".join(map(note_name, frame)) or "silence"


def _made(known: Row, pieces: Sequence[Sequence[Sequence[int]]]) -> Markup | None:
    if not pieces:
        return None
    heat = f" at temperature {number(known['temperature'])}" if known.get("temperature") is not None else ""
    said = f"Drawn note by note{heat}, from the frame with which most training pieces begin (grey)."
    rolls = [_roll(k, frames[:SHOWN]) for k, frames in enumerate(pieces)]
    more = unfold(f"{amount(len(rolls) - 1, 'more piece')}", rolls[1:]) if rolls[1:] else None
    return join(tag("h3", "Made by the network"), note(said), rolls[0], more)


def _roll(k: int, frames: Sequence[Sequence[int]]) -> Markup:
    title = f"Piece {k + 1}"
    numbers = [[str(at), _names(frame)] for at, frame in enumerate(frames, start=1)]
    picture = piano_roll(f"made-{k}", f"{title} that the network made", frames, given=1)
    return chart(picture, table(["frame", "notes"], numbers), title)
