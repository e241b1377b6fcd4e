"""Where a decoder looked: a row for each token written, a column for each token read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from throughtime.use.report.charts.axes import LETTER, svg
from throughtime.use.report.charts.cells import ground, shortened, strength
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.parts import table

LEAST = 0.01  # weight of a cell that is drawn
LEAST_NAMED = 0.05  # and of one whose figure stands in it, where there is room
SIDES = ((10, 34), (24, 25), (40, 19))  # tokens up to which cells have this side
SMALLEST = 14
STRONG = 0.75  # opacity from which figures are light


def attention_map(
    name: str, title: str, weights: Sequence[Sequence[float]], written: Sequence[str], read: Sequence[str]
) -> Markup:
    """``weights[i][j]`` is how much written token i looked at read token j; the darker, the more."""
    side = _side(max(len(written), len(read)))
    left, upright = max(84, _room(written, side)), max(map(len, read)) <= 2
    over = 0 if upright else _room(read, side)
    top = max(46, int(0.78 * over))
    labels = [
        tag("text", "written ↓", x=left - 8, y=top - 22, text_anchor="end", class_="label"),
        tag("text", "read →", x=left - 8, y=top - 6, text_anchor="end", class_="label"),
    ]
    small = "small" if side == SMALLEST else None
    return svg(
        name,
        title,
        f"{len(written)} tokens written, {len(read)} read; the darker a cell, the more of the weight it has",
        left + side * len(read) + max(10, int(0.64 * over) - side // 2),
        top + side * len(written) + 6,
        labels,
        [_row_name(token, left, top + side * (i + 0.5), small) for i, token in enumerate(written)],
        [_column_name(token, left + side * (j + 0.5), top - 7, small, upright) for j, token in enumerate(read)],
        ground(len(written), len(read), side, left, top),
        [_row(i, row, written[i], read, side, left, top) for i, row in enumerate(weights)],
        most=1.1,
    )


def strongest(weights: Sequence[Sequence[float]], written: Sequence[str], read: Sequence[str]) -> Markup:
    """The numbers of such a map in a table: the two tokens with the most weight for each that was written."""
    rows = []
    for token, shares in zip(written, weights, strict=True):
        most = sorted(range(len(shares)), key=lambda j: -shares[j])[:2]
        cells: list[Any] = [cell for j in most for cell in (tag("bdi", read[j]), f"{shares[j]:.3f}")]
        rows.append([tag("bdi", token), *cells, *["-"] * (4 - len(cells))])
    return table(["written", "looked at", "weight", "then at", "weight"], rows)


def _side(tokens: int) -> int:
    return next((side for most, side in SIDES if tokens <= most), SMALLEST)


def _room(tokens: Sequence[str], side: int) -> int:
    return int(max(len(shortened(token)) for token in tokens) * (LETTER if side > SMALLEST else 6.4)) + 16


def _row_name(token: str, left: int, middle: float, small: str | None) -> Markup:
    text = (tag("title", token), shortened(token))
    return tag("text", *text, x=left - 7, y=middle + 4, text_anchor="end", class_=small)


def _column_name(token: str, middle: float, y: int, small: str | None, upright: bool) -> Markup:
    text = (tag("title", token), shortened(token))
    if upright:
        return tag("text", *text, x=middle, y=y, text_anchor="middle", class_=small)
    return tag("text", *text, x=middle + 3, y=y, transform=f"rotate(-50 {middle:.1f} {y})", class_=small)


def _row(i: int, weights: Sequence[float], token: str, read: Sequence[str], side: int, left: int, top: int) -> Markup:
    return join(
        _cell(
            weight,
            f"{token} ({i + 1}) looked at {read[j]} ({j + 1}): {weight:.3f}",
            left + side * j,
            top + side * i,
            side,
        )
        for j, weight in enumerate(weights)
        if weight >= LEAST
    )


def _cell(weight: float, tip: str, x: int, y: int, side: int) -> Markup:
    shade, wide = strength(weight), side - 1
    colour = tag(
        "rect", tag("title", tip), x=x, y=y, width=wide, height=wide, class_="right", fill_opacity=f"{shade:.2f}"
    )
    if side < SIDES[0][1] or weight < LEAST_NAMED:
        return colour
    ink = "count small strong" if shade > STRONG else "count small"
    return join(
        colour, tag("text", f"{100 * weight:.0f}", x=x + wide / 2, y=y + wide / 2 + 4, text_anchor="middle", class_=ink)
    )
