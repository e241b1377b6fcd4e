"""Whether what is said to be so likely comes so often."""

from __future__ import annotations

from throughtime.use.report.charts.calibration import calibration_chart
from throughtime.use.report.html import Markup
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import fraction
from throughtime.use.report.parts import chart, section, table


def calibration(material: ReportMaterial) -> Markup | None:
    """Of the quantiles of forecasts; None where they are not known.

    ``metrics.json`` has them as ``forecast.quantiles``: ``nominal`` (Q,), and ``measured`` (Q,), the share of truths
    that lay below each.
    """
    told = (material.metrics.get("forecast") or {}).get("quantiles") or {}
    both = zip(told.get("nominal") or (), told.get("measured") or (), strict=True)
    pairs = [(nominal, measured) for nominal, measured in both if measured is not None]
    if len(pairs) < 2:
        return None
    picture = calibration_chart("calibration-chart", [n for n, _ in pairs], [m for _, m in pairs])
    numbers = table(["quantile", "share of truths below it"], [[fraction(n), fraction(m)] for n, m in pairs])
    said = "On the dashed diagonal it is as it should be; flatter than it, intervals are too narrow, steeper, too wide."
    return section("calibration", "Calibration", chart(picture, numbers, "Truths below each quantile.", said))
