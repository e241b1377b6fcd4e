"""What a hypothesis is ranked by beside its log-probability (Wu et al. 2016, section 7)."""

from __future__ import annotations


def length_penalty(length: int, power: float) -> float:
    """((5 + length) / 6) ** power, by which the log-probability is divided; ``length`` counts the token that ends it.

    >>> length_penalty(1, 0.6), length_penalty(7, 1.0), length_penalty(7, 0.0)
    (1.0, 2.0, 1.0)
    """
    return float(((5 + length) / 6) ** power)
