"""Charts of the bench: a dot or two for each row, in groups, on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from throughtime.api.bench.table import figure
from throughtime.use.report.charts.axes import LETTER, Scale, spanning, svg, ticks, x_axis
from throughtime.use.report.html import Markup, join, tag

WIDTH, RIGHT, ROW, HEAD = 450, 400, 19, 24


@dataclass(frozen=True)
class Mark:
    """A row of a chart: a filled dot, and a ring where there is a second figure."""

    name: str
    value: float
    second: float | None = None


def dots(
    name: str,
    title: str,
    groups: Sequence[tuple[str, Sequence[Mark]]],
    *,
    label: str,
    first: str,
    second: str = "",
    level: float | None = None,
    logarithmic: bool = False,
) -> Markup:
    """Groups under their names, a line for each row; ``first`` and ``second`` name the figures, ``level`` is dashed."""
    values = [v for _, marks in groups for mark in marks for v in (mark.value, mark.second) if v is not None]
    values += [] if level is None else [level]
    left = min(170.0, 14 + LETTER * max(len(mark.name) for _, marks in groups for mark in marks))
    across, marked = _scale(values, left, logarithmic)
    rows: list[Markup] = []
    y = 30.0
    for group, marks in groups:
        if group:
            rows.append(tag("text", group, x=4, y=y + 15, class_="bold"))
            y += HEAD
        for mark in marks:
            rows.append(_row(mark, y, across, first, second))
            y += ROW
    grid = [tag("line", x1=across(t), x2=across(t), y1=28, y2=y, class_="grid") for t in marked]
    dashed = None if level is None else tag("line", x1=across(level), x2=across(level), y1=26, y2=y, class_="level")
    return svg(
        name,
        title,
        "; ".join(_said(group, mark, first, second) for group, marks in groups for mark in marks),
        WIDTH,
        y + 46,
        _key(first, second),
        grid,
        dashed,
        rows,
        x_axis(across, y, label, marked),
    )


def pair(*figures: Markup) -> Markup:
    """Charts side by side where there is room."""
    return tag("div", *figures, class_="pair")


def titled(picture: Markup, title: str, remark: str) -> Markup:
    """A chart under its title."""
    caption = tag("figcaption", tag("strong", title), " ", remark)
    return tag("figure", caption, tag("div", picture, class_="scroll", tabindex="0"))


def _scale(values: Sequence[float], left: float, logarithmic: bool) -> tuple[Scale, list[float]]:
    if not logarithmic:
        across = spanning(values, left, RIGHT, zero=True)
        return across, ticks(across, 4)
    round_ones = [m * 10.0**k for k in range(-4, 6) for m in (1, 2, 5)]
    low = max([v for v in round_ones if v <= min(values)], default=round_ones[0])
    high = min([v for v in round_ones if v >= max(values)], default=round_ones[-1])
    across = Scale(low, high if high > low else 2 * low, left, RIGHT, logarithmic=True)
    marked = [v for v in round_ones if low <= v <= across.high]
    return across, marked if len(marked) <= 9 else [v for v in marked if math.log10(v) % 1 == 0]


def _row(mark: Mark, y: float, across: Scale, first: str, second: str) -> Markup:
    middle = y + ROW / 2
    parts = [tag("text", mark.name, x=across.start - 10, y=middle + 4.5, text_anchor="end")]
    if mark.second is not None:
        tip = tag("title", f"{mark.name}, {second}: {figure(mark.second)}")
        parts.append(tag("circle", tip, cx=across(mark.second), cy=middle, r=4.5, class_="ring second"))
    tip = tag("title", f"{mark.name}, {first}: {figure(mark.value)}")
    parts.append(tag("circle", tip, cx=across(mark.value), cy=middle, r=4.5, class_="dot first"))
    parts.append(tag("text", figure(mark.value), x=WIDTH - 2, y=middle + 4.5, text_anchor="end", class_="label"))
    return join(parts)


def _key(first: str, second: str) -> Markup:
    parts = [tag("circle", cx=10, cy=12, r=4.5, class_="dot first"), tag("text", first, x=20, y=16.5)]
    if second:
        x = 20 + LETTER * len(first) + 16
        parts += [tag("circle", cx=x, cy=12, r=4.5, class_="ring second"), tag("text", second, x=x + 10, y=16.5)]
    return join(parts)


def _said(group: str, mark: Mark, first: str, second: str) -> str:
    text = f"{group} {mark.name}".strip() + f": {first} {figure(mark.value)}"
    return text if mark.second is None else f"{text}, {second} {figure(mark.second)}"
