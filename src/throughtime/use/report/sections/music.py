"""Music: a test piece with its surprises, and what the network makes of nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.charts.piano_roll import piano_roll
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import note, section, unfold
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
        tag("h3", f"A test piece: {place(middle)}"),
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
    frames = [*first[:1], *row["truth"]][:SHOWN]
    picture = piano_roll(name, f"Piano roll of {place(row)}", frames, surprise=[None, *row["surprise"]][: len(frames)])
    return tag("figure", _cut(len(row["truth"]) + 1), tag("div", picture, class_="scroll", tabindex="0"))


def _cut(count: int) -> Markup | None:
    return tag("figcaption", f"The first {SHOWN} of {count:,} frames.") if count > SHOWN else None


def _made(known: Row, pieces: Sequence[Sequence[Sequence[int]]]) -> Markup | None:
    if not pieces:
        return None
    heat = f" at temperature {number(known['temperature'])}" if known.get("temperature") is not None else ""
    said = f"Drawn note by note{heat}, from the frame with which most training pieces begin (grey)."
    rolls = [
        tag("div", piano_roll(f"made-{k}", f"Piece {k + 1} that the network made", frames[:SHOWN], given=1))
        for k, frames in enumerate(pieces)
    ]
    first = tag("figure", tag("div", rolls[0], class_="scroll", tabindex="0"))
    others = [tag("figure", tag("div", roll, class_="scroll", tabindex="0")) for roll in rolls[1:]]
    return join(
        tag("h3", "Made by the network"),
        note(said),
        first,
        unfold(f"{amount(len(others), 'more piece')}", others) if others else None,
    )
