"""A small plain training loop: until the problem is solved, the loss is not finite, or the updates are used up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from throughtime.laboratory.network import Network
from throughtime.synthetic import Examples, Problem
from throughtime.training.clipping import clip, gradient_norm
from throughtime.training.settings import TrainingSettings

OPTIMIZERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
Each = Callable[[], None]  # is called before every update, and may raise to stop


def go_on() -> None:
    """Before every update: nothing to do."""


@dataclass(frozen=True)
class Lesson:
    """What is learned and how; it ends when ``solved_at`` of the sequences that judge are right."""

    problem: Problem
    lag: int
    updates: int  # at most
    batch_size: int = 32
    learning_rate: float = 1e-2
    clip_norm: float | None = 1.0
    optimizer: str = "adam"
    judged_every: int = 100  # updates
    solved_at: float = 0.95


@dataclass(frozen=True)
class Learned:
    """How it went: by update the loss, and the length of the gradient before it was clipped; at each judgement the
    share that was right."""

    losses: tuple[float, ...]
    norms: tuple[float, ...]
    shares: tuple[float, ...]
    solved: bool
    sequences: int

    @property
    def updates(self) -> int:
        return len(self.losses)

    @property
    def broke(self) -> bool:
        """Whether it ended with a loss or a gradient that was not finite."""
        return not math.isfinite(self.losses[-1] + self.norms[-1])


def learn(network: Network, lesson: Lesson, judge: Examples, seed: int, each: Each = go_on) -> Learned:
    """Train ``network`` on fresh sequences, drawn from ``seed``; ``judge`` says when the problem is solved."""
    problem, drawn = lesson.problem, torch.Generator().manual_seed(seed)
    optimizer = OPTIMIZERS[lesson.optimizer](network.parameters(), lr=lesson.learning_rate, fused=True)
    bounds = TrainingSettings(clip_norm=lesson.clip_norm, clip_value=None)
    losses: list[float] = []
    norms: list[float] = []
    shares: list[float] = []
    while len(losses) < lesson.updates and not (shares and shares[-1] >= lesson.solved_at):
        each()
        examples = problem.batch(lesson.batch_size, lesson.lag, drawn)
        loss = problem.loss(network(examples.x, examples.lengths), examples)
        optimizer.zero_grad()
        loss.backward()
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        losses.append(loss.item())
        norms.append(gradient_norm(gradients))
        if not math.isfinite(losses[-1] + norms[-1]):
            break
        clip(gradients, norms[-1], bounds)
        optimizer.step()
        if len(losses) % lesson.judged_every == 0:
            shares.append(share_right(network, problem, judge))
    solved = bool(shares) and shares[-1] >= lesson.solved_at
    return Learned(tuple(losses), tuple(norms), tuple(shares), solved, len(losses) * lesson.batch_size)


@torch.no_grad()
def share_right(network: Network, problem: Problem, examples: Examples) -> float:
    """The share of sequences that are answered rightly, by the problem's criterion."""
    return float(problem.right(network(examples.x, examples.lengths), examples).float().mean())
