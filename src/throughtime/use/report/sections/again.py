"""How to run it again: command, settings, seeds, versions, machine."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from throughtime.use.compare import flat
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import note, section, table, unfold


def again(material: ReportMaterial) -> Markup:
    """Everything that is needed to get this run a second time."""
    command = tag("pre", tag("code", material.command), tabindex="0") if material.command else None
    same = note("The same versions, machine and threads give the same figures, to the bit.")
    config = tag("pre", material.config, tabindex="0") if material.config else None
    unfolded = unfold("config.toml: every setting of this run", config) if config else None
    known = [[name, tag("span", value)] for name, value in _circumstances(material).items()]
    return section("again", "Run it again", command, same, unfolded, table(["", ""], known) if known else None)


def _circumstances(material: ReportMaterial) -> dict[str, Any]:
    """Seeds, engine, versions, machine: each once."""
    metrics, environment = material.metrics, dict(material.environment)
    versions = metrics.get("versions") or environment.get("versions") or {}
    environment.pop("versions", None)
    seeds = metrics.get("seeds") or [flat(tomllib.loads(material.config)).get("seed")]
    named = {"seeds" if len(seeds) > 1 else "seed": ", ".join(map(str, seeds)), "engine": metrics.get("engine")}
    found = {**named, **versions, **_lines(environment)}
    return {name: value for name, value in found.items() if value not in (None, "None")}


def _lines(environment: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested values by their path: {"torch": {"threads": 2}} to {"torch threads": 2}."""
    lines: dict[str, Any] = {}
    for key, value in environment.items():
        if isinstance(value, Mapping):
            lines |= _lines(value, f"{before}{key} ")
        else:
            lines[f"{before}{key}"] = number(value) if isinstance(value, float) else value
    return lines
