"""Series whose every step is answered, those furthest off first, with what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import ne
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.charts.channels import MOST_STEPS as MOST_BANDS
from throughtime.use.report.charts.channels import Band, channel_chart, is_series
from throughtime.use.report.charts.lines import Line, line_chart
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import chart, note, section, table
from throughtime.use.verdict import answers_steps

WORST = 6
MOST_STEPS = 300  # of a row in the page; the whole stands in predictions.jsonl


def series(material: ReportMaterial) -> Markup | None:
    """Truth and answer step by step, above what was measured, a chart a row; None where no steps are answered.

    Classes a step stand as bands below what was measured.
    """
    of_numbers = kind(material) == "numbers"
    of_classes = kind(material) == "tags" and material.scope.unit == "step"
    if not (of_numbers or of_classes) or not answers_steps(material.metrics):
        return None
    rows = [row for row in material.predictions if row["truth"]]
    worst = sorted(rows, key=_off if of_numbers else _share_wrong, reverse=True)[:WORST]
    if not worst:
        return None
    how = "are furthest off on average" if of_numbers else "have the largest share of steps wrong"
    said = note(f"The {len(worst)} of {amount(len(rows), 'row')} that {how}.")
    make = _chart if of_numbers else _bands
    return section(
        "series", "Worst rows", said, tag("div", [make(i, row, material) for i, row in enumerate(worst)], class_="pair")
    )


def _share_wrong(row: Mapping[str, Any]) -> float:
    return sum(map(ne, row["truth"], row["predicted"])) / len(row["truth"])


def _bands(i: int, row: Mapping[str, Any], material: ReportMaterial) -> Markup:
    """The channels, and below them the true classes and the network's."""
    truth, said = list(map(str, row["truth"])), list(map(str, row["predicted"]))
    where, wrong = place(row) or f"row {row.get('id', i)}", list(map(ne, truth, said))
    bands = [Band("truth", truth[:MOST_BANDS]), Band("network", said[:MOST_BANDS], wrong[:MOST_BANDS])]
    pictures = [
        channel_chart(f"series-{i}-{k}", f"{where}, {column}", steps, material.channels.get(column, ()), bands)
        for k, (column, steps) in enumerate(_measured(row))
    ]
    numbers = table(
        ["step", "truth", "network"], [[k, *pair] for k, pair in enumerate(zip(truth, said, strict=True), 1)]
    )
    return chart(join(pictures), numbers, where, f"{sum(wrong):,} of {amount(len(truth), 'step')} wrong.")


def _measured(row: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(column, value) for column, value in row.get("inputs", {}).items() if is_series(value)]


def _off(row: Mapping[str, Any]) -> float:
    """The mean absolute error of the row's steps."""
    pairs = zip(row["truth"], row["predicted"], strict=True)
    return math.fsum(abs(said - truth) for truth, said in pairs) / len(row["truth"])


def _chart(i: int, row: Mapping[str, Any], material: ReportMaterial) -> Markup:
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
    below = [
        channel_chart(f"series-{i}-{k}", f"{where}, {column}", values[:MOST_STEPS], material.channels.get(column, ()))
        for k, (column, values) in enumerate(_measured(row))
    ]
    return chart(join(picture, below), numbers, where, f"Off by {number(_off(row))} on average.{cut}")
