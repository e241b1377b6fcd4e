"""Several curves that are told apart by stroke and by the name at their end, on plain or logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from throughtime.use.report.charts.axes import (
    Scale,
    spanning,
    spanning_powers,
    svg,
    ticks,
    whole_ticks,
    x_axis,
    y_axis,
)
from throughtime.use.report.charts.ends import End, names_at_ends
from throughtime.use.report.charts.lines import LEFT, RIGHT, Line, curve, finite, level, said
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.numbers import number

WIDTH, TOP = 520, 34
MOST_DOTS = 12  # among several curves, dots hide the strokes


def named_line_chart(
    name: str,
    title: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    log_x: bool = False,
    log_y: bool = False,
    y_from: float | None = None,
    y_reach: Sequence[float] = (),
    x_marks: Sequence[float] | None = None,
    levels: Sequence[tuple[str, float]] = (),
    height: int = 320,
) -> Markup:
    """Curves in one frame, each with its name at its end; ``levels`` are dashed horizontal lines with a name.

    A curve ends where it falls below ``y_from``; the y axis holds what is in ``y_reach`` too. What is not finite is
    left out, and on a logarithmic axis what is not above 0. A logarithmic x axis has its marks at ``x_marks``, or where
    the points are.
    """
    lines = [_shown(line, log_y, y_from) for line in lines]
    lines = [line for line in lines if line.y]
    bottom = height - 46
    x, y = [value for line in lines for value in line.x], [value for line in lines for value in line.y]
    y += [*y_reach, *(value for _, value in levels)]
    across = Scale(min(x, default=1), max(x, default=2), LEFT + 6, RIGHT - 6, logarithmic=log_x)
    up = spanning_powers(y, bottom, TOP) if log_y else spanning(y, bottom, TOP)
    marks = (sorted(set(x)) if x_marks is None else x_marks) if log_x else whole_ticks(across)
    ends = [End(line.name, across(line.x[-1]), up(line.y[-1]), line.colour) for line in lines]
    described = [said(line, x_label) for line in lines] + [f"{text}: {number(value)}" for text, value in levels]
    return svg(
        name,
        title,
        "; ".join(described),
        WIDTH,
        height,
        y_axis(up, LEFT, RIGHT, y_label, ticks(up, 6)),
        x_axis(across, bottom, x_label, marks),
        [level(up, value) for _, value in levels],
        [tag("text", text, x=LEFT + 4, y=up(value) - 5, class_="halo small") for text, value in levels],
        [curve(line, across, up, MOST_DOTS) for line in lines],
        names_at_ends(ends, TOP, bottom, RIGHT),
    )


def _shown(line: Line, log_y: bool, y_from: float | None) -> Line:
    line = finite(replace(line, reach=()))
    points = [(x, y) for x, y in zip(line.x, line.y, strict=True) if y > 0 or not log_y]
    points = list(takewhile(lambda point: y_from is None or point[1] >= y_from, points))
    return replace(line, x=[x for x, _ in points], y=[y for _, y in points], reach=())
