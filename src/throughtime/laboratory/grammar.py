"""How many strings of the embedded Reber grammar the LSTM of 1997 reads until it foretells all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Generator

from throughtime.laboratory.learning import Each, Lesson, go_on, learn
from throughtime.laboratory.network import LSTM_1997, Kind, Network
from throughtime.laboratory.trial import Trial
from throughtime.synthetic import Examples, Problem, problems
from throughtime.synthetic.reber import SHORTEST, embedded, examples_of

# Hochreiter and Schmidhuber 1997, table 1: 3 blocks of 2 cells, 276 weights, learning rate 0.5, 100 % successful
PUBLISHED = 8_440
STRINGS = 256  # to learn from, and as many others; the network must be right on all of both
HIDDEN_SIZE = 6  # 301 weights
LEARNING_RATE = 0.02


def by_string(
    seeds: Sequence[int],
    updates: int,
    *,
    strings: int = STRINGS,
    kind: Kind = LSTM_1997,
    hidden_size: int = HIDDEN_SIZE,
    each: Each = go_on,
) -> Iterator[Trial]:
    """With every seed other strings and other first weights; an update after each string, as in the paper."""
    problem = problems["reber"]
    for seed in seeds:
        learned_from, others = two_sets(strings, torch.Generator().manual_seed(seed))
        lesson = Lesson(
            picking(problem, examples_of(learned_from)),
            SHORTEST,
            updates,
            batch_size=1,
            learning_rate=LEARNING_RATE,
            judged_every=100,
            solved_at=1.0,
        )
        network = Network(kind, problem.input_size, hidden_size, problem.output_size, seed)
        learned = learn(network, lesson, examples_of(learned_from + others), seed, each)
        yield Trial(kind.name, SHORTEST, seed, learned)


def two_sets(count: int, generator: Generator) -> tuple[list[str], list[str]]:
    """Two lists of ``count`` strings of the grammar, none in both; within a list they repeat as they are drawn."""
    first = [embedded(generator) for _ in range(count)]
    second: list[str] = []
    while len(second) < count:
        string = embedded(generator)
        if string not in first:
            second.append(string)
    return first, second


def picking(problem: Problem, examples: Examples) -> Problem:
    """The same problem, its sequences picked from ``examples`` at random."""

    def draw(count: int, lag: int, generator: Generator) -> Examples:
        rows = torch.randint(0, len(examples.x), (count,), generator=generator)
        steps = int(examples.lengths[rows].max())
        return Examples(examples.x[rows, :steps], examples.lengths[rows], examples.target[rows, :steps])

    return replace(problem, draw=draw)
