"""What a program does with a module beside calling it: saving, copying, casting, changing its weights."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import pytest
import torch
from torch.nn.utils import parametrizations

from tests.cells.forms import NATIVE, assert_near, assert_same_bits, numbers
from tests.nn.pairs import DEEP, KINDS, OURS, assert_same, flat, made, pair
from throughtime import nn


def by_pickle(module: Any) -> Any:
    return pickle.loads(pickle.dumps(module))


def by_torch(module: Any) -> Any:
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


@pytest.mark.parametrize("copied", [by_pickle, by_torch, copy.deepcopy, copy.copy])
@pytest.mark.parametrize("kind", [*KINDS, "LSTMPeephole", "Layer"])
def test_a_copy_computes_the_same(kind: str, copied: Any) -> None:
    if kind in KINDS:
        module: Any = pair(kind, **DEEP)[1]
    else:
        cell = ("gru:activation=relu",) if kind == "Layer" else ()
        module = getattr(nn, kind)(*cell, 3, 5, dtype=torch.float64, **DEEP)
    again = copied(module)
    assert type(again) is type(module) and repr(again) == repr(module)
    x = numbers(7, 4, 3, seed=1)
    for found, expected in zip(flat(again(x)), flat(module(x)), strict=True):
        assert_same_bits(found, expected)
    if copied is not copy.copy:
        with torch.no_grad():
            again.weight_hh_l0.add_(1)
        assert (again(x)[0] - module(x)[0]).abs().max() > 1e-3


@pytest.mark.parametrize("kind", ["GRU", "MGU"])
def test_a_copy_asks_anew_what_is_possible(kind: str) -> None:
    """A pickle may be read where there is no engine."""
    module = getattr(nn, kind)(3, 5)
    module._traced.possible = not NATIVE
    assert copy.deepcopy(module)._traced.possible is NATIVE
    assert by_pickle(module)._traced.possible is NATIVE
    assert by_pickle(module)._traced.suffixes == module._traced.suffixes


@pytest.mark.parametrize("kind", KINDS)
def test_state_dicts_go_both_ways(kind: str) -> None:
    theirs, ours = made(torch.nn, kind, **DEEP), made(nn, kind, **DEEP)
    x = torch.randn(7, 4, 3)
    ours.load_state_dict(theirs.state_dict())
    assert_near(ours(x)[0], theirs(x)[0])
    other = made(nn, kind, **DEEP)
    theirs.load_state_dict(other.state_dict())
    assert_near(other(x)[0], theirs(x)[0])
    with pytest.raises(RuntimeError, match="Missing key|Unexpected key"):
        ours.load_state_dict(made(torch.nn, kind).state_dict())


@pytest.mark.parametrize("kind", KINDS)
def test_casting(kind: str) -> None:
    theirs, ours = pair(kind, torch.float32, **DEEP)
    assert_same(theirs.double(), ours.to(torch.float64), numbers(7, 4, 3, seed=1), None)


@pytest.mark.parametrize("kind", KINDS)
def test_flattening_changes_nothing(kind: str) -> None:
    _, ours = pair(kind, **DEEP)
    before = {name: (parameter, parameter.clone()) for name, parameter in ours.named_parameters()}
    assert ours.flatten_parameters() is None
    for name, parameter in ours.named_parameters():
        assert parameter is before[name][0] and torch.equal(parameter, before[name][1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_that_is_set_anew_is_used(kind: str) -> None:
    theirs, ours = pair(kind, **DEEP)
    for module in (theirs, ours):
        module.weight_hh_l1 = torch.nn.Parameter(0.2 * numbers(*module.weight_hh_l1.shape, seed=77))
        module.weight_ih_l0_reverse.data = 0.2 * numbers(*module.weight_ih_l0_reverse.shape, seed=78)
    assert_same(theirs, ours, numbers(7, 4, 3, seed=1), None)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_two_modules_share(kind: str) -> None:
    def shared(module: Any) -> torch.nn.ModuleList:
        second = copy.deepcopy(module)
        second.weight_hh_l0 = module.weight_hh_l0
        return torch.nn.ModuleList([module, second])

    def run(modules: Any, x: Any, hx: Any) -> Any:
        return (*flat(modules[0](x)), *flat(modules[1](x.flip(0))))

    theirs, ours = (shared(module) for module in pair(kind))
    assert_same(theirs, ours, numbers(7, 4, 3, seed=1), None, run)


@pytest.mark.parametrize("kind", KINDS)
def test_weight_norm(kind: str) -> None:
    theirs, ours = (parametrizations.weight_norm(module, "weight_hh_l0") for module in pair(kind))
    assert isinstance(ours, getattr(nn, kind.split()[0]))
    assert_same(theirs, ours, numbers(7, 4, 3, seed=1), None)


def test_a_parametrisation_is_computed_once_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ENGINE", OURS)
    counted = []

    class Counting(torch.nn.Module):
        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            counted.append(None)
            return weight * 2

    theirs, ours = pair("GRU")
    for module in (theirs, ours):
        torch.nn.utils.parametrize.register_parametrization(module, "weight_ih_l0", Counting())
    x = numbers(7, 4, 3, seed=1)
    expected = theirs(x)[0]
    counted.clear()
    assert_near(ours(x)[0], expected)
    assert len(counted) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_steps_of_training_are_torchs(kind: str) -> None:
    """The changed import trains to the same numbers: weights, dropout and data from the same seed."""
    losses = []
    for space in (torch.nn, nn):
        torch.manual_seed(1)
        layer = made(space, kind, num_layers=2, dropout=0.3, dtype=torch.float64)
        model = torch.nn.ModuleList([layer, space.Linear(5, 2).double()])
        optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
        losses.append([])
        for _ in range(5):
            x = torch.randn(6, 3, 3, dtype=torch.float64)
            loss = (model[1](layer(x)[0]) - x[..., :2]).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses[-1].append(loss.detach())
    assert_near(torch.stack(losses[1]), torch.stack(losses[0]))
    assert losses[0][-1] != losses[0][0]
