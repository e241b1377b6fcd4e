"""A network whose gradients explode, with clipping and without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from throughtime.laboratory.learning import Each, Lesson, go_on
from throughtime.laboratory.network import IRNN
from throughtime.laboratory.trial import Trial, attempt
from throughtime.synthetic import problems

CLIPPED, UNCLIPPED = "clipped at 1", "not clipped"
LEARNING_RATE = 0.01  # of plain gradient descent, as in the paper on the IRNN


def by_clipping(
    lag: int, seeds: Sequence[int], updates: int, hidden_size: int, *, each: Each = go_on
) -> Iterator[Trial]:
    """The IRNN on the latch problem at one lag, by plain gradient descent: Adam would divide a long gradient away."""
    for name, clip_norm in ((UNCLIPPED, None), (CLIPPED, 1.0)):
        lesson = Lesson(
            problems["latch"],
            lag,
            updates,
            learning_rate=LEARNING_RATE,
            clip_norm=clip_norm,
            optimizer="sgd",
            judged_every=10,
        )
        for seed in seeds:
            yield attempt(IRNN, lesson, hidden_size, seed, name=name, each=each)
