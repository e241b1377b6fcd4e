"""One metric for the network and every baseline: a point with its interval, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from throughtime.use.report.charts.axes import Scale, spanning, svg, ticks, x_axis
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number

WIDTH, LEFT, RIGHT, ROW, MOST_LETTERS = 450, 12, 386, 42, 48


@dataclass(frozen=True)
class Entrant:
    """Who takes part; ``shown`` is the figure as it is written."""

    name: str
    figure: float
    shown: str
    interval: tuple[float, float] | None = None
    network: bool = False


def contest(name: str, entrants: Sequence[Entrant], *, title: str, label: str) -> Markup:
    """Entrants from top to bottom as given, the network in its own colour and shape; ``label`` is the axis's."""
    reach = [value for entrant in entrants for value in (entrant.figure, *(entrant.interval or ()))]
    across = spanning(reach, LEFT, RIGHT)
    bottom = 8 + ROW * len(entrants)
    grid = [tag("line", x1=across(t), x2=across(t), y1=4, y2=bottom, class_="grid") for t in ticks(across)]
    rows = [_row(entrant, 8 + ROW * i, across) for i, entrant in enumerate(entrants)]
    axis = x_axis(across, bottom, label, ticks(across))
    said = "; ".join(f"{entrant.name} {entrant.shown}{_reach(entrant)}" for entrant in entrants)
    return svg(name, title, said, WIDTH, bottom + 46, grid, axis, rows)


def _reach(entrant: Entrant) -> str:
    if entrant.interval is None:
        return ""
    return f" (95 % interval {number(entrant.interval[0])} to {number(entrant.interval[1])})"


def _row(entrant: Entrant, y: float, across: Scale) -> Markup:
    """The name above its line, so that it has room on a phone."""
    weight = "bold" if entrant.network else "quiet"
    text = tag("text", _short(entrant.name), x=LEFT, y=y + 13, class_=f"halo {weight}")
    figure = tag("text", entrant.shown, x=WIDTH - 4, y=y + 29, text_anchor="end", class_=weight)
    return join(text, _whisker(entrant, y + 25, across), _point(entrant, across(entrant.figure), y + 25), figure)


def _whisker(entrant: Entrant, y: float, across: Scale) -> Markup | None:
    if entrant.interval is None:
        return None
    low, high = map(across, entrant.interval)
    return tag("line", x1=low, x2=high, y1=y, y2=y, class_=f"whisker {'first' if entrant.network else 'plain'}")


def _point(entrant: Entrant, x: float, y: float) -> Markup:
    tip = tag("title", f"{entrant.name}: {entrant.shown}{_reach(entrant)}")
    if entrant.network:
        return tag("path", tip, d=f"M{x:.1f} {y - 8:.1f}l8 8l-8 8l-8 -8z", class_="dot first")
    return tag("circle", tip, cx=x, cy=y, r=5, class_="dot plain")


def _short(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…"
