"""Curves over epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from throughtime.use.report.charts.axes import LETTER, Scale, spanning, svg, ticks, whole_ticks, x_axis, y_axis
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number

WIDTH, LEFT, RIGHT = 420, 52, 408
MOST_DOTS = 40  # more points than these are drawn as a line only


@dataclass(frozen=True)
class Line:
    """One curve; ``colour`` is ``"first"`` or ``"second"``; a ``mark`` is the x of a point to be pointed out.

    ``stroke`` tells apart what has the same colour: ``"dashed"``, ``"dotted"``, ``"broken"``, or nothing for a full
    line. ``reach`` holds the interval of each point, None where it has none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = "first"
    mark: float | None = None
    reach: Sequence[tuple[float, float] | None] = ()
    stroke: str = ""


def line_chart(
    name: str,
    title: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    levels: Sequence[tuple[str, float]] = (),
    height: int = 260,
) -> Markup:
    """Curves in one frame; ``levels`` are dashed horizontal lines with a name. What is not finite is left out."""
    lines = [finite(line) for line in lines]
    keyed = len(lines) > 1 or bool(levels)
    top, bottom = (62 if keyed else 34), height - 46
    across = _epochs([x for line in lines for x in line.x])
    reached = [bound for line in lines for interval in line.reach for bound in interval or ()]
    up = spanning([y for line in lines for y in line.y] + reached + [value for _, value in levels], bottom, top)
    drawn = [level(up, value) for _, value in levels] + [curve(line, across, up) for line in lines]
    return svg(
        name,
        title,
        "; ".join([said(line, x_label) for line in lines] + [f"{text}: {number(value)}" for text, value in levels]),
        WIDTH,
        height,
        y_axis(up, LEFT, RIGHT, y_label, ticks(up, 4)),
        x_axis(across, bottom, x_label, whole_ticks(across)),
        drawn,
        key(lines, levels) if keyed else None,
    )


def finite(line: Line) -> Line:
    """The line without the points whose y is not finite."""
    reach = line.reach or [None] * len(line.x)
    kept = [point for point in zip(line.x, line.y, reach, strict=True) if math.isfinite(point[1])]
    x, y, reach = [p[0] for p in kept], [p[1] for p in kept], [p[2] for p in kept]
    return replace(line, x=x, y=y, reach=reach)


def _epochs(x: Sequence[float]) -> Scale:
    low, high = (min(x), max(x)) if x else (0.0, 1.0)
    return Scale(low - 0.5, high + 0.5, LEFT, RIGHT) if low == high else Scale(low, high, LEFT + 6, RIGHT - 6)


def curve(line: Line, across: Scale, up: Scale, most_dots: int = MOST_DOTS) -> Markup:
    """The stroke of a line, with a dot a point where there are few."""
    points = [(across(x), up(y)) for x, y in zip(line.x, line.y, strict=True)]
    path = tag(
        "polyline",
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        class_=f"curve {line.colour} {line.stroke}".rstrip(),
    )
    dots = [
        tag(
            "circle",
            tag("title", f"{line.name}, {number(x)}: {number(y)}"),
            cx=across(x),
            cy=up(y),
            r=2.6,
            class_=f"dot {line.colour}",
        )
        for x, y in zip(line.x, line.y, strict=True)
        if len(points) <= most_dots
    ]
    return join(_whiskers(line, across, up), path, dots, _best(line, across, up))


def _whiskers(line: Line, across: Scale, up: Scale) -> Markup:
    return join(
        tag("line", x1=across(x), x2=across(x), y1=up(reach[0]), y2=up(reach[1]), class_=f"whisker {line.colour}")
        for x, reach in zip(line.x, line.reach or [None] * len(line.x), strict=True)
        if reach is not None
    )


def _best(line: Line, across: Scale, up: Scale) -> Markup | None:
    if line.mark is None or line.mark not in line.x:
        return None
    y = line.y[list(line.x).index(line.mark)]
    return tag(
        "circle",
        tag("title", f"best: {number(line.mark)}, {number(y)}"),
        cx=across(line.mark),
        cy=up(y),
        r=6.5,
        class_=f"ring {line.colour}",
    )


def level(up: Scale, value: float) -> Markup:
    """A dashed horizontal line."""
    return tag("line", x1=LEFT, x2=RIGHT, y1=up(value), y2=up(value), class_="level")


def key(lines: Sequence[Line], levels: Sequence[tuple[str, float]]) -> Markup:
    """What the strokes mean, in two rows above the frame."""
    parts, x = [], 4.0
    entries = [(line.name, f"curve {line.colour} {line.stroke}".rstrip()) for line in lines] + [
        (text, "level") for text, _ in levels
    ]
    for text, style in entries:
        parts.append(tag("line", x1=x, x2=x + 20, y1=12, y2=12, class_=style))
        parts.append(tag("text", text, x=x + 25, y=16))
        x += 25 + LETTER * len(text) + 14
    return join(parts)


def said(line: Line, x_label: str) -> str:
    """A line in words, for who cannot see it."""
    if not line.y:
        return f"{line.name}: nothing"
    ends = f"{line.name} from {number(line.y[0])} to {number(line.y[-1])}"
    return ends if line.mark is None else f"{ends}, best at {x_label} {number(line.mark)}"
