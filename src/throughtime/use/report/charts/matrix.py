"""A confusion matrix as a heat map: rows are the truth, columns the answers."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.use.report.charts.axes import LETTER, svg
from throughtime.use.report.charts.cells import MOST_LETTERS, ground, shortened, strength
from throughtime.use.report.html import Markup, join, tag

COUNTS_UP_TO = 32  # classes; above, cells are too small for a number, which then stands in their tooltip


def confusion_chart(name: str, counts: Sequence[Sequence[int]], classes: Sequence[str], units: str = "rows") -> Markup:
    """``counts[i][j]`` ``units`` of class i were taken for class j; the colour is the share of the row."""
    size = _cell_size(len(classes))
    left, top = _room_for_names(classes, size)
    empty = ground(len(classes), len(classes), size, left, top)
    cells = [_row(i, counts[i], classes, size, left, top) for i in range(len(classes))]
    names = [_names(i, text, size, left, top) for i, text in enumerate(classes)]
    width, height = left + size * len(classes) + top // 2 + 6, top + size * len(classes) + 8
    labels = [
        tag("text", "truth ↓", x=left - 8, y=top - 22, text_anchor="end", class_="label"),
        tag("text", "taken for →", x=left - 8, y=top - 6, text_anchor="end", class_="label"),
    ]
    right, rows = sum(counts[i][i] for i in range(len(classes))), sum(map(sum, counts))
    said = f"{len(classes)} classes; {right:,} of {rows:,} {units} lie on the diagonal, which is right"
    return svg(
        name, "Confusion matrix: truth by row, answer by column", said, width, height, labels, names, empty, cells
    )


def _cell_size(classes: int) -> int:
    return 92 if classes <= 3 else 56 if classes <= 6 else 34 if classes <= COUNTS_UP_TO else 13


def _room_for_names(classes: Sequence[str], size: int) -> tuple[int, int]:
    longest = max(min(MOST_LETTERS, len(text)) for text in classes)
    room = int(longest * (LETTER if size > 13 else 6)) + 16
    return max(96, room), (40 if size >= 56 else max(46, int(room * 0.8)))


def _names(i: int, text: str, size: int, left: int, top: int) -> Markup:
    short = shortened(text)
    middle = size * i + size / 2
    small = "small" if size == 13 else None
    x, y = left + middle, top - 7
    turned = {"text_anchor": "middle"} if size >= 56 else {"transform": f"rotate(-50 {x:.1f} {y})"}
    fits = short if size < 56 else _fitting(short, size)
    row = tag("text", tag("title", text), short, x=left - 7, y=top + middle + 4, text_anchor="end", class_=small)
    return join(row, tag("text", tag("title", text), fits, x=x + (0 if size >= 56 else 3), y=y, class_=small, **turned))


def _fitting(text: str, size: int) -> str:
    most = int((size - 8) / LETTER)
    return text if len(text) <= most else text[: most - 1] + "…"


def _row(i: int, counts: Sequence[int], classes: Sequence[str], size: int, left: int, top: int) -> Markup:
    total = sum(counts) or 1
    return join(_cell(i, j, count, count / total, classes, size, left, top) for j, count in enumerate(counts))


def _cell(
    i: int, j: int, count: int, share: float, classes: Sequence[str], size: int, left: int, top: int
) -> Markup | None:
    x, y, shade = left + size * j, top + size * i, strength(share)
    number = _count(count, share, shade, x + (size - 1) / 2, y + (size - 1) / 2, size)
    if count == 0:
        return number
    tip = tag("title", f"{classes[i]} taken for {classes[j]}: {count:,} ({100 * share:.1f} % of {classes[i]})")
    hue = "right" if i == j else "wrong"
    side = size - 1
    colour = tag("rect", tip, x=x, y=y, width=side, height=side, class_=hue, fill_opacity=f"{shade:.2f}")
    return join(colour, number)


def _count(count: int, share: float, shade: float, x: float, y: float, size: int) -> Markup | None:
    if size == 13 or (count == 0 and size < 56):
        return None
    ink = "count strong" if shade > 0.75 else "count"
    if size < 56:
        shown = f"{count}" if count < 10_000 else f"{count // 1000}k"
        return tag("text", shown, x=x, y=y + 4, text_anchor="middle", class_=ink + (" small" if count > 999 else ""))
    share_text = tag("text", f"{100 * share:.0f} %", x=x, y=y + 18, text_anchor="middle", class_=ink + " small")
    return join(tag("text", f"{count:,}", x=x, y=y + 3, text_anchor="middle", class_=ink + " large"), share_text)
