"""The page's building blocks: section, table, chart with its numbers, something to unfold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number

FIGURE = re.compile(r"-|[+-]?[\d,]+(\.\d+)?(e-?\d+)?( %| ± [\d.e-]+)?")  # cells that are aligned as numbers


def section(name: str, title: str, *children: Any) -> Markup:
    """A part of the page under its heading; ``name`` is where the contents link to."""
    return tag("section", tag("h2", title, id=f"{name}-heading"), *children, id=name, aria_labelledby=f"{name}-heading")


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], caption: str | None = None) -> Markup:
    """Numbers to the right, text to the left; the first cell of a row is its heading."""
    rows = list(rows)
    to_right = [bool(rows) and _is_figure(rows[0][column]) for column in range(len(header))]
    heads = [
        tag("th", text, scope="col", class_="n" if right else None)
        for text, right in zip(header, to_right, strict=True)
    ]
    body = [tag("tr", _cell(row[0], "th", scope="row"), [_cell(value, "td") for value in row[1:]]) for row in rows]
    inner = tag(
        "table", tag("caption", caption) if caption else None, tag("thead", tag("tr", heads)), tag("tbody", body)
    )
    return tag("div", inner, class_="scroll", tabindex="0")


def _cell(value: Any, element: str, **attributes: Any) -> Markup:
    right = _is_figure(value)
    return tag(
        element, number(value) if isinstance(value, int | float) else value, class_="n" if right else None, **attributes
    )


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and FIGURE.fullmatch(value) is not None)


def chart(picture: Markup, numbers: Markup, title: str, *remarks: Any, open_: bool = False) -> Markup:
    """A picture, what it says in a line, and its numbers as a table to unfold, or unfolded already."""
    caption = tag("figcaption", tag("strong", title), *(join(" ", remark) for remark in remarks))
    unfolded = unfold("Numbers of this chart", numbers, open_=open_)
    return tag("figure", caption, tag("div", picture, class_="scroll", tabindex="0"), unfolded)


def unfold(summary: Any, *children: Any, open_: bool = False) -> Markup:
    """Hidden until asked for; works without a script."""
    return tag("details", tag("summary", summary), *children, open=open_)


def note(*children: Any) -> Markup:
    """A remark in smaller, quieter type."""
    return tag("p", *children, class_="note")


def share_bar(share: float | None) -> Markup:
    """A bar in a table cell, from 0 to 1, with the figure beside it; None where there was nothing to divide by."""
    if share is None:
        return tag("span", "-", title="nothing to divide by")
    bar = tag("span", tag("span", style=f"width:{100 * share:.1f}%"), class_="share", aria_hidden="true")
    return tag("span", bar, f"{share:.3f}", class_="with-share")
