"""One and the same RNN, its weights begun in different ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from throughtime.laboratory.learning import Each, Lesson, go_on
from throughtime.laboratory.network import RNN
from throughtime.laboratory.trial import Trial, attempt
from throughtime.synthetic import problems

BEGINNINGS = ("uniform", "xavier", "orthogonal")  # of cells.initialisation; torch begins as uniform does


def by_beginning(
    lag: int, seeds: Sequence[int], updates: int, hidden_size: int, *, each: Each = go_on
) -> Iterator[Trial]:
    """The latch problem at one lag, each way to begin with every seed."""
    lesson = Lesson(problems["latch"], lag, updates, learning_rate=RNN.learning_rate)
    for beginning in BEGINNINGS:
        for seed in seeds:
            kind = replace(RNN, initialisation=beginning)
            yield attempt(kind, lesson, hidden_size, seed, name=beginning, each=each)
