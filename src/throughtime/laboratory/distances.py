"""How much of the gradient arrives how far back, on a problem of the laboratory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from throughtime.batch import Batch, Sequences
from throughtime.laboratory.network import Network
from throughtime.synthetic import Examples, Problem
from throughtime.training.observe import gradients_by_distance as by_distance
from throughtime.training.observe.distances import WHOLE


def gradients_by_distance(network: Network, problem: Problem, examples: Examples) -> tuple[float, ...]:
    """The mean length of dL/ds at each distance from the last step, the nearest first; L is a row's own loss.

    s is all of the cell's states at a step, side by side. Nothing is added to the gradients of the weights.
    """
    batch = Batch({"x": Sequences(examples.x, examples.lengths)}, torch.arange(len(examples.x)))
    found = by_distance(_Posed(network, problem, examples), batch)
    if not found:  # a network that is dead hands nothing back
        return (0.0,) * examples.x.shape[1]
    return tuple(found[0].norms[WHOLE].tolist())


class _Posed(nn.Module):
    """A network with a problem: its loss is the sum over the rows."""

    def __init__(self, network: Network, problem: Problem, examples: Examples) -> None:
        super().__init__()
        self.network, self.problem, self.examples = network, problem, examples

    def loss(self, batch: Batch) -> Tensor:
        x = batch["x"]
        assert isinstance(x, Sequences)
        return self.problem.loss(self.network(x.data, x.lengths), self.examples) * len(batch)
