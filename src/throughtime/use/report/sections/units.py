"""Units of a language model that stand for something: how well they agree with an annotation, and a text that shows it.

A text is shaded by the best unit: blue on the side where it says yes, or much, orange on the other, the stronger the
farther from its threshold. What is true is underlined, so that it needs no colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import place
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import fraction, number
from throughtime.use.report.parts import note, section, table

SHADES = 4
END_OF_LINE = "↵"  # a unit may be on where there is nothing to be shaded
HEADERS = {
    "yes/no": ("unit", "says yes", "Matthews", "F1", "AUC", "Matthews, where chosen"),
    "number": ("unit", "is read as", "Pearson", "Spearman", "R²", "Pearson, where chosen"),
}
FIGURES = {"yes/no": ("matthews", "f1", "auc"), "number": ("pearson", "spearman", "r_squared")}
Found = Mapping[str, Any]


def units(material: ReportMaterial) -> Markup | None:
    """For each annotation the best units and a shaded text; None where no units were looked for."""
    found = material.inspection.get("units")
    if not found or not found["annotations"]:
        return None
    said = (
        f"{found['searched']:,} units ({', '.join(found['states'])}) were compared with what stands in the text: "
        f"{found['notes'][0]}. Figures are those of the held-out half, which had no part in the choice."
    )
    marks = (
        "Blue: the best unit is on the side of yes, or of more; orange: on the other side. Underlined: it is true, or "
        "more than the mean."
    )
    return section(
        "units",
        "Units that stand for something",
        note(said),
        [note(said) for said in found["notes"][1:]],
        note(marks),
        [_annotation(each) for each in found["annotations"]],
    )


def _annotation(found: Found) -> Markup:
    return join(
        tag("h3", found["name"]),
        note(f"{found['help'].rstrip('.')}. {_typical(found)}" if found["help"] else _typical(found)),
        table(HEADERS[found["kind"]], [_row(unit, found["kind"]) for unit in found["units"]]),
        _text(found),
    )


def _typical(found: Found) -> str:
    constant, typical = found["constant"], found["typical"]
    if found["kind"] == "yes/no":
        return (
            f"{100 * typical['share']:.1f} % yes. Always yes: Matthews 0, F1 {fraction(constant['f1'])}, AUC 0.5. "
            f"The same search with the annotation moved in time: Matthews {fraction(found['by_chance'])}."
        )
    return (
        f"Mean {number(typical['mean'])}, deviation {number(typical['deviation'])}. Always the mean: R² "
        f"{fraction(constant['r_squared'])}. The same search with the annotation moved in time: Pearson "
        f"{fraction(found['by_chance'])}."
    )


def _row(unit: Found, kind: str) -> list[Any]:
    figures = [fraction(unit["held_out"][name]) for name in FIGURES[kind]]
    return [tag("code", unit["name"]), _rule(unit), *figures, fraction(unit["chosen"][FIGURES[kind][0]])]


def _rule(unit: Found) -> str:
    if unit["threshold"] is not None:
        return f"{'above' if unit['sign'] > 0 else 'below'} {number(unit['threshold'])}"
    return f"{number(unit['slope'])} × value {'+' if unit['intercept'] >= 0 else '-'} {number(abs(unit['intercept']))}"


def _text(found: Found) -> Markup:
    excerpt, sign = found["excerpt"], found["units"][0]["sign"]
    where = tag("p", f"{found['units'][0]['name']} reads ", tag("span", place(excerpt), class_="place"))
    runs = groupby(_characters(excerpt, sign), key=itemgetter(0))
    drawn = [
        tag("span", [text for _, text in run], class_=style) if style else [text for _, text in run]
        for style, run in runs
    ]
    return join(where, tag("pre", drawn, class_="shaded", dir="auto", tabindex="0"))


def _characters(excerpt: Found, sign: int) -> Iterator[tuple[str, str]]:
    """The style of each character, and the character; an end of line is drawn."""
    for character, value, truth in zip(excerpt["text"], excerpt["values"], excerpt["truth"], strict=True):
        style = " ".join(filter(None, (_shade(excerpt, value, sign), "on" if truth > excerpt["middle"] else "")))
        if character == "\n":
            yield style, END_OF_LINE
            yield "", "\n"
        else:
            yield style, character


def _shade(excerpt: Found, value: float | None, sign: int) -> str:
    """``yes-1`` to ``yes-4`` and ``no-1`` to ``no-4``, by how far a value lies from the centre.

    >>> [_shade({"centre": 0.2, "reach": 0.8}, value, -1) for value in (0.25, -0.3, 7, None)]
    ['no-1', 'yes-3', 'no-4', '']
    """
    if value is None:
        return ""
    far = sign * (value - excerpt["centre"]) / (excerpt["reach"] or 1)
    return f"{'yes' if far > 0 else 'no'}-{min(SHADES, max(1, math.ceil(abs(far) * SHADES)))}"
