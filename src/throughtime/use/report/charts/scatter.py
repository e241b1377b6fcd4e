"""Predicted against true numbers."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.use.report.charts.axes import spanning, svg, ticks, x_axis, y_axis
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.numbers import number

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 420, 56, 408, 34, 386


def scatter(name: str, truth: Sequence[float], predicted: Sequence[float], unit: str, rows: str = "rows") -> Markup:
    """A point for each of the ``rows``, both axes on one scale; on the diagonal the prediction is exact."""
    values = [*truth, *predicted]
    across, up = spanning(values, LEFT, RIGHT), spanning(values, BOTTOM, TOP)
    exact = tag("line", x1=LEFT, y1=BOTTOM, x2=RIGHT, y2=TOP, class_="level")
    points = [
        tag(
            "circle",
            tag("title", f"truth {number(t)}, predicted {number(p)}"),
            cx=across(t),
            cy=up(p),
            r=3,
            class_="point first",
        )
        for t, p in zip(truth, predicted, strict=True)
    ]
    axes = [
        y_axis(up, LEFT, RIGHT, f"predicted {unit}", ticks(up)),
        x_axis(across, BOTTOM, f"true {unit}", ticks(across)),
    ]
    reach = f"{number(min(values))} and {number(max(values))}"
    said = f"{len(truth):,} {rows} between {reach}; on the dashed diagonal the prediction is exact"
    return svg(name, "Predicted against true values", said, WIDTH, BOTTOM + 46, axes, exact, points)
