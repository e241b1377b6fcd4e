"""Lines of held-out text where an annotation is now on, now off: chosen by the annotation, whatever the unit does."""

from __future__ import annotations

import re

import numpy as np

from throughtime.use.inspect.units.found_units import Excerpt
from throughtime.use.inspect.units.passages import Half, Passage

LONGEST = 700  # characters
DIGITS = 4


def excerpt(half: Half, name: str, values: np.ndarray, middle: float, centre: float) -> Excerpt:
    """The lines in which ``middle`` parts the annotation most evenly; ``values`` (n,) are a unit's at the tokens."""
    best = (-1.0, half.passages[0], 0, 0, 0)
    first = 0  # token of the half
    for passage in half.passages:
        evenness, begin, end = _most_even(passage, passage.values[name] > middle)
        if evenness > best[0]:
            best = (evenness, passage, begin, end, first)
        first += len(passage.ids)
    _, passage, begin, end, first = best
    found = _by_character(passage, values[first : first + len(passage.ids)])[begin:end]
    return Excerpt(
        passage.name,
        passage.row + passage.text.count("\n", 0, begin),
        passage.text[begin:end],
        tuple(None if np.isnan(value) else round(float(value), DIGITS) for value in found),
        tuple(round(float(value), DIGITS) for value in passage.values[name][begin:end]),
        float(middle),
        float(centre),
        float(np.quantile(np.abs(values - centre), 0.99)),
    )


def _most_even(passage: Passage, on: np.ndarray) -> tuple[float, int, int]:
    """How evenly the most even lines are parted, 0 to 1/2, and where they begin and end; of equals the first."""
    text = passage.text
    begins = np.array([0, *(match.end() for match in re.finditer("\n(?=.|\n)", text))])
    borders = np.append(begins, len(text))
    ends = borders[np.searchsorted(borders, begins + LONGEST, side="right") - 1]
    ends = np.where(ends > begins, ends, np.minimum(begins + LONGEST, len(text)))  # a line that is longer is cut
    yes = np.concatenate([[0], np.cumsum(on)])
    size = np.maximum(ends - begins, LONGEST // 2)  # a few letters alone show little
    share = (yes[ends] - yes[begins]) / size
    other = (ends - begins) / size - share
    best = int(np.minimum(share, other).argmax())
    return float(min(share[best], other[best])), int(begins[best]), int(ends[best])


def _by_character(passage: Passage, values: np.ndarray) -> np.ndarray:
    """A value for each character of the passage: that of its token, NaN where it is of none.

    Tokens that are words end with their last character and begin behind the blanks after the one before.
    """
    found = np.full(len(passage.text), np.nan)
    begin = 0
    for last, value in zip(passage.last.tolist(), values, strict=True):
        while begin < last and passage.text[begin].isspace():
            begin += 1
        found[begin : last + 1] = value
        begin = last + 1
    return found
