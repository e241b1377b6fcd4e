"""Rows whose every step is answered with a number, those furthest off first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.charts.lines import Line, line_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import chart, note, section, table
from throughtime.use.verdict import answers_steps

WORST = 6
MOST_STEPS = 300  # of a row in the page; the whole stands in predictions.jsonl


def series(material: ReportMaterial) -> Markup | None:
    """Truth and answer step by step, a chart a row; None where the answers are no sequences of numbers."""
    if kind(material) != "numbers" or not answers_steps(material.metrics):
        return None
    rows = [row for row in material.predictions if row["truth"]]
    worst = sorted(rows, key=_off, reverse=True)[:WORST]
    if not worst:
        return None
    said = note(f"The {len(worst)} of {amount(len(rows), 'row')} that are furthest off on average.")
    return section(
        "series", "Worst rows", said, tag("div", [_chart(i, row) for i, row in enumerate(worst)], class_="pair")
    )


def _off(row: Mapping[str, Any]) -> float:
    """The mean absolute error of the row's steps."""
    pairs = zip(row["truth"], row["predicted"], strict=True)
    return math.fsum(abs(said - truth) for truth, said in pairs) / len(row["truth"])


def _chart(i: int, row: Mapping[str, Any]) -> Markup:
    truth, said = row["truth"][:MOST_STEPS], row["predicted"][:MOST_STEPS]
    steps = [float(step) for step in range(1, len(truth) + 1)]
    where = place(row) or f"row {row.get('id', i)}"
    lines = [Line("truth", steps, truth, colour="second"), Line("network", steps, said)]
    picture = line_chart(
        f"series-{i}", f"{where}, step by step", lines, x_label="step", y_label="in the data's unit", height=220
    )
    rows = [[f"{step:.0f}", *values] for step, *values in zip(steps, truth, said, strict=True)]
    numbers = table(["step", "truth", "network"], rows)
    cut = f" The first {MOST_STEPS} of {len(row['truth']):,} steps." if len(row["truth"]) > MOST_STEPS else ""
    return chart(picture, numbers, where, f"Off by {number(_off(row))} on average.{cut}")
