"""A series as it was measured: a lane for each channel, one below the other over the same steps, and classes a step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from throughtime.use.report.charts.axes import LETTER, Scale, svg, whole_ticks, x_axis
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import amount, number

LANE, BAND, TOP, WIDTH, RIGHT = 40, 22, 10, 460, 400
MOST_CHANNELS = 8
MOST_STEPS = 600  # of a row in the page; the whole stands in predictions.jsonl
MOST_LETTERS = 12


@dataclass(frozen=True)
class Band:
    """A class for each step; ``wrong`` says at which steps it is another than the true one."""

    name: str
    classes: Sequence[str]
    wrong: Sequence[bool] = ()


def is_series(value: Any) -> bool:
    """Whether a raw value is a list of numbers, or of lists of numbers, a step.

    >>> is_series([[1.0, 2.0]]), is_series([1, 2]), is_series(["a"]), is_series([])
    (True, True, False, False)
    """
    if not isinstance(value, list) or not value:
        return False
    first = value[0][0] if isinstance(value[0], list) and value[0] else value[0]
    return isinstance(first, int | float) and not isinstance(first, bool)


def channel_chart(
    name: str, title: str, steps: Sequence[Any], names: Sequence[str] = (), bands: Sequence[Band] = ()
) -> Markup:
    """The first channels of ``steps (T)`` or ``(T, C)``, each from its least value at the foot of its lane to its most.

    ``names`` are those of the channels; ``bands`` stand below them.
    """
    rows = [step if isinstance(step, list) else [step] for step in steps[:MOST_STEPS]]
    count = len(rows[0])
    lanes = [[row[k] for row in rows] for k in range(min(count, MOST_CHANNELS))]
    named = [_short(names[k]) if k < len(names) else f"channel {k + 1}" for k in range(len(lanes))]
    named = named if names or count > 1 else [""]
    left = 18 + LETTER * max(len(text) for text in (*named, *(_short(band.name) for band in bands)))
    across = Scale(1, max(2, len(rows)), left, RIGHT)
    drawn = [_lane(lane, text, TOP + LANE * k, across) for k, (lane, text) in enumerate(zip(lanes, named, strict=True))]
    y = TOP + LANE * len(lanes)
    drawn += [_band(band, y + BAND * k, across) for k, band in enumerate(bands)]
    y += BAND * len(bands) + 4
    more = count - len(lanes)
    label = "step" + (f"; {amount(more, 'more channel')} not drawn" if more else "")
    label += f"; the first {MOST_STEPS} of {len(steps):,}" if len(steps) > MOST_STEPS else ""
    said = "; ".join(f"{text or 'it'} {_reach(lane)}" for text, lane in zip(named, lanes, strict=True))
    return svg(name, title, said, WIDTH, y + 44, drawn, x_axis(across, y, label, whole_ticks(across)))


def _lane(values: Sequence[Any], name: str, y: float, across: Scale) -> Markup:
    """One channel; where a number is missing the curve is broken."""
    present = [float(v) for v in values if _finite(v)] or [0.0]
    low, high = min(present), max(present)
    up = Scale(low, high, y + LANE - 8, y + 4) if low < high else Scale(low - 1, low + 1, y + LANE - 8, y + 4)
    curves = [
        tag("polyline", points=" ".join(f"{across(x):.1f},{up(v):.1f}" for x, v in run), class_="curve thin first")
        for run in _runs(values)
    ]
    text = tag("text", name, x=across.start - 10, y=y + LANE / 2 + 2, text_anchor="end", class_="label")
    ends = [
        tag("text", number(v), x=RIGHT + 6, y=at, class_="small") for v, at in ((high, y + 12), (low, y + LANE - 6))
    ]
    ground = tag("line", x1=across.start, x2=RIGHT, y1=y + LANE - 4, y2=y + LANE - 4, class_="grid")
    return join(ground, text, curves, ends if low < high else ends[:1])


def _runs(values: Sequence[Any]) -> Iterator[list[tuple[int, float]]]:
    for there, part in groupby(enumerate(values, start=1), key=lambda pair: _finite(pair[1])):
        if there:
            yield [(x, float(v)) for x, v in part]


def _band(band: Band, y: float, across: Scale) -> Markup:
    width = (RIGHT - across.start) / max(1, len(band.classes))
    wrong = band.wrong or [False] * len(band.classes)
    parts, start = [], 0
    for k, (key, run) in enumerate(groupby(zip(band.classes, wrong, strict=True))):
        name, off = key
        length = len(list(run))
        x = across.start + width * start
        tip = tag("title", f"{band.name}: {name}, steps {start + 1} to {start + length}")
        look = {"class_": "wrong" if off else "right", "fill_opacity": "0.55" if off else ("0.35", "0.2")[k % 2]}
        parts.append(tag("rect", tip, x=x, y=y, width=width * length, height=BAND - 4.0, **look))
        if LETTER * len(name) < width * length:
            parts.append(
                tag("text", name, x=x + width * length / 2, y=y + 13, text_anchor="middle", class_="count small")
            )
        start += length
    return join(tag("text", band.name, x=across.start - 10, y=y + 13, text_anchor="end", class_="label"), parts)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _reach(values: Sequence[Any]) -> str:
    present = [float(v) for v in values if _finite(v)]
    return f"from {number(min(present))} to {number(max(present))}" if present else "without a number"


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
