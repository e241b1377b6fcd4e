"""How errors and intervals fare over the test time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.time_lines import time_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import fraction
from throughtime.use.report.parts import chart, section, table
from throughtime.use.report.times import around_level, places, values
from throughtime.use.stamps import shown
from throughtime.use.verdict import baseline_words, metric_axis


def over_time(material: ReportMaterial) -> Markup | None:
    """None where the test time is one stretch only."""
    told = material.metrics.get("forecast") or {}
    dates = told.get("by_date") or {}
    if len(dates.get("dates") or ()) < 2 or not dates.get("mae"):
        return None
    pair = [_errors(dates, told.get("step"), material), _coverage(dates, told.get("step"), told.get("level"))]
    return section("over_time", "Errors by date", tag("div", pair, class_="pair"))


def _errors(dates: Mapping[str, Any], step: str | None, material: ReportMaterial) -> Markup:
    beside = baseline_words((material.metrics.get("baseline") or {}).get("name") or "baseline")
    columns = {"network": dates["mae"]}
    if dates.get("baseline_mae"):
        columns[beside] = dates["baseline_mae"]
    x, dated = places(dates["dates"], step)
    strokes = (("first", ""), ("second", "thin"))
    lines = [
        Line(name, x, values(found), colour, stroke=stroke)
        for (name, found), (colour, stroke) in zip(columns.items(), strokes, strict=False)
    ]
    title = "Mean absolute error over the test time."
    unit = metric_axis("mae", material.scope.measured_in)
    picture = time_chart("by-date", title, lines[::-1], dated=dated, y_label=unit, reach=[0])
    rows = [[shown(when), *found] for when, *found in zip(dates["dates"], *columns.values(), strict=True)]
    return chart(picture, table(["from", *columns], rows), title, "A point for all forecasts that begin in a stretch.")


def _coverage(dates: Mapping[str, Any], step: str | None, level: float | None) -> Markup | None:
    found = dates.get("coverage") or []
    if level is None or not any(share is not None for share in found):
        return None
    x, dated = places(dates["dates"], step)
    name = f"{100 * level:.4g} % interval"
    picture = time_chart(
        "by-date-coverage",
        f"Share of the truths within the {name} over the test time",
        [Line(f"within the {name}", x, values(found))],
        dated=dated,
        y_label="share of the truths",
        levels=[("as it should be", level)],
        reach=around_level(level),
    )
    pairs = zip(dates["dates"], found, strict=True)
    rows = [[shown(when), "-" if share is None else fraction(share)] for when, share in pairs]
    return chart(picture, table(["from", "share within"], rows), f"Truths within the {name} over the test time.")
