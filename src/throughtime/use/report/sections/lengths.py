"""How well the network does on short and on long inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from throughtime.models.metrics import TextUnit
from throughtime.models.metrics.error_rates import rate, word_errors
from throughtime.use.report.answers import kind, marks_spans
from throughtime.use.report.charts.axes import round_step
from throughtime.use.report.charts.lines import Line, line_chart
from throughtime.use.report.html import Markup
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import fraction
from throughtime.use.report.parts import chart, section, table
from throughtime.use.verdict import interval_of, metric_axis, metric_words, row_scores, text_unit, texts_outcome
from throughtime.use.verdict.intervals import mean_of
from throughtime.use.verdict.scores import ratio_scores

ABOUT = 8  # bins
FEWEST_BINS = 3
FEWEST_ROWS = 5  # a bin with fewer is joined with the next
USUAL = 0.95  # of the rows; the longer ones are one bin
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Bin:
    """Rows of ``low`` to ``high`` steps, each with its length; the last bin has no ``high``."""

    low: int
    high: int | None
    rows: Sequence[tuple[int, Row]]

    @property
    def name(self) -> str:
        if self.high is None:
            return f"{self.low} or more"
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Figure:
    """What one side reached on the rows of a bin, and its 95 % interval where the rows tell it."""

    value: float
    interval: tuple[float, float] | None

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "-"
        if self.interval is None:
            return fraction(self.value)
        return f"{fraction(self.value)} ({fraction(self.interval[0])} to {fraction(self.interval[1])})"


def lengths(material: ReportMaterial) -> Markup | None:
    """A chart and its numbers; None where lengths are not known or much alike."""
    bins = _bins(_measured(material))
    if len(bins) < FEWEST_BINS:
        return None
    metric, unit = _metric(material), _unit(material)
    network = [_figure(one, metric, "predicted", material) for one in bins]
    found = {"network": network}
    lines = [_line("network", bins, network)]
    if all("baseline" in row for row in material.predictions):
        found["baseline"] = [_figure(one, metric, "baseline", material) for one in bins]
        lines.append(_line("baseline", bins, found["baseline"]))
    words = metric_words(metric)
    title = f"{words[0].upper()}{words[1:]} by length."
    picture = line_chart(
        "by-length", title, lines, x_label=f"length{_of_source(material)} in {unit}", y_label=metric_axis(metric)
    )
    cells = [[one.name, len(one.rows), *(str(figures[i]) for figures in found.values())] for i, one in enumerate(bins)]
    numbers = table([f"{unit} in a row", "test rows", *found], cells)
    remark = "A point for the rows of similar length, at their mean; whiskers and brackets: 95 % intervals over rows."
    return section("lengths", "By length", chart(picture, numbers, title, remark, open_=True))


def _metric(material: ReportMaterial) -> str:
    if kind(material) == "texts":
        return "word_error"
    return "span_f1" if marks_spans(material) else "accuracy"


def _of_source(material: ReportMaterial) -> str:
    return " of the source" if kind(material) == "texts" else ""


def _unit(material: ReportMaterial) -> str:
    """Of sentences words; of single words what they were read in."""
    if kind(material) == "texts" and text_unit(material.metrics) != "words":
        return "letters" if _in_letters(material) else "symbols"
    if kind(material) == "texts":
        return "words"
    if kind(material) == "tags":
        return material.scope.units
    return "characters" if _in_letters(material) else "words"


def _in_letters(material: ReportMaterial) -> bool:
    return bool(material.data.get("unit") == "characters")


def _measured(material: ReportMaterial) -> list[tuple[int, Row]]:
    """Each row with its length, short ones first; nothing where a row has none, or no answer that is right or wrong."""
    if kind(material) == "tags":
        found = [(len(row["truth"]), row) for row in material.predictions]
    elif kind(material) in ("classes", "texts"):
        letters = _unit(material) in ("characters", "letters")
        measured = [(_length(row, letters), row) for row in material.predictions]
        found = [(length, row) for length, row in measured if length is not None]
    else:
        return []
    return sorted(found, key=lambda pair: pair[0]) if len(found) == len(material.predictions) else []


def _length(row: Row, letters: bool) -> int | None:
    """Of the longest text."""
    texts = [value for value in row.get("inputs", {}).values() if isinstance(value, str | list)]
    return max((len(text if letters or isinstance(text, list) else text.split()) for text in texts), default=None)


def _bins(measured: Sequence[tuple[int, Row]]) -> list[Bin]:
    """Of equal width, but for the last one and where there are too few rows."""
    if not measured:
        return []
    shortest, usual = measured[0][0], measured[int(USUAL * (len(measured) - 1))][0]
    width = max(1, math.ceil(round_step(shortest, usual + 1, ABOUT)))
    start = low = (shortest - 1) // width * width + 1
    bins: list[Bin] = []
    rows: list[tuple[int, Row]] = []
    for end in range(start + width, usual + 1, width):
        rows = [pair for pair in measured if low <= pair[0] < end]
        if len(rows) >= FEWEST_ROWS:
            bins.append(Bin(low, end - 1, rows))
            low = end
    rest = [pair for pair in measured if pair[0] >= low]
    if len(rest) < FEWEST_ROWS and bins:
        last = bins.pop()
        low, rest = last.low, [*last.rows, *rest]
    return [*bins, Bin(low, None, rest)]


def _figure(one: Bin, metric: str, side: str, material: ReportMaterial) -> Figure:
    rows = [row for _, row in one.rows]
    if kind(material) == "texts":
        return _error(rows, side, text_unit(material.metrics))
    steps = isinstance(rows[0]["truth"], list)
    scores = row_scores(metric, [row["truth"] for row in rows], [row[side] for row in rows], steps=steps)
    if scores is None:
        return Figure(math.nan, None)
    return Figure(math.fsum(scores) / len(scores), interval_of(scores, share=not steps))


def _error(rows: Sequence[Row], side: str, unit: TextUnit) -> Figure:
    """The word error, which is a share of the rows where each of them is one word."""
    wrong, words = word_errors(texts_outcome(rows, unit, side)).T.tolist()
    if unit != "words":
        return Figure(math.fsum(wrong) / len(rows), interval_of(wrong, share=True))
    found = mean_of(ratio_scores(wrong, words) or [])
    interval = None if found is None or found[0] == found[1] else (max(0.0, found[0]), found[1])
    return Figure(rate(np.array([math.fsum(wrong), math.fsum(words)])), interval)


def _line(name: str, bins: Sequence[Bin], figures: Sequence[Figure]) -> Line:
    """Whiskers for the network alone, since two sets of them could not be told apart."""
    middles = [math.fsum(length for length, _ in one.rows) / len(one.rows) for one in bins]
    values = [figure.value for figure in figures]
    if name == "baseline":
        return Line(name, middles, values, colour="second")
    return Line(name, middles, values, reach=[figure.interval for figure in figures])
