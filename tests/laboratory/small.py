"""The laboratory at its smallest: every question once, in seconds."""

from __future__ import annotations

import math
from functools import cache

from throughtime.laboratory import Findings, Size, investigate
from throughtime.laboratory.learning import Learned
from throughtime.laboratory.trial import Trial

SMALL = Size(
    adding_lags=(4, 6),
    adding_updates=2,
    adding_seeds=2,
    latch_lags=(5, 10),
    latch_updates=2,
    latch_seeds=1,
    beginnings_lag=5,
    beginnings_updates=2,
    clipping_lag=6,
    clipping_updates=2,
    other_seeds=2,
    grammar_updates=2,
    grammar_seeds=1,
    strings=4,
    hidden_size=3,
)


@cache
def findings() -> Findings:
    return investigate(SMALL)


def trial(name: str, lag: int, *, solved: bool, updates: int, seed: int = 1, share: float = 0.5) -> Trial:
    """A trial that never took place; its figures are all different."""
    losses = tuple(0.7 / k for k in range(1, updates + 1))
    gradients = tuple(0.31 * 0.5**k for k in range(lag))
    learned = Learned(losses, tuple(3 * loss for loss in losses), (share,), solved, 7 * updates)
    return Trial(name, lag, seed, learned, gradients, tuple(math.sqrt(value) for value in gradients))
