"""Where in its line a character stands."""

from __future__ import annotations

import numpy as np

from throughtime.use.inspect.units.annotations.annotation import annotates


@annotates("number", "python")
def indentation(text: str) -> np.ndarray:
    """The blanks that the line begins with, as many of them as were read; a tab counts as one.

    >>> indentation("if x:\\n  y").astype(int)
    array([0, 0, 0, 0, 0, 0, 1, 2, 2])
    """
    lines = text.split("\n")
    counts = [np.minimum(_read(line), len(line) - len(line.lstrip(" \t"))) for line in lines]
    return np.concatenate(counts)[:-1].astype(np.float64)


@annotates("number")
def line_position(text: str) -> np.ndarray:
    """The characters read since the line began; 0 at its end.

    >>> line_position("abc\\nd").astype(int)
    array([1, 2, 3, 0, 1])
    """
    return np.concatenate([_read(line) for line in text.split("\n")])[:-1].astype(np.float64)


def _read(line: str) -> np.ndarray:
    """How many characters of a line are read at each of them, and at its end none of the next."""
    return np.append(np.arange(1, len(line) + 1), 0)
