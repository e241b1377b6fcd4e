"""Curves over a quantity that is not epochs, where a logarithm tells more: norms by distance, losses by context."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from throughtime.use.report.charts.axes import Scale, spanning, svg, ticks, x_axis, y_axis
from throughtime.use.report.charts.lines import LEFT, RIGHT, WIDTH, Line, curve, key, level_of, said_of
from throughtime.use.report.html import Markup
from throughtime.use.report.numbers import number

DECADES = 9  # of the vertical axis at most: what lies lower is as good as nothing
INNER = LEFT + 14  # numbers such as 1e-07 need room


def curves(
    name: str,
    title: str,
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    log_x: bool = False,
    log_y: bool = True,
    levels: Sequence[tuple[str, float]] = (),
    height: int = 260,
) -> Markup:
    """Curves in one frame, as in ``line_chart``; on a logarithmic axis what is not above 0 is left out."""
    lines = [_drawable(line, log_x, log_y) for line in lines]
    keyed = len(lines) > 1 or bool(levels)
    top, bottom = (62 if keyed else 34), height - 46
    across = _scale([x for line in lines for x in line.x], INNER + 6, RIGHT - 6, log_x)
    values = [y for line in lines for y in line.y] + [level for _, level in levels]
    up = _decades(values, bottom, top) if log_y else spanning(values, bottom, top)
    low = [replace(one, y=[max(y, up.low) for y in one.y]) for one in lines]
    said = [said_of(line, x_label) for line in lines] + [f"{text}: {number(level)}" for text, level in levels]
    return svg(
        name,
        title,
        "; ".join(said),
        WIDTH,
        height,
        y_axis(up, INNER, RIGHT, y_label, _sparse(ticks(up, 4))),
        x_axis(across, bottom, x_label, _sparse(ticks(across, 6))),
        [level_of(up, level) for _, level in levels] + [curve(line, across, up) for line in low],
        key(lines, levels) if keyed else None,
    )


def _drawable(line: Line, log_x: bool, log_y: bool) -> Line:
    kept = [
        (x, y)
        for x, y in zip(line.x, line.y, strict=True)
        if math.isfinite(y) and (y > 0 or not log_y) and (x > 0 or not log_x)
    ]
    return replace(line, x=[x for x, _ in kept], y=[y for _, y in kept], reach=[None] * len(kept))


def _scale(values: Sequence[float], start: float, end: float, logarithmic: bool) -> Scale:
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    if low == high:
        low, high = (low / 2, high * 2) if logarithmic else (low - 0.5, high + 0.5)
    return Scale(low, high, start, end, logarithmic)


def _decades(values: Sequence[float], start: float, end: float) -> Scale:
    """Whole powers of ten around the values, the highest ``DECADES`` of them."""
    high = math.ceil(math.log10(max(values, default=1.0)) - 1e-9)
    low = math.floor(math.log10(min(values, default=0.1)) + 1e-9)
    return Scale(10.0 ** max(min(low, high - 1), high - DECADES), 10.0**high, start, end, True)


def _sparse(marks: Sequence[float], most: int = 6) -> list[float]:
    """Every second or third of very many marks."""
    return list(marks)[:: -(-len(marks) // most) or 1]
