"""Losses against their definitions, and the law that padding changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from throughtime.batch import Sequences
from throughtime.models.losses import (
    absolute,
    binary_cross_entropy,
    class_weights,
    cross_entropy,
    losses,
    over_steps,
    positive_weights,
    squared,
)


def some_logits(rows: int = 7, classes: int = 3) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).normal(size=(rows, classes))).requires_grad_()


def test_textbook_number() -> None:
    logits = torch.tensor([[0.7, 0.3]]).log()
    assert cross_entropy(logits, torch.tensor([0])).item() == pytest.approx(0.3567, abs=5e-5)


def test_cross_entropy_with_weights_and_smoothing_by_hand() -> None:
    logits, target = some_logits(), torch.tensor([0, 2, 1, 1, 0, 2, 2])
    weights, smoothing = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64), 0.2
    logs = logits.detach() - logits.detach().exp().sum(1, keepdim=True).log()
    total, mass = 0.0, 0.0
    for row, truth in zip(logs, target, strict=True):
        total += (1 - smoothing) * -row[truth] * weights[truth] + smoothing / 3 * sum(-row * weights)
        mass += weights[truth]
    assert cross_entropy(logits, target, weights, smoothing).item() == pytest.approx((total / mass).item())
    by_sample = cross_entropy(logits, target, reduction="none")
    assert torch.allclose(by_sample, -logs[torch.arange(7), target])
    assert cross_entropy(logits, target).item() == pytest.approx(by_sample.mean().item())


def test_binary_cross_entropy_with_weights_and_smoothing_by_hand() -> None:
    logits = some_logits()
    target = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1], [1, 0, 1]])
    weights, smoothing = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64), 0.2
    chance = 1 / (1 + (-logits.detach()).exp())
    wanted = 0.1 + 0.8 * target
    by_label = -(weights * wanted * chance.log() + (1 - wanted) * (1 - chance).log())
    assert binary_cross_entropy(logits, target, weights, smoothing).item() == pytest.approx(by_label.mean().item())
    assert torch.allclose(binary_cross_entropy(logits, target, weights, smoothing, reduction="none"), by_label)


def test_squared_and_absolute() -> None:
    output, target = torch.tensor([1.0, -2.0, 4.0]), torch.tensor([0.5, 1.0, 4.0])
    assert squared(output, target).item() == pytest.approx((0.25 + 9) / 3)
    assert absolute(output, target).item() == pytest.approx((0.5 + 3) / 3)
    assert squared(output, target, reduction="none").tolist() == [0.25, 9.0, 0.0]
    assert set(losses) == {"squared", "absolute"}
    for loss in (squared, absolute):
        with pytest.raises(AssertionError):
            loss(output[:, None], target)


@pytest.mark.parametrize("loss", [cross_entropy, binary_cross_entropy, squared, absolute])
def test_gradients(loss) -> None:  # type: ignore[no-untyped-def]
    logits = some_logits()
    target = torch.tensor([0, 2, 1, 1, 0, 2, 2]) if loss is cross_entropy else (some_logits(8)[1:] > 0).double()
    assert torch.autograd.gradcheck(lambda output: loss(output, target), (logits,))


@pytest.mark.parametrize("padding", [0.0, 1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("extra", [0, 4])
def test_padding_does_not_touch_the_loss_over_steps(padding: float, extra: int) -> None:
    lengths = torch.tensor([3, 0, 5, 1])
    generator = np.random.default_rng(2)
    logits = torch.from_numpy(generator.normal(size=(4, 5 + extra, 3)).astype(np.float32))
    target = torch.from_numpy(generator.integers(0, 3, (4, 5 + extra)))
    valid = torch.arange(5 + extra) < lengths[:, None]
    filled = torch.where(valid[:, :, None], logits, padding).requires_grad_()
    loss = over_steps(cross_entropy, Sequences(filled, lengths), Sequences(torch.where(valid, target, 0), lengths))
    loss.backward()
    steps = torch.cat([logits[b, :n] for b, n in enumerate(lengths)]).requires_grad_()
    alone = cross_entropy(steps, torch.cat([target[b, :n] for b, n in enumerate(lengths)]))
    alone.backward()
    assert loss.item() == alone.item()
    assert filled.grad is not None and steps.grad is not None
    assert torch.equal(filled.grad[valid], steps.grad)
    assert (filled.grad[~valid] == 0).all()


def test_no_valid_step_is_no_loss() -> None:
    data = torch.ones(2, 3, requires_grad=True)
    lengths = torch.zeros(2, dtype=torch.int64)
    loss = over_steps(squared, Sequences(data, lengths), Sequences(torch.zeros(2, 3), lengths))
    loss.backward()
    assert loss.item() == 0 and data.grad is not None and (data.grad == 0).all()


def test_balanced_class_weights_make_all_classes_weigh_the_same() -> None:
    counts = np.array([5, 0, 20, 75])
    weights = class_weights(counts).numpy()
    assert (weights * counts)[counts > 0] == pytest.approx(100 / 3) and weights[1] == 0
    assert (weights * counts).sum() / counts.sum() == pytest.approx(1)


def test_balanced_positive_weights() -> None:
    target = np.array([[1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]])
    assert positive_weights(target).tolist() == pytest.approx([3, 1, 1, 1 / 3])
