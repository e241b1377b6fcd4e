"""The search for the units that agree best with an annotation, over all units and, for yes or no, all thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CODES = 1 << 16
LARGEST = 65504.0  # of float16


@dataclass(frozen=True)
class Search:
    """Of every unit (U,) its best agreement, from 0 to 1, which way round it is, and its threshold (else NaN)."""

    agreement: np.ndarray
    sign: np.ndarray
    threshold: np.ndarray

    def best(self, count: int) -> list[int]:
        """The units that agree best, the first of equals first."""
        return [int(unit) for unit in np.argsort(-self.agreement, kind="stable")[:count]]


def coded(values: np.ndarray) -> np.ndarray:
    """Values rounded to float16 as whole numbers (uint16) of the same order: half the memory, and counted at once.

    >>> coded(np.array([-1.0, 0.0, -0.0, 2.5])).tolist()
    [17407, 32768, 32768, 49408]
    """
    bits = (np.clip(values, -LARGEST, LARGEST).astype(np.float16) + np.float16(0)).view(np.uint16)
    return np.where(bits & 0x8000, ~bits, bits | 0x8000)


def decoded(codes: np.ndarray) -> np.ndarray:
    """The values again, float32."""
    bits = np.where(codes & 0x8000, codes & 0x7FFF, ~codes).astype(np.uint16)
    return bits.view(np.float16).astype(np.float32)


def search_yes_no(codes: np.ndarray, truths: Sequence[np.ndarray]) -> list[Search]:
    """Thresholds by the largest |Matthews correlation|: ``codes (U, n)``, each truth bool ``(n,)``.

    All thresholds are tried: between any two neighbouring values of a unit lies one, in their middle.
    """
    found = np.zeros((len(truths), 3, len(codes)))
    for unit, column in enumerate(codes):
        seen = np.bincount(column, minlength=CODES)
        kept = np.flatnonzero(seen)
        values = decoded(kept.astype(np.uint16)).astype(np.float64)
        above = len(column) - np.cumsum(seen[kept])[:-1]  # values above each threshold
        for number, truth in enumerate(truths):
            true_above = truth.sum() - np.cumsum(np.bincount(column[truth], minlength=CODES)[kept])[:-1]
            correlation = _correlation(true_above, above, int(truth.sum()), len(column))
            if len(correlation):
                best = int(np.abs(correlation).argmax())
                middle = (values[best] + values[best + 1]) / 2
                found[number, :, unit] = abs(correlation[best]), np.sign(correlation[best]) or 1, middle
    return [Search(agreement, sign, threshold) for agreement, sign, threshold in found]


def _correlation(true_above: np.ndarray, above: np.ndarray, true: int, size: int) -> np.ndarray:
    """Matthews correlations of "yes above the threshold", for every threshold."""
    below = np.sqrt(float(true) * (size - true) * above * (size - above))
    return (true_above * float(size) - float(true) * above) / np.where(below == 0, np.inf, below)


def search_numbers(codes: np.ndarray, truths: Sequence[np.ndarray]) -> list[Search]:
    """By |Pearson correlation|, which is R of the straight line: ``codes (U, n)``, each truth ``(n,)``."""
    centred = np.stack([truth - truth.mean() for truth in truths])
    spreads = np.sqrt(np.square(centred).sum(1))
    correlation = np.zeros((len(truths), len(codes)))
    for unit, column in enumerate(codes):
        values = decoded(column).astype(np.float64)
        values -= values.mean()
        below = np.sqrt(values @ values) * spreads
        correlation[:, unit] = centred @ values / np.where(below == 0, np.inf, below)
    missing = np.full(len(codes), np.nan)
    return [Search(np.abs(row), np.where(row < 0, -1.0, 1.0), missing) for row in correlation]
