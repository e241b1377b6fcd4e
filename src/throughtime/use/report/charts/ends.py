"""Names beside the ends of curves, moved apart where they would stand on one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from throughtime.use.report.charts.axes import LETTER
from throughtime.use.report.html import Markup, join, tag

APART = 16.0  # pixels from one name's line to the next


@dataclass(frozen=True)
class End:
    """Where a curve ends in the picture, and what it is called."""

    name: str
    x: float
    y: float
    colour: str


def names_at_ends(ends: Sequence[End], top: float, bottom: float, right: float) -> Markup:
    """Each name right of its end, between ``top`` and ``bottom``; a thin line leads to one that had to move.

    A curve that ends before ``right`` keeps its name there, if there is room.
    """
    placed: list[Markup] = []
    for column in _columns(ends):
        for end, y in zip(column, spread([end.y for end in column], top, bottom), strict=True):
            x = min(end.x, right) + 8
            moved = abs(y - end.y) > 3
            placed.append(
                join(
                    tag("line", x1=end.x + 2, y1=end.y, x2=x + 5, y2=y, class_="leader") if moved else None,
                    tag("text", end.name, x=x + (7 if moved else 0), y=y + 4, class_=f"halo end {end.colour}"),
                )
            )
    return join(placed)


def _columns(ends: Sequence[End]) -> list[list[End]]:
    """Ends so near in x that their names could meet, from top to bottom."""
    columns: list[list[End]] = []
    for end in sorted(ends, key=lambda end: end.x):
        reach = columns[-1][0].x + LETTER * max(len(other.name) for other in columns[-1]) + 20 if columns else 0.0
        if columns and end.x < reach:
            columns[-1].append(end)
        else:
            columns.append([end])
    return [sorted(column, key=lambda end: end.y) for column in columns]


def spread(wanted: Sequence[float], top: float, bottom: float, apart: float = APART) -> list[float]:
    """Places in the same order (``wanted`` is sorted), at least ``apart``, near to where they want to be.

    >>> spread([100.0, 101.0, 200.0], 0, 210)
    [92.5, 108.5, 200.0]
    >>> spread([208.0, 209.0, 210.0], 0, 210)
    [178.0, 194.0, 210.0]
    """
    groups: list[tuple[float, int]] = []  # the middle of a group, and how many are in it
    for y in wanted:
        groups.append((_inside(y, 1, top, bottom, apart), 1))
        while len(groups) > 1 and groups[-1][0] - groups[-2][0] < apart * (groups[-1][1] + groups[-2][1]) / 2:
            (high, many), (low, more) = groups.pop(), groups.pop()
            middle = (high * many + low * more) / (many + more)
            groups.append((_inside(middle, many + more, top, bottom, apart), many + more))
    return [middle + apart * (k - (count - 1) / 2) for middle, count in groups for k in range(count)]


def _inside(middle: float, count: int, top: float, bottom: float, apart: float) -> float:
    half = apart * (count - 1) / 2
    return max(min(middle, bottom - half), top + half)
