"""Texts and the texts they are answered with, as pairs to learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.data.order import permutation
from throughtime.models.baselines.baseline import Material


def sources_of(part: Material) -> list[str]:
    """The text of each row that is read: the first column that has any."""
    return next(iter(part.texts.values()))


def pairs_of(part: Material) -> list[tuple[str, str]]:
    """Each source beside each of its references.

    >>> pairs_of(Material.of_texts("word", ["a", "b"], [["A", "AA"], ["B"]], "letters"))
    [('a', 'A'), ('a', 'AA'), ('b', 'B')]
    """
    assert part.references is not None
    rows = zip(sources_of(part), part.references, strict=True)
    return [(source, target) for source, references in rows for target in references]


def drawn(costs: Sequence[int], most: int) -> np.ndarray:
    """Which rows to learn from, in order: all, or as many at random as cost no more than ``most`` together.

    >>> drawn([2, 3, 4], 9).tolist(), len(drawn([2] * 100, 9))
    ([0, 1, 2], 4)
    """
    if sum(costs) <= most:
        return np.arange(len(costs))
    order = permutation(len(costs), len(costs))
    fitting = int((np.cumsum(np.asarray(costs)[order]) <= most).sum())
    return np.sort(order[: max(fitting, 1)])
