"""Series over time: curves that may have gaps, bands around them, and an axis of dates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from throughtime.use.report.charts.axes import LETTER, Scale, mark, spanning, svg, ticks, whole_ticks, x_axis, y_axis
from throughtime.use.report.charts.dates import Tick, date_ticks
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number
from throughtime.use.stamps import at, seconds

NARROW, WIDE = 420, 860
LEAST_LEFT, EDGE = 52, 12
TICK = 6.8  # generous width in pixels of one letter at an axis
ROW = 20  # height of a row of the key
STYLES = [("first", ""), ("second", ""), ("first", "dashed"), ("second", "dashed"), ("plain", "thin")]  # told apart
Key = tuple[str, str]  # a name and the style of what it names


@dataclass(frozen=True)
class Band:
    """The room between ``low`` and ``high`` over ``x``."""

    name: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def time_chart(
    name: str,
    title: str,
    lines: Sequence[Line],
    bands: Sequence[Band] = (),
    *,
    dated: bool,
    x_label: str = "step",
    y_label: str,
    levels: Sequence[tuple[str, float]] = (),
    begin: float | None = None,
    reach: Sequence[float] = (),
    width: int = NARROW,
    height: int = 290,
) -> Markup:
    """Curves and bands over one axis; a value that is not finite leaves a gap.

    x is in seconds since 1970 where it is ``dated``, which gives the axis dates, else whole numbers with ``x_label``.
    ``levels`` are dashed horizontal lines with a name, ``begin`` is the x of an upright one: where a forecast begins.
    The y axis holds what is in ``reach`` too.
    """
    entries = [*((line.name, f"curve {line.colour} {line.stroke}".rstrip()) for line in lines)]
    entries += [*((band.name, "band") for band in bands), *((text, "level") for text, _ in levels)]
    keys, rows = _key(list(dict.fromkeys(entries)), width)
    top, bottom = 22 + ROW * rows, height - 46
    y = [value for line in lines for value in line.y] + [v for band in bands for v in (*band.low, *band.high)]
    up = spanning([*y, *reach] + [value for _, value in levels], bottom, top)
    marks = ticks(up, 4)
    left = max(LEAST_LEFT, 12 + TICK * max(len(mark(up, value)) for value in marks))
    across = _across([x for line in lines for x in line.x] + [x for band in bands for x in band.x], left, width - EDGE)
    return svg(
        name,
        title,
        "; ".join(_said(line) for line in lines),
        width,
        height,
        y_axis(up, left, width - EDGE, y_label, marks),
        time_axis(across, bottom, width) if dated else x_axis(across, bottom, x_label, whole_ticks(across)),
        [_band(band, across, up) for band in bands],
        [tag("line", x1=left, x2=width - EDGE, y1=up(value), y2=up(value), class_="level") for _, value in levels],
        None if begin is None else tag("line", x1=across(begin), x2=across(begin), y1=top, y2=bottom, class_="begin"),
        [_curve(line, across, up) for line in lines],
        keys,
        most=1.35 if width == NARROW else 1.2,
    )


def time_axis(scale: Scale, y: float, width: float) -> Markup:
    """The axis below, x in seconds since 1970: round moments, and in a second line the day or the year they are in."""
    found = date_ticks(at(scale.low), at(scale.high), max(3, round((scale.end - scale.start) / 68)))
    places = [scale(seconds(tick.at)) for tick in found]
    return join(
        tag("line", x1=scale.start, x2=scale.end, y1=y, y2=y, class_="axis"),
        [tag("line", x1=x, x2=x, y1=y, y2=y + 4, class_="axis") for x in places],
        [_text(tick.text, x, y + 17, width) for tick, x in zip(found, places, strict=True)],
        _second_line(found, places, y + 33, width),
    )


def _second_line(found: Sequence[Tick], places: Sequence[float], y: float, width: float) -> list[Markup]:
    """From right to left: what begins later is said, and what would stand in its way is not."""
    drawn: list[Markup] = []
    free = width
    for tick, x in reversed(list(zip(found, places, strict=True))):
        low, high = _span(tick.above, x, width)
        if tick.above and high <= free:
            drawn.append(_text(tick.above, x, y, width))
            free = low - TICK
    return drawn


def _span(text: str, x: float, width: float) -> tuple[float, float]:
    """Where a text below a mark begins and ends: in its middle, unless it would leave the picture."""
    half = TICK * len(text) / 2
    middle = min(max(x, half + 1), width - half - 1)
    return middle - half, middle + half


def _text(text: str, x: float, y: float, width: float) -> Markup:
    low, high = _span(text, x, width)
    return tag("text", text, x=(low + high) / 2, y=y, text_anchor="middle")


def _across(x: Sequence[float], left: float, right: float) -> Scale:
    low, high = (min(x), max(x)) if x else (0.0, 1.0)
    return Scale(low - 0.5, high + 0.5, left, right) if low == high else Scale(low, high, left + 4, right - 4)


def _curve(line: Line, across: Scale, up: Scale) -> Markup:
    """A stroke for each run of neighbouring values; a dot where a value stands alone."""
    style, radius = f"curve {line.colour} {line.stroke}".rstrip(), 1.6 if line.colour == "plain" else 2.8
    parts = []
    for run in runs(line.x, line.y):
        points = [(across(x), up(y)) for x, y in run]
        if len(points) > 1:
            parts.append(tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_=style))
        else:
            (x, y) = points[0]
            parts.append(tag("circle", cx=x, cy=y, r=radius, class_=f"alone {line.colour}"))
    return join(parts)


def runs(x: Sequence[float], y: Sequence[float]) -> list[list[tuple[float, float]]]:
    """The points between gaps, which are values that are not finite.

    >>> runs([1, 2, 3, 4], [5.0, math.nan, 6.0, 7.0])
    [[(1, 5.0)], [(3, 6.0), (4, 7.0)]]
    """
    found: list[list[tuple[float, float]]] = [[]]
    for point in zip(x, y, strict=True):
        if math.isfinite(point[1]):
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _band(band: Band, across: Scale, up: Scale) -> Markup:
    """A shade; over a single step an upright bar."""
    xs = [across(x) for x in band.x]
    if len(xs) == 1:
        xs, low, high = [xs[0] - 3, xs[0] + 3], [*band.low] * 2, [*band.high] * 2
    else:
        low, high = [*band.low], [*band.high]
    edge = [*zip(xs, low, strict=True), *reversed([*zip(xs, high, strict=True)])]
    return tag("polygon", points=" ".join(f"{x:.1f},{up(y):.1f}" for x, y in edge), class_="band")


def _key(entries: Sequence[Key], width: float) -> tuple[Markup, int]:
    """What the strokes mean, above the frame, in as many rows as it takes; nothing for a single one."""
    if len(entries) < 2:
        return join(), 1
    x, row, parts = 4.0, 0, []
    for text, style in entries:
        room = 25 + LETTER * len(text)
        if x > 4 and x + room > width:
            x, row = 4.0, row + 1
        y = 12 + ROW * row
        sample = (
            tag("rect", x=x, y=y - 6, width=20, height=12, class_=style)
            if style == "band"
            else tag("line", x1=x, x2=x + 20, y1=y, y2=y, class_=style)
        )
        parts.append(join(sample, tag("text", text, x=x + 25, y=y + 4)))
        x += room + 12
    return join(parts), row + 2


def _said(line: Line) -> str:
    """A line in words, for who cannot see it."""
    there = [value for value in line.y if math.isfinite(value)]
    if not there:
        return f"{line.name}: nothing"
    return f"{line.name}: {len(there):,} values from {number(min(there))} to {number(max(there))}"
