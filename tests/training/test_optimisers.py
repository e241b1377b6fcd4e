"""Each optimizer against its formula, in float64, over several updates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.tiny import Tiny
from throughtime.training.optimisers import build_optimizer, optimizer_tensors, restore_optimizer, set_learning_rate
from throughtime.training.settings import TrainingSettings

Rule = Callable[[Tensor, Iterator[Tensor], list[float], float], Tensor]


def adamw(w: Tensor, gradients: Iterator[Tensor], rates: list[float], decay: float) -> Tensor:
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    for t, (g, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - rate * decay * w
        w = w - rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
    return w


def sgd(w: Tensor, gradients: Iterator[Tensor], rates: list[float], decay: float) -> Tensor:
    velocity = torch.zeros_like(w)
    for g, rate in zip(gradients, rates, strict=True):
        velocity = 0.9 * velocity + g + decay * w
        w = w - rate * velocity
    return w


def rmsprop(w: Tensor, gradients: Iterator[Tensor], rates: list[float], decay: float) -> Tensor:
    square, velocity = torch.zeros_like(w), torch.zeros_like(w)
    for g, rate in zip(gradients, rates, strict=True):
        g = g + decay * w
        square = 0.99 * square + 0.01 * g * g
        velocity = 0.3 * velocity + g / (square.sqrt() + 1e-8)
        w = w - rate * velocity
    return w


RULES: list[tuple[Rule, dict[str, Any]]] = [
    (adamw, {"optimizer": "adamw"}),
    (sgd, {"optimizer": "sgd"}),
    (rmsprop, {"optimizer": "rmsprop", "momentum": 0.3}),
]
RATES = [0.1, 0.07, 0.2, 0.05]


def gradients(seed: int, like: Tensor) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(like.shape, generator=generator, dtype=like.dtype) for _ in RATES]


@pytest.mark.parametrize(("rule", "values"), RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_updates_follow_the_formula_and_biases_are_not_decayed(rule: Rule, values: dict[str, Any]) -> None:
    model = Tiny(dtype=torch.float64)
    optimizer = build_optimizer(model, TrainingSettings(weight_decay=0.3, **values))
    given = {name: gradients(seed, p) for seed, (name, p) in enumerate(model.named_parameters())}
    expected = {
        name: rule(p.detach().clone(), iter(given[name]), RATES, 0.3 if p.dim() > 1 else 0.0)
        for name, p in model.named_parameters()
    }
    for number, rate in enumerate(RATES):
        set_learning_rate(optimizer, rate)
        for name, p in model.named_parameters():
            p.grad = given[name][number]
        optimizer.step()
    for name, p in model.named_parameters():
        torch.testing.assert_close(p.detach(), expected[name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("values", [values for _, values in RULES] + [{"optimizer": "sgd", "momentum": 0.0}])
def test_the_memory_comes_back_to_the_bit(values: dict[str, Any], dtype: torch.dtype) -> None:
    settings = TrainingSettings(learning_rate=0.1, **values)
    models = [Tiny(dtype=dtype), Tiny(seed=2, dtype=dtype)]
    optimizers = [build_optimizer(model, settings) for model in models]

    def step(which: int, seed: int) -> None:
        for number, p in enumerate(models[which].parameters()):
            p.grad = gradients(10 * seed + number, p)[0]
        optimizers[which].step()

    step(0, seed=1)
    step(0, seed=2)
    models[1].load_state_dict(models[0].state_dict())
    saved = {name: tensor.clone() for name, tensor in optimizer_tensors(optimizers[0], models[0]).items()}
    restore_optimizer(optimizers[1], models[1], saved)
    step(0, seed=3)
    step(1, seed=3)
    for ours, theirs in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(ours, theirs)
    after = [optimizer_tensors(optimizer, model) for optimizer, model in zip(optimizers, models, strict=True)]
    assert after[0].keys() == after[1].keys()
    assert all(torch.equal(after[0][name], after[1][name]) for name in after[0])


def test_frozen_parameters_are_left_out() -> None:
    model = Tiny()
    model.hidden.weight.requires_grad_(False)
    optimizer = build_optimizer(model, TrainingSettings())
    assert all(p is not model.hidden.weight for group in optimizer.param_groups for p in group["params"])
