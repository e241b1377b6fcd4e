"""What was said to be so likely against how often it came."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.use.report.charts.axes import Scale, svg, ticks, x_axis, y_axis
from throughtime.use.report.charts.lines import Line, curve
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.numbers import fraction

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 420, 52, 408, 34, 390


def calibration_chart(name: str, nominal: Sequence[float], measured: Sequence[float]) -> Markup:
    """A point a quantile, both axes from 0 to 1."""
    across, up = Scale(0, 1, LEFT, RIGHT), Scale(0, 1, BOTTOM, TOP)
    marks = ticks(across)
    said = "; ".join(f"{fraction(m)} at {fraction(n)}" for n, m in zip(nominal, measured, strict=True))
    return svg(
        name,
        "Share of truths below each quantile",
        said,
        WIDTH,
        BOTTOM + 46,
        y_axis(up, LEFT, RIGHT, "share of truths below it", marks),
        x_axis(across, BOTTOM, "quantile", marks),
        tag("line", x1=LEFT, y1=BOTTOM, x2=RIGHT, y2=TOP, class_="level"),
        curve(Line("network", nominal, measured), across, up),
    )
