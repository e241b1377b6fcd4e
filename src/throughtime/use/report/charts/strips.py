"""Quantities over the steps of a sequence: a strip each, darker where there is more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from throughtime.use.report.charts.axes import LETTER, svg
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number

ROW, TOP, RIGHT = 20, 8, 408
MOST_NAMED = 24  # steps; of more only some are named
MOST_LETTERS = 10


@dataclass(frozen=True)
class Strip:
    """One quantity over the steps; ``high`` is the value at which its colour is full, 0 at which it is empty."""

    name: str
    values: Sequence[float]
    high: float


def strip_chart(name: str, title: str, strips: Sequence[Strip], steps: Sequence[str]) -> Markup:
    """Strips one below the other; ``steps`` are what is read, the same for all."""
    left = 16 + LETTER * max(len(strip.name) for strip in strips)
    width = max(RIGHT - left, 7.0 * len(steps)) / max(1, len(steps))
    rows = [_row(strip, TOP + ROW * i, left, width, steps) for i, strip in enumerate(strips)]
    bottom = TOP + ROW * len(strips)
    names = _names(steps, left, width, bottom)
    room = 14 + 0.8 * LETTER * max(len(_short(step)) for step in steps)
    said = "; ".join(f"{s.name} from {number(min(s.values))} to {number(max(s.values))}" for s in strips)
    return svg(name, title, said, left + width * len(steps) + 24, bottom + room, rows, names)


def _row(strip: Strip, y: float, left: float, width: float, steps: Sequence[str]) -> Markup:
    text = tag("text", strip.name, x=left - 8, y=y + 14, text_anchor="end", class_="label")
    ground = tag("rect", x=left, y=y, width=width * len(steps), height=ROW - 3.0, class_="empty")
    cells = [
        tag(
            "rect",
            tag("title", f"{strip.name} at {step}, step {i + 1}: {number(value)}"),
            x=left + width * i,
            y=y,
            width=width,
            height=ROW - 3.0,
            class_="right",
            fill_opacity=f"{min(1.0, max(0.0, value / (strip.high or 1.0))):.2f}",
        )
        for i, (value, step) in enumerate(zip(strip.values, steps, strict=True))
    ]
    return join(text, ground, cells)


def _names(steps: Sequence[str], left: float, width: float, bottom: float) -> Markup:
    """Below the strips, words slanted; of many steps about every so many-th."""
    every, upright = -(-len(steps) // MOST_NAMED), max(map(len, steps)) <= 2
    return join(
        _name(step, left + width * (i + 0.5), bottom + 8, upright) for i, step in enumerate(steps) if i % every == 0
    )


def _name(step: str, x: float, y: float, upright: bool) -> Markup:
    if upright:
        return tag("text", step, x=x, y=y + 6, text_anchor="middle", class_="small")
    turned = f"rotate(50 {x - 3:.1f} {y:.1f})"
    return tag("text", tag("title", step), _short(step), x=x - 3, y=y, transform=turned, class_="small")


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
