"""Predicted numbers against the true ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from throughtime.use.report.answers import kind, outcome
from throughtime.use.report.charts.axes import Scale, spanning, ticks
from throughtime.use.report.charts.bars import histogram
from throughtime.use.report.charts.scatter import scatter
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import chart, section, table

MOST_POINTS = 1500
QUANTILES = {"smallest": 0.0, "lower quarter": 0.25, "middle": 0.5, "upper quarter": 0.75, "largest": 1.0}


def regression(material: ReportMaterial) -> Markup | None:
    """Scatter and histogram of the errors; None where the answer is no number."""
    if kind(material) != "numbers" or not material.predictions:
        return None
    found = outcome(material)
    truth, predicted = found.truth.tolist(), found.predicted.tolist()
    step, unit = -(-len(truth) // MOST_POINTS), "row" if found.lengths is None else "step"
    shown = "" if step == 1 else f" Every {step}th {unit} is drawn."
    points = scatter("scatter", truth[::step], predicted[::step], "value (in the data's unit)", f"{unit}s")
    errors = [p - t for t, p in zip(truth, predicted, strict=True)]
    edges, counts = _bins(errors)
    bars = histogram(
        "residuals",
        "Histogram of the errors",
        edges,
        counts,
        x_label="predicted - true (in the data's unit)",
        y_label=f"{unit}s",
    )
    listed = table(
        ["from", "to", f"{unit}s"], [[number(edges[i]), number(edges[i + 1]), count] for i, count in enumerate(counts)]
    )
    exact = "On the dashed diagonal the prediction is exact." + shown
    pair = [
        chart(points, _quantiles(truth, predicted, errors), f"A point a {unit}.", exact),
        chart(bars, listed, "Errors.", _leaning(errors)),
    ]
    return section("regression", "Predicted against true", tag("div", pair, class_="pair"))


def _bins(errors: Sequence[float]) -> tuple[list[float], list[int]]:
    reach = max(map(abs, errors)) or 1.0
    wide = spanning([-reach, reach], 0, 1)
    edges = ticks(Scale(wide.low, wide.high, 0, 1), 24)
    counts = [0] * (len(edges) - 1)
    for error in errors:
        counts[min(bisect_right(edges, error), len(counts)) - 1] += 1
    return edges, counts


def _leaning(errors: Sequence[float]) -> str:
    mean = sum(errors) / len(errors)
    return (
        f"Their mean is {number(mean)}: predictions are {'high' if mean > 0 else 'low'} by that on the whole."
        if mean
        else ""
    )


def _quantiles(truth: Sequence[float], predicted: Sequence[float], errors: Sequence[float]) -> Markup:
    columns = [sorted(truth), sorted(predicted), sorted(errors)]
    rows = [[name, *(column[round(at * (len(column) - 1))] for column in columns)] for name, at in QUANTILES.items()]
    return table(["", "true", "predicted", "error"], rows)
