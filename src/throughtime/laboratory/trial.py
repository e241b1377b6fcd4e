"""One network that learned one thing, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from throughtime.laboratory.distances import gradients_by_distance
from throughtime.laboratory.learning import Each, Learned, Lesson, go_on, learn
from throughtime.laboratory.network import Kind, Network

JUDGES, MEASURED = 500, 100  # fresh sequences that judge, and those on which gradients are measured


@dataclass(frozen=True)
class Trial:
    """``before`` and ``after`` learning: the length of the gradient by distance from the last step."""

    name: str
    lag: int
    seed: int
    learned: Learned
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()

    def __str__(self) -> str:
        learned = self.learned
        came = "solved" if learned.solved else "broke off, not finite" if learned.broke else "not solved"
        return f"{self.name}, lag {self.lag}, seed {self.seed}: {came} after {learned.updates:,} updates"


def attempt(
    kind: Kind, lesson: Lesson, hidden_size: int, seed: int, *, name: str | None = None, each: Each = go_on
) -> Trial:
    """A new network of a kind learns a lesson; weights and sequences are drawn from ``seed``."""
    problem = lesson.problem
    network = Network(kind, problem.input_size, hidden_size, problem.output_size, seed)
    others = torch.Generator().manual_seed(seed + 1_000_000)  # none of the sequences it learns from
    judge, measured = (problem.batch(count, lesson.lag, others) for count in (JUDGES, MEASURED))
    before = gradients_by_distance(network, problem, measured)
    learned = learn(network, lesson, judge, seed, each)
    after = gradients_by_distance(network, problem, measured)
    return Trial(name or kind.name, lesson.lag, seed, learned, before, after)
