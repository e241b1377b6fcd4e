"""Random orders that are a function of a few numbers alone, on every machine and with every version of numpy."""

from __future__ import annotations

import numpy as np


def permutation(count: int, *key: int) -> np.ndarray:
    """A random order of ``0 .. count - 1``, a function of ``count`` and ``key``.

    It sorts raw random words, whose stream numpy keeps fixed; numpy's shuffle may change from version to version.

    >>> (permutation(5, 1, 2) == permutation(5, 1, 2)).all()
    np.True_
    """
    return np.argsort(words(count, *key), kind="stable")


def words(count: int, *key: int) -> np.ndarray:
    """``count`` random words (uint64), a function of ``key``; the first ones are the same for every ``count``."""
    return np.atleast_1d(np.random.Philox(np.random.SeedSequence(key)).random_raw(count))
