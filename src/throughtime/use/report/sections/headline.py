"""The top of the page: the verdict in words and the few figures one asks for first."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from throughtime.use.compare import flat
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, duration, number
from throughtime.use.report.sections.learning import best_epoch
from throughtime.use.verdict import comparison, verdict

BADGES = {
    "wins": "The network wins",
    "ahead": "The network is ahead",
    "open": "Too close to call",
    "behind": "The baseline is ahead",
    "loses": "The baseline wins",
}


def headline(material: ReportMaterial) -> Markup:
    """The run's name, a badge, the sentences of the verdict, the facts."""
    found = comparison(material.metrics, material.test_rows, material.predictions)
    result = found.result if found else "none"
    badge = tag("p", BADGES.get(result, "Nothing to compare with"), class_="badge")
    words = verdict(material.metrics, material.test_rows, material.predictions)
    said = tag("p", words.replace(" %", "\u00a0%"), class_="verdict-words")  # a figure and its sign stay on one line
    facts = [tag("div", tag("dt", name), tag("dd", value)) for name, value in _facts(material)]
    return join(
        tag("header", tag("p", "throughtime · report of a run", class_="eyebrow"), tag("h1", material.name)),
        tag("div", badge, said, class_=f"verdict {result}"),
        tag("dl", facts, class_="facts"),
    )


def _facts(material: ReportMaterial) -> list[tuple[str, str]]:
    metrics, facts = material.metrics, []
    settings = flat(tomllib.loads(material.config))
    if "cell" in settings:
        facts.append(("cell", _cell(settings)))
    if "parameters" in metrics:
        facts.append(("parameters", number(metrics["parameters"])))
    facts += _tested(material)
    best = best_epoch(material)
    if best is not None:
        facts.append(("best epoch", f"{best} of {len(material.history)}"))
    if "seconds" in metrics:
        facts.append(("time in all", duration(metrics["seconds"])))
    if len(metrics.get("seeds") or ()) > 1:
        facts.append(("seeds", number(len(metrics["seeds"]))))
    return facts


def _tested(material: ReportMaterial) -> list[tuple[str, str]]:
    """How much the figures were measured on."""
    on = material.scope
    facts = [] if on.is_text else [(f"{on.name}s", number(on.rows))]
    if on.is_forecasts:
        told = material.metrics.get("forecast") or {}
        named = (("horizon", told.get("horizon")), ("looks back", told.get("context_length")))
        return facts + [(name, amount(steps, "step")) for name, steps in named if steps is not None]
    return facts if on.steps is None else [*facts, (f"test {on.units}", number(on.steps))]


def _cell(settings: Mapping[str, Any]) -> str:
    size = f", {settings['hidden_size']} units" if "hidden_size" in settings else ""
    layers = f" × {settings['layers']}" if settings.get("layers", 1) != 1 else ""
    return f"{settings['cell']}{size}{layers}" + (", both directions" if settings.get("bidirectional") else "")
