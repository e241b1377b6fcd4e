"""How much of the gradient arrives how far back."""

from __future__ import annotations

import torch
from torch import Tensor

from throughtime.cells.layers import Direction
from throughtime.laboratory.network import Network
from throughtime.synthetic import Examples, Problem


def gradients_by_distance(network: Network, problem: Problem, examples: Examples) -> tuple[float, ...]:
    """The mean length of dL/ds at each distance from the last step, the nearest first; L is a row's own loss.

    s is all of the cell's states at a step, side by side (for an LSTM h and c; what reaches c by way of the h of the
    same step counts for both). It is run by the reference, the one engine that can be watched.
    """
    states: dict[int, list[Tensor]] = {}

    def watch(direction: Direction, step: int, name: str, values: Tensor) -> None:
        if values.requires_grad:
            values.retain_grad()
            states.setdefault(step, []).append(values)

    with network.recurrent.watching(watch):
        outputs = network(examples.x, examples.lengths)
    (problem.loss(outputs, examples) * len(examples.x)).backward()
    network.zero_grad(set_to_none=True)
    steps, rows = examples.x.shape[1], range(len(examples.x))
    norms = torch.stack([_norm(states[step]) for step in range(steps)], 1)  # (B, T)
    ends = examples.lengths.tolist()
    return tuple(_mean([float(norms[b, ends[b] - 1 - k]) for b in rows if k < ends[b]]) for k in range(max(ends)))


def _norm(states: list[Tensor]) -> Tensor:
    """The length of the gradient of all states of a step, a row each; 0 where none arrived."""
    gradients = [values.new_zeros(values.shape) if values.grad is None else values.grad for values in states]
    return torch.linalg.vector_norm(torch.cat(gradients, 1), dim=1)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
