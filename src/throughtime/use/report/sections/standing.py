"""The network among all its baselines on the test rows: a chart and a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from throughtime.use.report.charts.contest import Entrant, contest
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import fraction, number
from throughtime.use.report.parts import note, section, table
from throughtime.use.verdict import (
    answers_steps,
    baseline_words,
    counts_rows,
    direction,
    metric_axis,
    metric_words,
    told_metrics,
    wilson,
)

FRACTIONS = ("accuracy", "coverage", "character_error", "exact_match", "macro_f1", "span_f1", "word_error")


@dataclass(frozen=True)
class Standing:
    """What one of them reached."""

    name: str
    test: Mapping[str, float]
    valid: float | None
    settings: str = ""
    network: bool = False


def standing(material: ReportMaterial) -> Markup | None:
    """None without a baseline."""
    metrics = material.metrics
    metric, baselines = metrics["metric"], metrics.get("baselines") or {}
    if not baselines or metrics["test"].get(metric) is None:
        return None
    network = Standing("the network", metrics["test"], (metrics.get("valid") or {}).get(metric), network=True)
    found = [network, *(_baseline(name, figures, metric) for name, figures in baselines.items() if metric in figures)]
    found.sort(key=lambda one: -direction(metric) * one.test[metric])
    chart = _chart(found, metric, material)
    spread = (metrics.get("spread") or {}).get("test", {})
    return section(
        "standing",
        "Against the baselines",
        chart,
        _table(found, metric, spread),
        note(_chosen(metrics)),
        _signatures(metrics),
    )


def _baseline(name: str, figures: Mapping[str, Any], metric: str) -> Standing:
    valid = (figures.get("valid") or {}).get(metric)
    return Standing(baseline_words(name), figures, valid, figures.get("settings", ""))


def _chart(found: list[Standing], metric: str, material: ReportMaterial) -> Markup:
    network, on, rows = next(one for one in found if one.network), material.scope, material.test_rows
    sure = rows > 0 and counts_rows(metric, network.test, steps=answers_steps(material.metrics))
    entrants = [
        Entrant(
            name=one.name,
            figure=one.test[metric],
            shown=_figure(metric, one.test[metric]),
            interval=wilson(one.test[metric], rows) if sure else None,
            network=one.network,
        )
        for one in found
    ]
    words = metric_words(metric)
    better = "higher" if direction(metric) > 0 else "lower"
    title = f"{words[0].upper()}{words[1:]} on {on}, {better} is better."
    whiskers = " Whiskers: 95 % intervals (Wilson) over test rows." if sure else None
    picture = contest("contest", entrants, title=title, label=metric_axis(metric, on.measured_in))
    return tag("figure", tag("figcaption", tag("strong", title), whiskers), tag("div", picture, class_="scroll"))


def _table(found: list[Standing], metric: str, spread: Mapping[str, float]) -> Markup:
    network = next(one for one in found if one.network)
    names = sorted(told_metrics(network.test), key=lambda name: name != metric)  # what the verdict is about in front
    header = ["", *map(_words, names), f"valid {_words(metric)}", "settings chosen"]
    rows = [
        [
            tag("strong", one.name) if one.network else one.name,
            *(_figure(name, one.test.get(name), spread.get(name) if one.network else None) for name in names),
            _figure(metric, one.valid),
            one.settings,
        ]
        for one in found
    ]
    return table(header, rows)


def _figure(metric: str, value: float | None, spread: float | None = None) -> str:
    """Fractions with three digits behind the point, so that columns compare."""
    if value is None:
        return "-"
    write = fraction if metric in FRACTIONS else number
    return write(value) if spread is None else f"{write(value)} ± {write(spread)}"


def _chosen(metrics: Mapping[str, Any]) -> str:
    name = (metrics.get("baseline") or {}).get("name")
    best = (
        f"The verdict is against “{baseline_words(name)}”, the best of them on the validation split. " if name else ""
    )
    return best + "Their settings were chosen on the validation split too, as honestly as the network's."


def _signatures(metrics: Mapping[str, Any]) -> Markup | None:
    """How BLEU and chrF were measured, in sacreBLEU's own words: figures compare only where these are the same."""
    signed = (metrics.get("texts") or {}).get("signatures") or {}
    if not signed:
        return None
    lines = [join(f"{_words(name)} by sacreBLEU: ", tag("code", text), tag("br")) for name, text in signed.items()]
    return note(lines)


def _words(metric: str) -> str:
    return metric.replace("_", " ").replace("f1", "F1").replace("bleu", "BLEU").replace("chrf", "chrF")
