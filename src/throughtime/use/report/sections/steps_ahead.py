"""How errors and intervals fare from the first step forecast to the last."""

from __future__ import annotations

from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.time_lines import time_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import fraction
from throughtime.use.report.parts import chart, section, table
from throughtime.use.report.times import around_level, values
from throughtime.use.verdict import baseline_words, metric_axis


def steps_ahead(material: ReportMaterial) -> Markup | None:
    """None where there is only one step, or nothing is known by step."""
    told = material.metrics.get("forecast") or {}
    by_step = told.get("by_horizon") or {}
    if len(by_step.get("mae") or ()) < 2:
        return None
    pair = [_errors(by_step, material), _coverage(by_step, told.get("level"))]
    return section("steps_ahead", "Errors by horizon", tag("div", pair, class_="pair"))


def _errors(by_step: dict[str, list[float | None]], material: ReportMaterial) -> Markup:
    beside = baseline_words((material.metrics.get("baseline") or {}).get("name") or "baseline")
    columns = {"network": by_step["mae"]}
    if by_step.get("baseline_mae"):
        columns[beside] = by_step["baseline_mae"]
    steps = [float(step) for step in range(1, len(by_step["mae"]) + 1)]
    colours = ("first", "second")
    lines = [Line(name, steps, values(found), c) for (name, found), c in zip(columns.items(), colours, strict=False)]
    title = "Mean absolute error by step ahead."
    unit = metric_axis("mae", material.scope.measured_in)
    picture = time_chart("steps-ahead", title, lines, dated=False, x_label="step ahead", y_label=unit, reach=[0])
    rows = [[f"{step:.0f}", *found] for step, *found in zip(steps, *columns.values(), strict=True)]
    return chart(picture, table(["step", *columns], rows), title, "The further ahead, the less is known.")


def _coverage(by_step: dict[str, list[float | None]], level: float | None) -> Markup | None:
    found = by_step.get("coverage") or []
    if level is None or not any(share is not None for share in found):
        return None
    steps = [float(step) for step in range(1, len(found) + 1)]
    name = f"{100 * level:.4g} % interval"
    picture = time_chart(
        "steps-coverage",
        f"Share of the truths within the {name} by step ahead",
        [Line(f"within the {name}", steps, values(found))],
        dated=False,
        x_label="step ahead",
        y_label="share of the truths",
        levels=[("as it should be", level)],
        reach=around_level(level),
    )
    shares = ["-" if share is None else fraction(share) for share in found]
    rows = [[f"{step:.0f}", share] for step, share in zip(steps, shares, strict=True)]
    return chart(
        picture,
        table(["step", "share within"], rows),
        f"Truths within the {name} by step ahead.",
        "Above the dashed line intervals are too wide, below it too narrow.",
    )
