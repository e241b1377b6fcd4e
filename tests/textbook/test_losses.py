"""The textbook's losses and measures."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.textbook.layers import random_input, random_layer
from throughtime.models.losses import cross_entropy, losses
from throughtime.models.metrics import Outcome, confusion_matrix, metrics, per_class

SIX = Outcome(truth=np.array([1, 0, 0, 0, 1, 1]), predicted=np.array([1, 0, 1, 0, 1, 0]), classes=("0", "1"))


def test_the_cross_entropy_of_0_7_is_0_3567() -> None:
    """y = [1, 0], ŷ = [0.7, 0.3]: loss -log 0.7."""
    answer = Outcome(np.array([0]), np.array([0]), np.array([[0.7, 0.3]]), ("first", "second"))
    assert round(metrics["cross_entropy"].compute(answer), 4) == 0.3567
    scores = (
        torch.tensor([[0.7, 0.3]]).log() + 5
    )  # what is trained on: before the softmax, which a constant leaves alone
    assert round(cross_entropy(scores, torch.tensor([0])).item(), 4) == 0.3567


def test_four_of_six_are_right() -> None:
    """Predictions 1 0 1 0 1 0 of truths 1 0 0 0 1 1."""
    assert metrics["accuracy"].compute(SIX) == pytest.approx(4 / 6)


def test_accuracy_a_class_and_the_confusion_matrix() -> None:
    assert confusion_matrix(SIX).tolist() == [[2, 1], [1, 2]]
    assert [(entry.name, entry.recall, entry.support) for entry in per_class(SIX)] == [("0", 2 / 3, 3), ("1", 2 / 3, 3)]


def test_squares_for_numbers() -> None:
    answer = Outcome(np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 1.0]))
    assert metrics["mse"].compute(answer) == pytest.approx((0.25 + 0 + 9) / 3)
    assert metrics["rmse"].compute(answer) == pytest.approx(math.sqrt(9.25 / 3))
    assert metrics["mae"].compute(answer) == pytest.approx(3.5 / 3)
    predicted, truth = torch.from_numpy(answer.predicted), torch.from_numpy(answer.truth)
    assert losses["squared"](predicted, truth).item() == pytest.approx(9.25 / 3)
    assert losses["absolute"](predicted, truth).item() == pytest.approx(3.5 / 3)


@pytest.mark.parametrize("cell", ["rnn:output=yes", "lstm", "gru"])
def test_a_loss_at_every_step_leaves_the_padding_out(cell: str) -> None:
    """Summed over steps, averaged over samples: as if each sample were alone, whatever stands in its padding."""
    layer, x, lengths = random_layer(cell, engine="reference"), random_input(3, 5, 3), torch.tensor([5, 2, 3])
    target = torch.randint(4, (3, 5), generator=torch.Generator().manual_seed(8))
    valid = torch.arange(5) < lengths[:, None]

    def gradients(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        output = layer(x, lengths)[0]
        loss = cross_entropy(output[valid], target[valid], reduction="none").sum() / len(x)
        return torch.autograd.grad(loss, list(layer.parameters()))

    dirty = x.clone()
    dirty[~valid] = 1e6
    for clean, other in zip(gradients(x), gradients(dirty), strict=True):
        assert torch.equal(clean, other)
    alone = [layer(x[row : row + 1, :steps])[0][0] for row, steps in enumerate(lengths.tolist())]
    summed = [
        cross_entropy(output, target[row, : len(output)], reduction="none").sum() for row, output in enumerate(alone)
    ]
    expected = torch.autograd.grad(torch.stack(summed).mean(), list(layer.parameters()))
    for clean, other in zip(gradients(x), expected, strict=True):
        torch.testing.assert_close(clean, other, rtol=0, atol=1e-12)
