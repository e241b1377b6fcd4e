"""What comes after the last row of each series, as the network expects it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.time_lines import NARROW, WIDE, Band, time_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import chart, note, section, table, unfold
from throughtime.use.report.times import places, values
from throughtime.use.stamps import said, shown

DRAWN = 6  # series; the others are listed
PAST, LEAST_PAST = 4, 48  # horizons of the past that are drawn, and steps
MOST_STEPS = 200  # of a table; all stand in forecast.json
Row = Mapping[str, Any]


def future(material: ReportMaterial) -> Markup | None:
    """A chart for each of the first series, a list of the others; None where nothing was forecast."""
    told = material.forecast or {}
    rows = told.get("rows") or []
    if not rows:
        return None
    width = WIDE if len(rows) == 1 else NARROW
    charts = [_chart(i, row, told, width) for i, row in enumerate(rows[:DRAWN])]
    rest = unfold(f"{len(rows) - DRAWN:,} more series", _listed(rows[DRAWN:])) if rows[DRAWN:] else None
    pictures = charts if len(rows) == 1 else tag("div", charts, class_="pair")
    return section("future", "The future", note(_told(told, len(rows), material)), pictures, rest)


def _told(told: Row, rows: int, material: ReportMaterial) -> str:
    series = (material.metrics.get("forecast") or {}).get("series", rows)
    kept = f" Of {series:,} series the first {rows} are kept." if series > rows else ""
    steps = amount(told["horizon"], "step") if told.get("horizon") else "What comes"
    step = "" if told.get("step") == "1 step" else told.get("step") or ""  # of series without dates
    each = f" ({step}{' each' if told.get('horizon') != 1 else ''})" if step else ""
    return f"{steps}{each} after the last row: the line is what the network expects.{_band(told)}{kept}"


def _band(told: Row) -> str:
    level = told.get("level")
    if level is None:
        return ""
    return f" The truth should lie within the band {100 * level:.4g} times out of a hundred."


def _chart(i: int, row: Row, told: Row, width: int) -> Markup:
    past, ahead = row.get("past") or {}, row["time"]
    most = max(PAST * len(ahead), LEAST_PAST)
    before, seen = list(past.get("time") or [])[-most:], list(past.get("value") or [])[-most:]
    x, dated = places([*before, *ahead], told.get("step"))
    then, now = x[: len(before)], x[len(before) :]
    lines = [Line("past", then, values(seen), "plain"), Line("forecast", now, values(row["predicted"]))]
    picture = time_chart(
        f"future-{i}",
        f"{row.get('series', 'the series')}: the past and what comes next",
        lines if before else lines[1:],
        bands(row, now, told.get("level")),
        dated=dated,
        y_label="in the data's unit",
        begin=now[0] if before else None,
        width=width,
    )
    return chart(picture, _numbers(row), f"{row.get('series', '')}.", _reach(row, told.get("step")))


def bands(row: Row, x: Sequence[float], level: float | None) -> list[Band]:
    """The interval of a forecast, where it has one."""
    low, high = values(row.get("lower") or []), values(row.get("upper") or [])
    if len(low) != len(x) or len(high) != len(x):
        return []
    return [Band("interval" if level is None else f"{100 * level:.4g} % interval", x, low, high)]


def _reach(row: Row, step: str | None) -> str:
    first, last = (said(row["time"][at], step) for at in (0, -1))
    return f"Forecast from {first} to {last}." if len(row["time"]) > 1 else f"Forecast of {first}."


def _numbers(row: Row) -> Markup:
    sides = [side for side in ("lower", "upper") if row.get(side)]
    found = list(zip(row["time"], row["predicted"], *(row[side] for side in sides), strict=True))
    left = f"The first {MOST_STEPS} of {len(found):,} steps" if len(found) > MOST_STEPS else None
    cells = [[shown(when), *map(number, figures)] for when, *figures in found[:MOST_STEPS]]
    return table(["time", "forecast", *sides], cells, left)


def _listed(rows: Sequence[Row]) -> Markup:
    """The first and the last step of each."""
    header = ["series", "first step", "forecast", "last step", "forecast"]
    cells = [
        [
            tag("bdi", row.get("series", "")),
            *(part for at in (0, -1) for part in (shown(row["time"][at]), number(row["predicted"][at]))),
        ]
        for row in rows
    ]
    return table(header, cells)
