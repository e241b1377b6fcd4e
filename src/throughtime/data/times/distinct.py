"""Whole numbers in order, each once."""

from __future__ import annotations

import numpy as np


def distinct(values: np.ndarray) -> np.ndarray:
    """The different values of an array (N,), sorted.

    What ``numpy.unique`` gives; but that goes by hashes, among which times at equal steps collide, and takes seconds
    for a million of them (numpy 2.4).

    >>> distinct(np.array([3, 1, 3, 2]))
    array([1, 2, 3])
    """
    ordered = np.sort(values)
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]
