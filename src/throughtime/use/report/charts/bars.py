"""Counts: a histogram over numbers, and bars with names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from throughtime.use.report.charts.axes import LETTER, Scale, spanning, svg, ticks, whole_ticks, x_axis, y_axis
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number

WIDTH, LEFT, RIGHT = 420, 52, 408
ROW = 20  # height of one bar with its name


def histogram(
    name: str, title: str, edges: Sequence[float], counts: Sequence[int], *, x_label: str, y_label: str = "rows"
) -> Markup:
    """``counts[i]`` rows (or whatever ``y_label`` says) lie between ``edges[i]`` and ``edges[i + 1]``."""
    top, bottom = 34, 214
    across, up = Scale(edges[0], edges[-1], LEFT + 4, RIGHT), spanning(counts, bottom, top, zero=True)
    bars = [_column(low, high, count, across, up) for (low, high), count in zip(pairwise(edges), counts, strict=True)]
    most = max(range(len(counts)), key=lambda i: counts[i])
    whole, peak = f"{sum(counts):,} {y_label}", f"{number(edges[most])} and {number(edges[most + 1])}"
    said = f"{whole} from {number(edges[0])} to {number(edges[-1])}; most, {counts[most]:,}, between {peak}"
    axes = [y_axis(up, LEFT, RIGHT, y_label, whole_ticks(up, 4)), x_axis(across, bottom, x_label, ticks(across))]
    return svg(name, title, said, WIDTH, bottom + 46, axes, bars)


def _column(low: float, high: float, count: int, across: Scale, up: Scale) -> Markup:
    tip = tag("title", f"{number(low)} to {number(high)}: {count:,}")
    width = max(0.8, across(high) - across(low) - 1)
    return tag("rect", tip, x=across(low) + 0.5, y=up(count), width=width, height=up(0) - up(count), class_="bar first")


def named_bars(name: str, title: str, rows: Sequence[tuple[str, float]], *, label: str) -> Markup:
    """A horizontal bar for each name, longest name deciding the left margin; the number stands behind the bar."""
    left = min(170.0, 12 + LETTER * max(len(_short(text)) for text, _ in rows))
    ends = LETTER * max(len(number(value)) for _, value in rows) + 8
    across = Scale(0, max(value for _, value in rows) or 1, left, WIDTH - ends)
    bars = [_bar(text, value, 26 + ROW * i, across) for i, (text, value) in enumerate(rows)]
    said = "; ".join(f"{text} {number(value)}" for text, value in rows)
    return svg(name, title, said, WIDTH, 30 + ROW * len(rows), tag("text", label, x=left, y=14, class_="label"), bars)


def _bar(text: str, value: float, y: float, across: Scale) -> Markup:
    return join(
        tag("text", tag("title", text), _short(text), x=across.start - 6, y=y + 13, text_anchor="end"),
        tag(
            "rect",
            x=across.start,
            y=y + 2.0,
            width=max(0.8, across(value) - across.start),
            height=ROW - 5.0,
            class_="bar first",
        ),
        tag("text", number(value), x=across(value) + 5, y=y + 13),
    )


def _short(text: str, most: int = 20) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
