"""Where there are several series: how each of them fares."""

from __future__ import annotations

from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import note, section, share_bar, table
from throughtime.use.verdict import baseline_words


def each_series(material: ReportMaterial) -> Markup | None:
    """None for one series."""
    told = material.metrics.get("forecast") or {}
    rows = told.get("by_series") or []
    if len(rows) < 2:
        return None
    beside = baseline_words((material.metrics.get("baseline") or {}).get("name") or "baseline")
    level = told.get("level")
    within = "within the interval" if level is None else f"within the {100 * level:.4g} % interval"
    header = ["series", "forecasts", "mean absolute error", beside, "less error by", within]
    cells = [
        [
            tag("bdi", row["series"]),
            row.get("origins"),
            number(row.get("mae")),
            number(row.get("baseline_mae")),
            _less(row.get("mae"), row.get("baseline_mae")),
            share_bar(row.get("coverage")),
        ]
        for row in rows
    ]
    total = told.get("series", len(rows))
    which = f"All {total:,} series" if total == len(rows) else f"{len(rows)} of {total:,} series"
    return section("each_series", "By series", note(f"{which}, the largest error first."), table(header, cells))


def _less(ours: float | None, theirs: float | None) -> str:
    """How much lower the network's error is than the baseline's; below zero where it is higher."""
    return "-" if ours is None or not theirs else f"{100 * (theirs - ours) / theirs:.1f} %"
