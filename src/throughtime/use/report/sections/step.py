"""One step of one unit: what the equations say with the numbers put in, forwards and backwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import note, section


def step(material: ReportMaterial) -> Markup | None:
    """The equations as they were printed; None where no step was looked into."""
    found = material.inspection.get("step")
    if not found:
        return None
    score = found["score"]
    return section(
        "step",
        "One step in numbers",
        note(found["title"]),
        _equations(found["forward"]),
        tag("ul", [tag("li", said) for said in found["words"]], class_="notes") if found["words"] else None,
        tag("h3", "Backwards"),
        note(f"{score['of']} = {number(score['value'])}"),
        _equations(found["backward"]),
    )


def _equations(lines: Iterable[Mapping[str, Any]]) -> Markup:
    return tag("pre", "\n".join(str(line["text"]) for line in lines), tabindex="0")
