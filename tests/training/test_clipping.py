"""Clipping against its definition."""

from __future__ import annotations

import pytest
import torch

from throughtime.training.clipping import clip, gradient_norm
from throughtime.training.settings import TrainingSettings


def some_gradients() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in [(3, 4), (5,), (), (1, 1, 2)]]


def test_the_norm_is_that_of_all_entries() -> None:
    flat = torch.cat([g.reshape(-1) for g in some_gradients()])
    assert gradient_norm(some_gradients()) == pytest.approx(float((flat * flat).sum().sqrt()), rel=1e-14)
    assert gradient_norm([]) == 0.0


def test_the_norm_of_large_finite_gradients_is_finite() -> None:
    assert gradient_norm([torch.tensor([3e30, 4e30])]) == pytest.approx(5e30, rel=1e-6)
    assert gradient_norm([torch.tensor([1.0, float("inf")])]) == float("inf")


def test_a_long_gradient_is_scaled_to_the_bound() -> None:
    gradients = some_gradients()
    norm = gradient_norm(gradients)
    assert clip(gradients, norm, TrainingSettings(clip_norm=0.7))
    for clipped, original in zip(gradients, some_gradients(), strict=True):
        torch.testing.assert_close(clipped, original * 0.7 / norm, rtol=1e-14, atol=0)
    assert gradient_norm(gradients) == pytest.approx(0.7, rel=1e-14)


def test_large_entries_are_cut() -> None:
    gradients = some_gradients()
    assert clip(gradients, gradient_norm(gradients), TrainingSettings(clip_norm=None, clip_value=0.4))
    for clipped, original in zip(gradients, some_gradients(), strict=True):
        assert torch.equal(clipped, original.clamp(-0.4, 0.4))


def test_short_gradients_are_left_alone_to_the_bit() -> None:
    gradients = some_gradients()
    norm = gradient_norm(gradients)
    assert not clip(gradients, norm, TrainingSettings(clip_norm=norm, clip_value=100.0))
    assert not clip(gradients, norm, TrainingSettings(clip_norm=None))
    assert all(torch.equal(g, h) for g, h in zip(gradients, some_gradients(), strict=True))


def test_both_bounds_hold_together() -> None:
    gradients = some_gradients()
    clip(gradients, gradient_norm(gradients), TrainingSettings(clip_norm=2.0, clip_value=0.4))
    assert gradient_norm(gradients) <= 2.0
    assert max(float(g.abs().max()) for g in gradients) == 0.4
