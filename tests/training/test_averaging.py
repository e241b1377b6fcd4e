"""Averages of weights against their formulas."""

from __future__ import annotations

import pytest
import torch

from tests.training.tiny import Tiny, plain, weights
from throughtime.training.averaging import Weights, averaged, averages_at, using
from throughtime.training.settings import TrainingSettings


def average_of(seeds: range, settings: TrainingSettings) -> Weights:
    average = None
    for count, seed in enumerate(seeds, start=1):
        average = averaged(average, Tiny(seed, torch.float64), count, settings)
    assert average is not None
    return average


def test_uniform_is_the_mean() -> None:
    average = average_of(range(1, 8), plain(average="uniform"))
    models = [Tiny(seed, torch.float64) for seed in range(1, 8)]
    for name, tensor in average.items():
        mean = torch.stack([model.state_dict()[name] for model in models]).mean(0)
        torch.testing.assert_close(tensor, mean, rtol=1e-12, atol=1e-14)


def test_ema_is_the_mean_at_first_and_then_forgets() -> None:
    average = average_of(range(1, 8), plain(average="ema", average_decay=0.75))
    expected = torch.stack([Tiny(seed, torch.float64).hidden.weight.detach() for seed in range(1, 5)]).mean(0)
    for seed in range(5, 8):
        expected = 0.75 * expected + 0.25 * Tiny(seed, torch.float64).hidden.weight.detach()
    torch.testing.assert_close(average["hidden.weight"], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("settings", "first"), [({"average": "ema"}, 0), ({"average": "uniform"}, 10), ({}, None)])
def test_when_averaging_begins(settings: dict[str, str], first: int | None) -> None:
    found = [update for update in range(20) if averages_at(plain(**settings), update, 20)]
    assert found == ([] if first is None else list(range(first, 20)))


def test_the_model_gets_its_own_weights_back() -> None:
    model, other = Tiny(1), Tiny(2)
    before = weights(model)
    with pytest.raises(ZeroDivisionError), using(model, dict(other.named_parameters())):
        assert weights(model) == weights(other)
        raise ZeroDivisionError
    assert weights(model) == before
