"""Sentences with the network's tags: some that it gets right, then those that cost it most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.data.schemes import spans
from throughtime.use.report.answers import kind, marks_spans
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount
from throughtime.use.report.parts import note, section
from throughtime.use.report.regions import regions, with_spans
from throughtime.use.report.tagged import Sentence, sentence, with_tags

RIGHT, WORST = 4, 12
EASY_TO_READ = range(5, 31)  # tokens of a sentence that is shown for being right
Pair = tuple[Mapping[str, Any], Sentence]


def sentences(material: ReportMaterial) -> Markup | None:
    """A handful that are entirely right, and the wrong ones of highest loss; None where the answers are no tags, and
    where what is read are measurements, which are drawn."""
    if kind(material) != "tags" or not material.predictions or material.scope.unit == "step":
        return None
    marked, apart = marks_spans(material), material.scope.unit == "token"
    pairs = [(row, sentence(row, apart=apart)) for row in material.predictions]
    right = [pair for pair in pairs if not pair[1].wrong]
    wrong = sorted((pair for pair in pairs if pair[1].wrong), key=_loss, reverse=True)
    name = "sentence" if apart else "row"
    whole = f"{len(right):,} of {amount(len(pairs), name)} {'is' if len(right) == 1 else 'are'} right as a whole."
    worst = " The hardest are those whose tags it held least likely, all together." if wrong else ""
    return section(
        "sentences",
        "Sentences" if apart else "Sequences",
        note(whole, worst),
        _spans_legend() if marked else _tags_legend(apart),
        _group("What it gets right", _telling(right, marked), marked, material.scope.unit),
        _group("What it finds hardest", wrong[:WORST], marked, material.scope.unit),
    )


def _loss(pair: Pair) -> float:
    """In all, so that a long sentence with many mistakes comes before a short one with one."""
    row, shown = pair
    return float(row.get("loss") or 0.0) * len(shown.truth)


def _telling(right: Sequence[Pair], marked: bool) -> list[Pair]:
    """Those that show most: spans of many names or many different tags, and not too long."""

    def variety(pair: Pair) -> tuple[bool, int, int]:
        _, shown = pair
        names = [span.name for span in spans(shown.truth)] if marked else shown.truth
        return len(shown.tokens) in EASY_TO_READ, len(set(names)), len(names) if marked else -len(names)

    return sorted(right, key=variety, reverse=True)[:RIGHT]


def _group(title: str, pairs: Sequence[Pair], marked: bool, unit: str) -> Markup | None:
    if not pairs:
        return None
    return join(
        tag("h3", title), tag("ol", [_card(*pair, marked, unit) for pair in pairs], class_="mistakes sentences")
    )


def _card(row: Mapping[str, Any], shown: Sentence, marked: bool, unit: str) -> Markup:
    said = _spans_found(shown) if marked else _tags_wrong(shown, unit)
    head = tag("div", tag("span", said), tag("span", place(row), class_="place"), class_="answer")
    return tag("li", head, with_spans(shown) if marked else with_tags(shown, every=not shown.wrong))


def _tags_wrong(shown: Sentence, unit: str) -> str:
    wrong, tokens = len(shown.wrong), amount(len(shown.truth), unit)
    return f"{wrong:,} of {tokens} wrong" if wrong else f"{tokens}, none wrong"


def _spans_found(shown: Sentence) -> str:
    found = regions(shown.truth, shown.predicted)
    right = sum(region.verdict == "right" for region in found)
    true = sum(len(region.truth) for region in found)
    invented = sum(region.verdict == "invented" for region in found)
    said = f"{right:,} of {amount(true, 'span')} found" if true else "no span is here"
    return f"{said}, {invented:,} invented" if invented else said


def _spans_legend() -> Markup:
    """The marks explain themselves: each is drawn on its own description."""
    tokens = ["found", "missed", "invented", "other name", "other", "ends"]
    truth = ["B-NAME", "B-NAME", "O", "B-NAME", "B-NAME", "I-NAME"]
    said = ["B-NAME", "O", "B-NAME", "B-OTHER", "B-NAME", "O"]
    meaning = "Shaded: what the network marked. Underlined: what is true."
    return tag("div", tag("p", meaning), with_spans(Sentence(tokens, truth, said)), class_="legend")


def _tags_legend(apart: bool) -> Markup:
    token = "a wrong token" if apart else "wrong"
    example = Sentence(["right", token], ["its tag", "true tag"], ["its tag", "taken for"])
    return tag("div", with_tags(example, every=True), class_="legend")
