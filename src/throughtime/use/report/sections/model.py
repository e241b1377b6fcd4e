"""The network: its cell's equations and where its parameters are."""

from __future__ import annotations

from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import note, section, table

EXPLAINED = (
    "One time step of the cell, printed from the graph that ran. "
    "h' is the state before the step, ∘ multiplies element by element."
)


def model(material: ReportMaterial) -> Markup | None:
    """None where neither is known."""
    if not material.equations and not material.parameters:
        return None
    printed = (
        tag("pre", "\n".join(material.equations), class_="equations", tabindex="0") if material.equations else None
    )
    said = note(EXPLAINED) if printed else None
    total = sum(material.parameters.values())
    rows = [[part, count, f"{100 * count / (total or 1):.1f} %"] for part, count in material.parameters.items()]
    learnt = material.metrics.get("parameters", total)
    beside = f", {number(total - learnt)} of them fitted before and not learnt" if learnt < total else ""
    said_below = f"{number(total)} parameters in all{beside}"
    listed = table(["part", "parameters", "share"], rows, said_below) if rows else None
    return section("model", "The network", said, printed, listed)
