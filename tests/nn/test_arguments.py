"""What a module is made with and called with: torch's arguments, weights, messages and words about itself."""

from __future__ import annotations

import warnings
from itertools import chain
from typing import Any

import pytest
import torch

from tests.nn.pairs import DEEP, KINDS, OURS, initial, made, pair
from throughtime import nn
from throughtime.errors import UsageError

ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((3, 5), {}),
    ((3, 5, 2), {"dropout": 0.25, "bidirectional": True}),
    ((3, 5), {"bias": False, "batch_first": True}),
    ((3, 5), {"dtype": torch.float64, "device": "cpu"}),
    ((3, 5, 3), {"device": "meta"}),
]


@pytest.mark.parametrize(("sizes", "options"), ARGUMENTS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_torchs_weights(kind: str, sizes: tuple[int, ...], options: dict[str, Any]) -> None:
    found = []
    for space in (torch.nn, nn):
        torch.manual_seed(5)
        module = made(space, kind, *sizes, **options)
        found.append((module, torch.get_rng_state()))
    (theirs, after), (ours, ours_after) = found
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert torch.equal(ours_after, after)
    for expected, parameter in zip(theirs.parameters(), ours.parameters(), strict=True):
        assert (parameter.shape, parameter.dtype, parameter.device) == (expected.shape, expected.dtype, expected.device)
        assert expected.is_meta or torch.equal(parameter, expected)
    assert [len(row) for row in ours.all_weights] == [len(row) for row in theirs.all_weights]
    for weight, parameter in zip(chain(*ours.all_weights), ours.parameters(), strict=True):
        assert weight is parameter


def test_arguments_by_position() -> None:
    assert repr(nn.LSTM(3, 5, 2, False, True, 0.5, True)) == repr(torch.nn.LSTM(3, 5, 2, False, True, 0.5, True))
    assert repr(nn.GRU(3, 5, 2, False, True, 0.5, True)) == repr(torch.nn.GRU(3, 5, 2, False, True, 0.5, True))
    ours = nn.RNN(3, 5, 2, "relu", False, True, 0.5, True)
    assert repr(ours) == repr(torch.nn.RNN(3, 5, 2, "relu", False, True, 0.5, True))
    assert ours.nonlinearity == "relu" and ours.mode == "RNN_RELU"


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_drawn_anew_as_torch_draws_them(kind: str) -> None:
    theirs, ours = pair(kind, **DEEP)
    for module in (theirs, ours):
        torch.manual_seed(11)
        module.reset_parameters()
    for name, parameter in ours.named_parameters():
        assert torch.equal(parameter, getattr(theirs, name))
        assert 0 < float(parameter.detach().abs().max()) <= 5**-0.5


@pytest.mark.parametrize(
    "options",
    [
        {"hidden_size": 0},
        {"hidden_size": -1},
        {"hidden_size": 2.5},
        {"input_size": 0},
        {"input_size": 2.5},
        {"num_layers": 0},
        {"dropout": 1.2},
        {"dropout": -0.1},
        {"dropout": "half"},
        {"dropout": True},
        {"bias": 1},
        {"batch_first": 1},
        {"colour": "red"},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
def test_arguments_that_torch_refuses(kind: str, options: dict[str, Any]) -> None:
    arguments = {"input_size": 3, "hidden_size": 5, **options, **KINDS[kind]}
    errors = []
    for space in (torch.nn, nn):
        with pytest.raises((TypeError, ValueError)) as error:
            getattr(space, kind.split()[0])(**arguments)
        errors.append((error.type, str(error.value)))
    assert errors[0] == errors[1]


def test_an_unknown_nonlinearity() -> None:
    with pytest.raises(ValueError, match="Unknown nonlinearity 'sine'. Select from 'tanh' or 'relu'"):
        nn.RNN(3, 5, nonlinearity="sine")


def test_projections_are_refused() -> None:
    with pytest.raises(UsageError, match="proj_size 2: no cell here projects its state; use torch.nn.LSTM"):
        nn.LSTM(3, 5, proj_size=2)
    for wrong in (-1, 5):
        with pytest.raises(ValueError, match="proj_size"):
            nn.LSTM(3, 5, proj_size=wrong)
    for kind in (nn.GRU, nn.RNN):
        with pytest.raises(ValueError, match="proj_size argument is only supported for LSTM"):
            kind(3, 5, proj_size=2)
    assert nn.LSTM(3, 5, proj_size=0).proj_size == 0


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "MGU"])
def test_dropout_with_one_layer_warns(name: str) -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        getattr(nn, name)(3, 5, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(nn, name)(3, 5, 2, dropout=0.5)
        getattr(nn, name)(3, 5)


def zeros(module: Any, *shape: int, **options: Any) -> Any:
    part = torch.zeros(*shape, **options)
    return (part, part) if module.mode == "LSTM" else part


CALLS: dict[str, Any] = {
    "one axis": lambda m: m(torch.randn(3)),
    "four axes": lambda m: m(torch.randn(7, 4, 3, 2)),
    "other features": lambda m: m(torch.randn(7, 4, 2)),
    "other features, no batch": lambda m: m(torch.randn(7, 2)),
    "other type": lambda m: m(torch.randn(7, 4, 3).double()),
    "whole numbers": lambda m: m(torch.ones(7, 4, 3, dtype=torch.long)),
    "no steps": lambda m: m(torch.randn(0, 4, 3)),
    "state of other layers": lambda m: m(torch.randn(7, 4, 3), zeros(m, 1, 4, 5)),
    "state of another batch": lambda m: m(torch.randn(7, 4, 3), zeros(m, 4, 3, 5)),
    "state of other units": lambda m: m(torch.randn(7, 4, 3), zeros(m, 4, 4, 4)),
    "state without a batch": lambda m: m(torch.randn(7, 4, 3), zeros(m, 4, 5)),
    "state with a batch": lambda m: m(torch.randn(7, 3), zeros(m, 4, 1, 5)),
    "state of other layers, no batch": lambda m: m(torch.randn(7, 3), zeros(m, 3, 5)),
    "state elsewhere": lambda m: m(torch.randn(7, 4, 3), zeros(m, 4, 4, 5, device="meta")),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_inputs_that_torch_refuses(kind: str, call: str) -> None:
    errors = []
    for module in pair(kind, torch.float32, **DEEP):
        with pytest.raises((RuntimeError, ValueError)) as error:
            CALLS[call](module)
        errors.append((error.type, str(error.value).replace("4D tensor", "4D").replace("1D tensor", "1D")))
    assert errors[0] == errors[1]


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_that_torch_refuses_in_the_words_of_its_functions(kind: str) -> None:
    _, ours = pair(kind, torch.float32, **DEEP)
    x = torch.randn(7, 4, 3)
    with pytest.raises(RuntimeError, match="hidden tensors are not the same dtype"):
        ours(x, initial(ours, 4, dtype=torch.float64))
    with pytest.raises(RuntimeError, match=f"{kind.split()[0]}: Expected the initial state to be"):
        ours(x, torch.zeros(4, 4, 5) if kind == "LSTM" else (torch.zeros(4, 4, 5),) * 2)
    with pytest.raises(RuntimeError, match="Expected hidden\\[1\\] size" if kind == "LSTM" else "Expected hidden size"):
        ours(x, (torch.zeros(4, 4, 5), torch.zeros(4, 4, 4)) if kind == "LSTM" else torch.zeros(4, 4, 4))
    with pytest.raises(RuntimeError, match="parameter tensors are not at the same device"):
        made(nn, kind, device="meta")(x)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_do_not_fit(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine reads memory as the sizes say; a weight of another shape, type or place must not reach it."""
    monkeypatch.setenv("THROUGHTIME_ENGINE", OURS)
    x = torch.randn(7, 4, 3)
    for name, change, message in (
        ("weight_hh_l0", lambda w: w[:, :4], r"weight_hh_l0 has shape \(\d+, 4\); this layer needs \(\d+, 5\)"),
        ("weight_ih_l1_reverse", lambda w: w[:-1], "weight_ih_l1_reverse has shape"),
        ("weight_hh_l1", torch.Tensor.double, "parameter tensors are not the same dtype"),
        ("weight_hh_l0", lambda w: w.to("meta"), "parameter tensors are not at the same device"),
    ):
        module = made(nn, kind, num_layers=2, bidirectional=True)
        setattr(module, name, torch.nn.Parameter(change(getattr(module, name).detach())))
        with pytest.raises(RuntimeError, match=message):
            module(x)
