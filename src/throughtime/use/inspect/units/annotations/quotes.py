"""Quotations in prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from throughtime.use.inspect.units.annotations.annotation import annotates

# What may close each mark; some close in one language what they open in another
CLOSED_BY = {
    '"': '"',
    "“": "”",
    "”": "”",
    "„": "“”",
    "«": "»",
    "»": "«",
    "‹": "›",
    "›": "‹",
    "‘": "’",
    "‚": "‘’",
    "'": "'",
    "「": "」",
    "『": "』",
}
IN_DOUBT = "'‘”»›"  # they also close, or stand for a letter that is left out
APOSTROPHES = "'’"
STOPS = (".", ",", "!", "?")  # what a quotation may end with, before its closing mark
PARAGRAPH = re.compile(r"\n[^\S\n]*(?=\n)")


@annotates("yes/no", "prose")
def inside_quotes(text: str) -> np.ndarray:
    """Inside a quotation, by any of the usual marks, one within another too; a paragraph ends all.

    An apostrophe is none: a mark like it opens only where no letter precedes it, no blank follows, and its paragraph
    closes it again; and it closes only where no letter follows.

    >>> inside_quotes('He\\'d say "no" .').astype(int)
    array([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0])
    """
    inside = np.zeros(len(text), dtype=bool)
    begin = 0
    for end in (*(match.start() for match in PARAGRAPH.finditer(text)), len(text)):
        for first, behind in _quotations(text, begin, end):
            inside[first:behind] = True
        begin = end
    return inside


def _quotations(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """From the opening to before the closing mark, or to the end of the paragraph where that is missing."""
    opened: list[tuple[int, str]] = []  # where, and what closes it; the innermost last
    for i in range(begin, end):
        if (depth := _closed(text, i, opened)) is not None:
            yield opened[depth][0], i
            del opened[depth:]
        elif text[i] in CLOSED_BY and _may_open(text, i):
            opened.append((i, CLOSED_BY[text[i]]))
    yield from ((first, end) for first, _ in opened if text[first] not in APOSTROPHES)


def _closed(text: str, i: int, opened: Sequence[tuple[int, str]]) -> int | None:
    """Which of the quotations that are open a mark closes."""
    if text[i] in APOSTROPHES and text[i + 1 : i + 2].isalnum():
        return None
    return next((depth for depth in reversed(range(len(opened))) if text[i] in opened[depth][1]), None)


def _may_open(text: str, i: int) -> bool:
    if text[i] not in IN_DOUBT:
        return True
    before, behind = text[max(0, i - 1) : i], text[i + 1 : i + 2]
    return not (before.isalnum() or before in STOPS) and bool(behind.strip())
