"""The gradient by distance is what autograd gives for a state at that distance."""

from __future__ import annotations

import pytest
import torch
from torch import Generator

from throughtime.laboratory.distances import gradients_by_distance
from throughtime.laboratory.network import KINDS, RNN, Kind, Network
from throughtime.synthetic import Examples, problems


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_it_equals_the_gradient_by_a_state_handed_on(kind: Kind) -> None:
    """Cut the sequences in two, and take the gradient by the state between: its distance is that of the cut."""
    problem, network = problems["adding"], Network(kind, 2, 5, 1, seed=1).double()
    examples = problem.batch(3, 7, Generator().manual_seed(1))
    examples = Examples(examples.x.double(), examples.lengths, examples.target.double())
    found = gradients_by_distance(network, problem, examples)
    assert len(found) == 7
    for cut in (1, 4, 6):
        layer = network.recurrent
        state = tuple(part.detach().requires_grad_() for part in layer(examples.x[:, :cut])[1])
        outputs = network.output(layer(examples.x[:, cut:], state=state)[0])
        (outputs[:, -1, 0] - examples.target).square().sum().backward()
        parts = [part.grad[0] for part in state if part.grad is not None]
        expected = torch.linalg.vector_norm(torch.cat(parts, 1), dim=1).mean()
        assert found[7 - cut] == pytest.approx(float(expected), rel=1e-9)


def test_rows_are_counted_from_their_own_end() -> None:
    problem, network = problems["latch"], Network(RNN, 1, 5, 1, seed=1)
    examples = problem.batch(1, 30, Generator().manual_seed(3))
    length = int(examples.lengths[0])
    alone = Examples(examples.x[:, :length], examples.lengths, examples.target)
    assert length < examples.x.shape[1]
    padded = gradients_by_distance(network, problem, examples)
    assert padded == pytest.approx(gradients_by_distance(network, problem, alone), rel=1e-4)
    assert len(padded) == length and padded[0] > 0


def test_no_gradient_is_left_behind() -> None:
    network = Network(RNN, 2, 5, 1, seed=1)
    gradients_by_distance(network, problems["adding"], problems["adding"].batch(2, 4, Generator().manual_seed(1)))
    assert all(weight.grad is None for weight in network.parameters())
