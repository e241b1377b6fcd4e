"""Which parts of two texts differ, and how that is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from throughtime.use.report.html import Markup, join, tag


def differing(first: Sequence[str], second: Sequence[str]) -> tuple[list[bool], list[bool]]:
    """For each part whether a shortest way from one sequence to the other inserts, deletes or replaces it.

    >>> differing("kit", "sit")
    ([True, False, False], [True, False, False])
    >>> differing(["a", "cat"], ["a", "black", "cat"])
    ([False, False], [False, True, False])
    """
    costs, apart = _costs(first, second), ([True] * len(first), [True] * len(second))
    i, j = len(first), len(second)
    while i and j:
        if first[i - 1] == second[j - 1]:  # equal ends always stay in one of the shortest ways
            i, j = i - 1, j - 1
            apart[0][i] = apart[1][j] = False
        else:
            i, j = min((i - 1, j - 1), (i - 1, j), (i, j - 1), key=lambda at: costs[at[0]][at[1]])
    return apart


def _costs(first: Sequence[str], second: Sequence[str]) -> list[list[int]]:
    """``costs[i][j]``: the edit distance from the first i parts of one to the first j of the other."""
    costs = [list(range(len(second) + 1))]
    for i, one in enumerate(first, start=1):
        above, row = costs[-1], [i]
        for j, other in enumerate(second, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
        costs.append(row)
    return costs


def with_marks(parts: Sequence[str], marked: Sequence[bool], space: str, style: str) -> Markup:
    """The text, neighbouring marked parts under one mark; ``space`` stands between any two parts."""
    return join(
        join(space if start else None, tag("mark", text, class_=style) if on else text)
        for start, text, on in _runs(parts, marked, space)
    )


def _runs(parts: Sequence[str], marked: Sequence[bool], space: str) -> Iterator[tuple[int, str, bool]]:
    start = 0
    for on, run in groupby(marked):
        end = start + len(list(run))
        yield start, space.join(parts[start:end]), on
        start = end
