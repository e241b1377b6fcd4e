"""A row's place and its inputs as one reads them: escaped, in their own direction, long texts cut and unfoldable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.charts.channels import channel_chart, is_series
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.numbers import number

CUT = 280  # letters shown at once
LONGEST = 6000  # letters in the page at all; the whole stands in predictions.jsonl


def inputs(
    values: Mapping[str, Any], name: str = "input", channels: Mapping[str, Sequence[str]] | None = None
) -> list[Markup]:
    """A paragraph for each input column, named where there are several; of measurements, a chart.

    ``name`` is unique in the page, ``channels`` name by column what is measured.
    """
    shown = []
    for k, (column, value) in enumerate(values.items()):
        if is_series(value):
            names = (channels or {}).get(column, ())
            shown.append(tag("div", channel_chart(f"{name}-{k}", column, value, names), class_="input"))
        else:
            shown.append(_input(column if len(values) > 1 else None, value))
    return shown


def place(row: Mapping[str, Any]) -> str:
    """Where a row stands in the user's files.

    >>> place({"file": "train.csv", "row": 418})
    'train.csv row 418'
    """
    file, line = row.get("file"), row.get("row")
    return " ".join(part for part in (str(file or ""), "" if line is None else f"row {line}") if part)


def _input(column: str | None, value: Any) -> Markup:
    name = None if column is None else tag("bdi", column, class_="column")
    text = number(value) if isinstance(value, int | float) else str(value)
    if len(text) <= CUT:
        return tag("div", name, _text(text or "(empty)"), class_="input", dir="auto")
    rest = "" if len(text) <= LONGEST else f" … ({len(text) - LONGEST:,} more letters in predictions.jsonl)"
    folded = tag(
        "summary",
        tag("span", _text(_start(text)), " …", class_="cut"),
        tag("bdi", f"all {len(text):,} letters", class_="more"),
    )
    return tag("div", name, tag("details", folded, _text(text[:LONGEST]), rest), class_="input", dir="auto")


def _text(text: str) -> Markup:
    return tag("span", text, class_="text")


def _start(text: str) -> str:
    start = text[:CUT]
    word = start.rfind(" ")
    return start[:word] if word > CUT * 0.8 else start
