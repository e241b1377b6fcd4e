"""The worst mistakes, each with its input: where a network fails is seen here first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.charts.channels import is_series
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import inputs, place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import note, section
from throughtime.use.verdict import answers_steps

MOST = 20


def mistakes(material: ReportMaterial) -> Markup | None:
    """The wrong rows of highest loss; for numbers, those furthest off.

    None for texts and forecasts, and where steps are answered: they have sections of their own.
    """
    others = kind(material) in ("tokens", "texts", "forecasts", "notes")
    if not material.predictions or others or answers_steps(material.metrics):
        return None
    numeric = kind(material) == "numbers"
    wrong = sorted((row for row in material.predictions if _is_wrong(row)), key=_badness, reverse=True)
    if not wrong:
        rows = amount(len(material.predictions), "test row")
        return section("mistakes", "Worst mistakes", note(f"None: of {rows}, none is wrong."))
    shown = wrong[:MOST]
    order = "furthest from the truth first" if numeric else "those first whose truth it held least likely"
    count = f"{amount(len(wrong), 'row')} of {len(material.predictions):,} " + ("not exact" if numeric else "wrong")
    said = note(f"{count}; the worst {len(shown)}, {order}." if len(shown) > 1 else f"{count}.")
    cards = [_card(row, numeric, f"mistake-{i}", material) for i, row in enumerate(shown)]
    style = "mistakes short" if all(_is_short(row) for row in shown) else "mistakes"
    return section("mistakes", "Worst mistakes", said, tag("ol", cards, class_=style))


def _is_short(row: Mapping[str, Any]) -> bool:
    """Whether two such cards fit side by side."""
    values = row.get("inputs", {}).values()
    return sum(len(str(value)) for value in values if not is_series(value)) <= 60


def _is_wrong(row: Mapping[str, Any]) -> bool:
    truth, predicted = row["truth"], row["predicted"]
    return set(truth) != set(predicted) if isinstance(truth, list) else truth != predicted


def _badness(row: Mapping[str, Any]) -> float:
    if isinstance(row["truth"], int | float):
        return abs(row["predicted"] - row["truth"])
    return float(row.get("loss") or 0.0)


def _card(row: Mapping[str, Any], numeric: bool, name: str, material: ReportMaterial) -> Markup:
    if numeric:
        answer = _off(row)
    elif isinstance(row["truth"], list):
        answer = _labels(row)
    else:
        answer = _class(row)
    return tag(
        "li",
        tag("div", tag("span", answer), tag("span", place(row), class_="place"), class_="answer"),
        inputs(row.get("inputs", {}), name, material.channels),
    )


def _class(row: Mapping[str, Any]) -> Markup:
    truth, predicted, sure = row["truth"], row["predicted"], row.get("probabilities") or {}
    is_, taken = tag("bdi", truth, class_="truth"), tag("bdi", predicted, class_="wrong")
    return join("is ", is_, _sure(sure.get(str(truth))), " taken for ", taken, _sure(sure.get(str(predicted))))


def _sure(probability: float | None) -> str | None:
    if probability is None:
        return None
    return f" ({100 * probability:.0f} %)" if probability >= 0.01 else " (below 1 %)"


def _labels(row: Mapping[str, Any]) -> Markup:
    truth, predicted = list(row["truth"]), list(row["predicted"])
    found = [name for name in truth if name in predicted]
    missed = [name for name in truth if name not in predicted]
    added = [name for name in predicted if name not in truth]
    parts = [_named("found", found, "found"), _named("missed", missed, "truth"), _named("added", added, "wrong")]
    return join(None if truth else "no label is true; ", parts)


def _named(word: str, names: Sequence[Any], style: str) -> Markup | None:
    if not names:
        return None
    return tag("span", f"{word} ", [join(tag("bdi", name, class_=style), " ") for name in names], class_="group")


def _off(row: Mapping[str, Any]) -> Markup:
    off = float(row["predicted"]) - float(row["truth"])
    truth = tag("bdi", number(row["truth"]), class_="truth")
    predicted = tag("bdi", number(row["predicted"]), class_="wrong")
    return join("is ", truth, ", predicted ", predicted, f" ({'+' if off > 0 else ''}{number(off)})")
