"""Lines of the test text that a language model expected least, and those it expected most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.parts import note, section
from throughtime.use.verdict import baseline_words

EACH = 8
LONGEST = 400  # letters of a line
Row = Mapping[str, Any]


def surprises(material: ReportMaterial) -> Markup | None:
    """Both lists, with the loss of each line beside the baseline's; None where no text was tested."""
    rows = _telling(material.predictions) if kind(material) == "tokens" else []
    if not rows:
        return None
    each = min(EACH, len(rows) // 2)
    lists = {"Most surprising": rows[:each], "Most predictable": rows[::-1][:each]}
    most = max(max(row["loss"], row.get("baseline_loss") or 0.0) for row in rows)
    groups = [
        join(tag("h3", title), tag("ol", [_card(row, most) for row in lines], class_="mistakes lines"))
        for title, lines in lists.items()
        if lines
    ]
    return section("surprises", "What surprises it", note(_ahead(material)), groups)


def _ahead(material: ReportMaterial) -> str:
    unit = f"Bars: nats per {material.scope.unit}, a mean over the line; the shorter, the more it was expected."
    beside = [row for row in material.predictions if row["tokens"] and row.get("baseline_loss") is not None]
    if not beside:
        return unit
    share = sum(row["loss"] < row["baseline_loss"] for row in beside) / len(beside)
    name = baseline_words((material.metrics.get("baseline") or {}).get("name", "baseline"))
    return f"On {100 * share:.0f} % of {len(beside):,} lines the network is less surprised than the {name}. {unit}"


def _telling(rows: Sequence[Row]) -> list[Row]:
    """Each text once, most surprising first, without those so short that a single token decides."""
    written = [row for row in rows if row["tokens"] and row["text"].strip()]
    least = median(row["tokens"] for row in written) / 2 if written else 0
    once = {row["text"].strip(): row for row in written if row["tokens"] >= least}
    return sorted(once.values(), key=lambda row: -row["loss"])


def _card(row: Row, most: float) -> Markup:
    text = row["text"] if len(row["text"]) <= LONGEST else row["text"][:LONGEST] + " …"
    bars = [_bar("network", row["loss"], most)]
    if row.get("baseline_loss") is not None:
        bars.append(_bar("baseline", row["baseline_loss"], most))
    line = tag("div", tag("div", text, class_="line", dir="auto"), tag("div", place(row), class_="place"))
    return tag("li", line, tag("div", bars, class_="losses"))


def _bar(name: str, loss: float, most: float) -> Markup:
    width = f"width:{100 * loss / (most or 1):.1f}%"
    drawn = tag("span", tag("span", style=width), class_=f"share {name}", aria_hidden="true")
    return tag("div", tag("span", name, class_="who"), drawn, f"{loss:.2f}", class_="with-share")
