"""How far back a gradient reaches, in figures and a word, from its norms by distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Course = Literal["vanishes", "fades", "carries", "explodes"]


@dataclass(frozen=True)
class Reach:
    """``tenth`` and ``hundredth``: the distance, in steps, from which on the norm stays below that share of its first.

    None where it never does within the distances measured, ``steps`` of them. ``rate`` is the factor a step, from a
    straight line through the logarithms; None with too few steps, or where nothing arrives at all.
    """

    steps: int
    tenth: int | None
    hundredth: int | None
    rate: float | None
    growth: float

    @property
    def course(self) -> Course:
        """It vanishes below a hundredth and explodes beyond ten times, both within the distances measured."""
        if self.growth >= 10:
            return "explodes"
        if self.hundredth is not None:
            return "vanishes"
        return "fades" if self.tenth is not None else "carries"


def reach(norms: Sequence[float] | np.ndarray) -> Reach:
    """Of norms at the distances 0, 1, 2, ...

    >>> reach([0.5**k for k in range(20)])
    Reach(steps=19, tenth=4, hundredth=7, rate=0.5, growth=0.5)
    >>> reach([1.0, 1.5, 2.25]).course, reach([1.5**k for k in range(20)]).course
    ('carries', 'explodes')

    ``growth`` is the largest norm after the first step, over the first norm.
    """
    curve = np.asarray(norms, dtype=np.float64)
    first = curve[0]
    later = float(curve[1:].max() / first) if len(curve) > 1 else 1.0
    return Reach(len(curve) - 1, _below(curve, first / 10), _below(curve, first / 100), _rate(curve), round(later, 12))


def _below(curve: np.ndarray, bound: float) -> int | None:
    """The distance from which on the curve stays at or below the bound."""
    above = np.flatnonzero(curve > bound)
    at = int(above[-1]) + 1 if len(above) else 0
    return at if at < len(curve) else None


def _rate(curve: np.ndarray) -> float | None:
    """Without distance 0, where c has no part yet; numbers below float32's smallest say nothing of the rate."""
    known = np.flatnonzero(curve[1:] > 1e-37) + 1
    known = known[: len(known) if len(known) == len(curve) - 1 else _gap(known)]
    if len(known) < 2:
        return None
    slope = np.polyfit(known, np.log(curve[known]), 1)[0]
    return float(f"{math.exp(slope):.6g}")


def _gap(known: np.ndarray) -> int:
    """How many distances follow one another from the first on."""
    jumps = np.flatnonzero(np.diff(known) > 1)
    return int(jumps[0]) + 1 if len(jumps) else len(known)
