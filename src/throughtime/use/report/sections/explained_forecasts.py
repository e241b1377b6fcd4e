"""Forecasts explained: what was known, what every step of it gave, what the network did while it read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.inspect.explain.forecast_lines import remarks
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.time_lines import STYLES, WIDE, time_chart
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import note, section, table, unfold
from throughtime.use.report.times import places, values
from throughtime.use.stamps import shown

MOST_STEPS = 500  # of a table, the last ones
Row = Mapping[str, Any]


def explained_forecasts(material: ReportMaterial) -> Markup | None:
    """A part of the page for each forecast that was inspected; None where none was."""
    found = material.inspection.get("forecasts") or []
    if not found:
        return None
    legend = note(
        "What every step gave (integrated gradients), in the unit of the data: above 0 it made the forecast larger, "
        "below smaller."
    )
    step = (material.metrics.get("forecast") or {}).get("step")
    parts = [_one(i, entry, step) for i, entry in enumerate(found)]
    return section("explained_forecasts", "Why it forecasts so", legend, parts)


def _one(i: int, entry: Row, step: str | None) -> Markup:
    timed = [part for part in entry["parts"] if part["where"] != "all"]
    ends = {part["where"]: list(part["times"]) for part in timed}
    stamps = [*ends["before"], *(ends.get("ahead") or [entry["time"]])]
    x, dated = places(stamps, step)
    split = len(ends["before"])
    where = {"before": x[:split], "ahead": x[split:]}
    return tag(
        "article",
        tag("h3", tag("bdi", entry["series"]), f", {shown(entry['time'])}: ", number(entry["value"])),
        note(" ".join(f"{said[0].upper()}{said[1:]}." for said in remarks(entry, number))),
        _past(i, entry, x, split, dated),
        _given(i, [part for part in timed if any(part["given"])], where, dated),
        table(["what", "gave", "most at", "there"], [_totals(part) for part in _by_total(entry)]),
        unfold("What each value gave, and the forecast were it missing", _values(entry)),
        _insides(i, entry, where["before"], dated),
        class_="explained",
    )


def _by_total(entry: Row) -> Sequence[Row]:
    return sorted(entry["parts"], key=lambda part: -abs(part["total"]))


def _totals(part: Row) -> list[Any]:
    name, total = tag("bdi", part["name"]), f"{part['total']:+.4g}"
    if part["where"] == "all" or not any(part["given"]):
        return [name, total, "", ""]
    k = max(range(len(part["given"])), key=lambda k: abs(part["given"][k]))
    return [name, total, shown(part["times"][k]), f"{part['given'][k]:+.4g}"]


def _past(i: int, entry: Row, x: Sequence[float], split: int, dated: bool) -> Markup:
    """The series as far as it is looked back on, and the forecast."""
    own, at = entry["parts"][0], x[min(split + entry["step"], len(x) - 1)]
    lines = [
        Line("past", x, values([*own["values"], *[None] * (len(x) - split)]), "plain"),  # x as far as below
        Line("forecast", [at], [entry["value"]], mark=at),
    ]
    picture = time_chart(
        f"explained-forecast-{i}-past",
        f"{entry['series']}: what was known, and the forecast of {shown(entry['time'])}",
        lines,
        dated=dated,
        y_label="in the data's unit",
        begin=x[split] if split < len(x) else None,
        width=WIDE,
        height=240,
    )
    return tag("figure", tag("figcaption", tag("strong", "What was known.")), tag("div", picture, class_="scroll"))


def _given(i: int, parts: Sequence[Row], where: Mapping[str, Sequence[float]], dated: bool) -> Markup | None:
    """A curve for each of the columns that gave most, over the same time; what is ahead of it behind the upright."""
    most = sorted({part["column"] for part in parts}, key=lambda name: -_weight(parts, name))[: len(STYLES)]
    lines = []
    for name, (colour, stroke) in zip(most, STYLES, strict=False):
        own = [part for part in parts if part["column"] == name]
        x = [place for part in own for place in where[part["where"]]]
        lines.append(Line(name, x, [value for part in own for value in part["given"]], colour, stroke=stroke))
    if not lines:
        return None
    left = len({part["column"] for part in parts}) - len(most)
    picture = time_chart(
        f"explained-forecast-{i}-given",
        "What every step gave to the forecast",
        lines,
        dated=dated,
        y_label="given to the forecast",
        levels=[("nothing", 0.0)],
        begin=where["ahead"][0] if where["ahead"] else None,
        width=WIDE,
        height=240,
    )
    more = f"{amount(left, 'column')} that gave less not drawn." if left else ""
    said = tag("figcaption", tag("strong", "What every step gave."), join(" ", more))
    return tag("figure", said, tag("div", picture, class_="scroll"))


def _weight(parts: Sequence[Row], name: str) -> float:
    return math.fsum(abs(value) for part in parts if part["column"] == name for value in part["given"])


def _values(entry: Row) -> Markup:
    own = entry["parts"][0]
    rows = list(zip(own["times"], own["values"], own["given"], entry["without"], strict=True))
    cut = f"The last {MOST_STEPS} of {len(rows):,} steps" if len(rows) > MOST_STEPS else None
    cells = [
        [shown(time), "missing" if value is None else number(value), f"{given:+.4g}", number(without)]
        for time, value, given, without in rows[-MOST_STEPS:]
    ]
    return table(["time", "value", "gave", "forecast without it"], cells, cut)


def _insides(i: int, entry: Row, x: Sequence[float], dated: bool) -> Markup | None:
    """For each layer and direction the gates in one picture and the lengths of states in another."""
    lines: Sequence[Row] = entry["over_time"]
    kinds = list(dict.fromkeys((line["layer"], line["backward"], line["measure"]) for line in lines))
    if not kinds:
        return None
    pictures = []
    for k, (layer, backward, measure) in enumerate(kinds):
        own = [line for line in lines if (line["layer"], line["backward"], line["measure"]) == kinds[k]]
        title = f"Layer {layer}, {'backward' if backward else 'forward'}: "
        title += "gates, the mean over the units" if measure == "mean" else "lengths of states and candidates"
        curves = [
            Line(line["name"], x, line["values"], colour, stroke=stroke)
            for line, (colour, stroke) in zip(own, STYLES, strict=False)
        ]
        picture = time_chart(
            f"explained-forecast-{i}-inside-{k}", title, curves, dated=dated, y_label=measure, reach=[0.0, 1.0]
        )
        left = f" {amount(len(own) - len(curves), 'curve')} not drawn." if len(own) > len(curves) else None
        pictures.append(tag("figure", tag("figcaption", tag("strong", f"{title}."), left), tag("div", picture)))
    return unfold(join("Gates and states over the steps before"), tag("div", pictures, class_="pair"))
