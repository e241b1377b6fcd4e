"""Answers that are texts, where they are worst: furthest from what is right, and wrong though the network was sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.report.answers import kind
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import note, section, table, unfold
from throughtime.use.report.written import Written, versions, written_of
from throughtime.use.verdict import text_unit

WORST, SURE, UNFINISHED = 12, 6, 3
SURE_FROM = 0.5  # probability of a whole answer


def texts(material: ReportMaterial) -> Markup | None:
    """None where the answers are no texts."""
    if kind(material) != "texts" or not material.predictions:
        return None
    rows = written_of(material.predictions, text_unit(material.metrics))
    wrong = sorted((one for one in rows if one.errors), key=lambda one: (-one.rate, -one.loss))
    worst = [one for one in wrong if one.finished][:WORST]
    return section(
        "texts",
        "Worst answers",
        note(_counted(rows, wrong, material.scope.name)),
        _legend() if wrong else None,
        _group("Furthest from the truth", _order(rows[0].unit), worst) if worst else None,
        _surely_wrong(rows, worst),
        _unfinished([one for one in rows if not one.finished]),
    )


def _counted(rows: Sequence[Written], wrong: Sequence[Written], name: str) -> str:
    against = "every reference" if any(len(one.references) > 1 for one in rows) else "the truth"
    differ = "differ" if len(wrong) > 1 else "differs"
    return (
        f"{f'{len(wrong):,}' if wrong else 'None'} of the answers to {amount(len(rows), name)} {differ} from {against}."
    )


def _legend() -> Markup:
    """The marks explain themselves."""
    return note(
        "Marked: ",
        tag("mark", "what is wrong or too much in the answer", class_="added"),
        " and ",
        tag("mark", "what it should have been", class_="missed"),
        ".",
    )


def _unfinished(rows: Sequence[Written]) -> Markup | None:
    if not rows:
        return None
    ends = "One answer was" if len(rows) == 1 else f"{len(rows):,} answers were"
    said = f"{ends} cut off at the greatest length, before the network ended {'it' if len(rows) == 1 else 'them'}."
    return _group("Never ended", note(said), rows[:UNFINISHED])


def _order(unit: str) -> Markup:
    return note(
        f"The worst first, by {unit} to insert, delete or replace, over those of the nearest reference; of equal ones "
        "those first whose truth the network held least likely."
    )


def _surely_wrong(rows: Sequence[Written], shown: Sequence[Written]) -> Markup | None:
    """The likeliest of the wrong answers that are not shown yet."""
    sure = [one for one in rows if one.finished and one.sure is not None and one.sure >= SURE_FROM]
    wrong = sorted((one for one in sure if one.errors), key=lambda one: -(one.sure or 0.0))
    if not wrong:
        return None
    said = note(
        f"Of {amount(len(sure), 'answer')} that the network held {100 * SURE_FROM:.0f} % likely or more, as a whole, "
        f"{len(wrong):,} {'is' if len(wrong) == 1 else 'are'} wrong.",
    )
    return _group("Surely wrong", said, [one for one in wrong if one not in shown][:SURE])


def _group(title: str, said: Markup, rows: Sequence[Written]) -> Markup:
    cards = tag("ol", [_card(one) for one in rows], class_=f"mistakes {_width(rows)}") if rows else None
    return join(tag("h3", title), said, cards)


def _width(rows: Sequence[Written]) -> str:
    """Two columns where all texts are short."""
    longest = max(
        len(str(text)) for one in rows for text in [*one.row.get("inputs", {}).values(), one.row["predicted"]]
    )
    return "short" if longest <= 40 else "long"


def _card(one: Written) -> Markup:
    said = ", ".join(fact for fact in (_errors(one), _sure(one)) if fact)
    head = tag("div", tag("span", said), tag("span", place(one.row), class_="place"), class_="answer")
    return tag("li", head, versions(one), _other_references(one), _n_best(one.row.get("n_best") or []))


def _errors(one: Written) -> str:
    return f"{amount(one.errors, 'error')} over {amount(one.length, one.unit.removesuffix('s'))}"


def _sure(one: Written) -> str | None:
    if one.sure is None:
        return None
    return f"held {100 * one.sure:.0f} % likely" if one.sure >= 0.01 else "held less than 1 % likely"


def _other_references(one: Written) -> Markup | None:
    nearest = one.nearest
    others = [text for text in one.references if text != nearest]
    if not others:
        return None
    shown = tag("ul", [tag("li", text, dir="auto") for text in others], class_="plain")
    return unfold(amount(len(others), "more reference"), shown)


def _n_best(answers: Sequence[Mapping[str, Any]]) -> Markup | None:
    """What else the search had found, best first."""
    if len(answers) < 2:
        return None
    rows = [
        [
            tag("bdi", answer["predicted"] or "(nothing)"),
            number(answer.get("log_probability")),
            number(answer.get("score")),
            "yes" if answer.get("finished", True) else "no",
        ]
        for answer in answers
    ]
    return unfold(f"The {len(rows)} best answers", table(["answer", "log probability", "score", "ended"], rows))
