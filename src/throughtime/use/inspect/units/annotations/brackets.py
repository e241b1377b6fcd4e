"""Brackets."""

from __future__ import annotations

import numpy as np

from throughtime.use.inspect.units.annotations.annotation import annotates

PAIRS = {")": "(", "]": "[", "}": "{"}


@annotates("yes/no")
def inside_brackets(text: str) -> np.ndarray:
    """Inside round, square or curly brackets; one that is never closed, or never opened, does not count.

    >>> inside_brackets("a(b[c) :)").astype(int)
    array([0, 1, 1, 1, 1, 0, 0, 0, 0])
    """
    inside = np.zeros(len(text), dtype=bool)
    opened: list[tuple[str, int]] = []
    for i, character in enumerate(text):
        if character in "([{":
            opened.append((character, i))
            continue
        depths = reversed(range(len(opened) if character in PAIRS else 0))
        depth = next((depth for depth in depths if opened[depth][0] == PAIRS[character]), None)
        if depth is not None:
            inside[opened[depth][1] : i] = True
            del opened[depth:]
    return inside
