"""Learning on from another run: which parameters move in which epoch, and how far."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError
from throughtime.training.optimisers import build_optimizer, set_learning_rate
from throughtime.training.settings import TrainingSettings
from throughtime.training.transfer import depths, freeze, rate_factors


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(5, 3))
        self.recurrent = Recurrent("lstm", 3, 4, num_layers=2, bidirectional=True)
        self.head = nn.Linear(8, 2)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.recurrent(self.embedding[ids])[0]).square().sum()


BEGUN = {"init_from": "a run", "optimizer": "sgd", "momentum": 0.0, "weight_decay": 0.0}


def test_depth_counts_from_the_head_to_the_embedding() -> None:
    found = depths(Small())
    assert found["head.weight"] == found["head.bias"] == 0
    assert {found[name] for name in found if "_l1" in name} == {1}
    assert {found[name] for name in found if "_l0" in name} == {2}
    assert found["embedding"] == 3


@pytest.mark.parametrize(("epoch", "learning"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (7, 3), (99, 3)])
def test_layers_learn_one_after_the_other(epoch: int, learning: int) -> None:
    model = Small()
    model(torch.tensor([[1, 2, 4]])).backward()
    freeze(model, TrainingSettings(**BEGUN, unfreeze_every=2), epoch)
    for (name, parameter), depth in zip(model.named_parameters(), depths(model).values(), strict=True):
        assert (parameter.grad is not None) == (depth <= learning), name


def test_the_rate_of_a_layer_falls_with_its_depth() -> None:
    torch.manual_seed(3)
    model, settings = Small(), TrainingSettings(**BEGUN, layer_factor=0.5)
    assert rate_factors(model, settings)["embedding"] == 0.125
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimizer = build_optimizer(model, settings)
    model(torch.tensor([[1, 2, 4]])).backward()
    set_learning_rate(optimizer, 0.1)
    optimizer.step()
    for (name, parameter), depth in zip(model.named_parameters(), depths(model).values(), strict=True):
        assert parameter.grad is not None
        expected = before[name] - 0.1 * 0.5**depth * parameter.grad
        torch.testing.assert_close(parameter.detach(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("option", ["unfreeze_every", "layer_factor"])
def test_they_go_with_a_run_to_begin_from(option: str) -> None:
    with pytest.raises(UsageError, match="--init-from"):
        TrainingSettings(**{option: 1})
