"""RNN, LSTM and GRU give what torch's give: outputs, states and every gradient, in float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.cells.forms import NATIVE, assert_near, assert_same_bits, needs_the_engine, numbers
from tests.nn.pairs import DEEP, ENGINES, KINDS, assert_same, flat, initial, made, pair
from throughtime import nn
from throughtime.cells.recurrent import Recurrent

OPTIONS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"batch_first": True},
    {"num_layers": 3},
    DEEP,
    {**DEEP, "bias": False, "batch_first": True},
]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("THROUGHTIME_ENGINE", request.param)
    return request.param


@pytest.mark.parametrize("given", [False, True], ids=["no state", "state"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_a_batch(kind: str, options: dict[str, Any], given: bool, engine: str) -> None:
    theirs, ours = pair(kind, **options)
    shape = (4, 7, 3) if options.get("batch_first") else (7, 4, 3)
    assert_same(theirs, ours, numbers(*shape, seed=1), initial(theirs, 4) if given else None)


@pytest.mark.parametrize("given", [False, True], ids=["no state", "state"])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_one_sequence_without_a_batch(kind: str, batch_first: bool, given: bool, engine: str) -> None:
    theirs, ours = pair(kind, batch_first=batch_first, **DEEP)
    assert_same(theirs, ours, numbers(7, 3, seed=1), initial(theirs) if given else None)


@pytest.mark.parametrize("shape", [(1, 4, 3), (7, 1, 3), (1, 1, 3)], ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_length_one_and_batch_one(kind: str, batch_first: bool, shape: tuple[int, ...]) -> None:
    theirs, ours = pair(kind, batch_first=batch_first, **DEEP)
    assert_same(theirs, ours, numbers(*shape, seed=1), initial(theirs, shape[0 if batch_first else 1]))


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_batch(kind: str) -> None:
    theirs, ours = pair(kind, **DEEP)
    x = torch.empty(7, 0, 3, dtype=torch.float64)
    for found, expected in zip(flat(ours(x)), flat(theirs(x)), strict=True):
        assert found.shape == expected.shape


VIEWS = {
    "transposed": lambda x: x.transpose(0, 1).contiguous().transpose(0, 1),
    "every other step": lambda x: x.repeat_interleave(2, 0)[::2],
    "features apart": lambda x: x.permute(2, 0, 1).contiguous().permute(1, 2, 0),
    "one step expanded": lambda x: x[:1].expand_as(x),
    "one row expanded": lambda x: x[:, :1].expand_as(x),
    "a part of more": lambda x: torch.cat([x, x], 2)[:, 1:, 1:4],
}


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_input_and_state_in_any_order_of_memory(kind: str, view: str, batch_first: bool) -> None:
    theirs, ours = pair(kind, batch_first=batch_first, **DEEP)

    def run(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
        seen = VIEWS[view](x)
        parts = hx if isinstance(hx, tuple) else (hx,)
        batch = seen.shape[0 if batch_first else 1]
        state = tuple(part.transpose(0, 2).contiguous().transpose(0, 2)[:, :batch] for part in parts)
        return flat(module(seen, state if isinstance(hx, tuple) else state[0]))

    assert_same(theirs, ours, numbers(7, 7, 3, seed=1), initial(theirs, 7), run)


@pytest.mark.parametrize("kind", KINDS)
def test_both_layouts_are_the_same(kind: str) -> None:
    _, ours = pair(kind, **DEEP)
    x, state = numbers(7, 4, 3, seed=1), initial(ours, 4)
    output, *after = flat(ours(x, state))
    ours.batch_first = True
    again, *after_again = flat(ours(x.transpose(0, 1), state))
    assert_same_bits(again.transpose(0, 1), output)
    for found, expected in zip(after_again, after, strict=True):
        assert_same_bits(found, expected)


@pytest.mark.skipif(not NATIVE, reason="torch's functions choose their own order")
def test_both_directions_are_joined_in_the_order_of_x() -> None:
    layer = Recurrent("gru", 3, 5, num_layers=2, bidirectional=True)
    x = torch.randn(7, 4, 3)
    output, _ = layer(x.transpose(0, 1))
    assert output.transpose(0, 1).is_contiguous()
    again, _ = layer(x.transpose(0, 1).contiguous())
    assert again.is_contiguous()
    assert_near(output, again)


def test_a_list_of_states() -> None:
    theirs, ours = pair("LSTM", **DEEP)
    x, state = numbers(7, 4, 3, seed=1), list(initial(ours, 4))
    assert_near(ours(x, state)[1][1], theirs(x, state)[1][1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_output_can_be_viewed_flat(kind: str) -> None:
    """Programs say ``output.view(-1, hidden_size)``."""
    _, ours = pair(kind, **DEEP)
    assert ours(numbers(7, 4, 3, seed=1))[0].is_contiguous()
    lengths = torch.tensor([4, 7, 1, 2])
    assert ours(numbers(7, 4, 3, seed=1), lengths=lengths)[0].is_contiguous()


@pytest.mark.parametrize("kind", KINDS)
def test_windows_that_go_on_from_one_another(kind: str) -> None:
    def run(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
        first, state = module(x[:3], hx)
        second, state = module(x[3:], state)
        return flat((torch.cat([first, second]), state))

    theirs, ours = pair(kind, num_layers=2)
    assert_same(theirs, ours, numbers(7, 4, 3, seed=1), initial(theirs, 4), run)


@pytest.mark.parametrize("frozen", [("weight_hh_l0",), ("bias_ih_l0", "weight_ih_l1_reverse"), ("weight", "bias")])
@pytest.mark.parametrize("kind", KINDS)
def test_frozen_parameters_have_no_gradient(kind: str, frozen: tuple[str, ...]) -> None:
    theirs, ours = pair(kind, **DEEP)
    for module in (theirs, ours):
        for name, parameter in module.named_parameters():
            parameter.requires_grad_(not name.startswith(frozen))
    assert_same(theirs, ours, numbers(7, 4, 3, seed=1), initial(theirs, 4))


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_without_gradient(kind: str) -> None:
    theirs, ours = pair(kind, **DEEP)
    x = numbers(7, 4, 3, seed=1)
    for module in (theirs, ours):
        module(x)[0].square().sum().backward()
    for name, parameter in ours.named_parameters():
        assert_near(parameter.grad, getattr(theirs, name).grad, name)
    with torch.no_grad():
        assert not ours(x)[0].requires_grad
    assert not ours.requires_grad_(False)(x)[0].requires_grad


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradients_of_the_two_biases(kind: str) -> None:
    """They are one for all sums but the n gate of the GRU, where the second is inside the reset."""
    _, ours = pair(kind)
    ours(numbers(7, 4, 3, seed=1))[0].square().sum().backward()
    first, second = ours.bias_ih_l0.grad, ours.bias_hh_l0.grad
    same = 10 if kind == "GRU" else len(first)
    assert_near(first[:same], second[:same])
    assert first.abs().min() > 1e-6
    assert kind != "GRU" or (first[same:] - second[same:]).abs().min() > 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_float32(kind: str) -> None:
    theirs, ours = pair(kind, torch.float32, **DEEP)
    x = numbers(7, 4, 3, seed=1, dtype=torch.float32)
    for found, expected in zip(flat(ours(x)), flat(theirs(x)), strict=True):
        assert found.dtype == torch.float32
        assert_near(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_torchs_own(kind: str) -> None:
    theirs, ours = pair(kind, torch.bfloat16, **DEEP)
    x = numbers(7, 4, 3, seed=1, dtype=torch.bfloat16)
    for found, expected in zip(flat(ours(x)), flat(theirs(x)), strict=True):
        assert_same_bits(found, expected)
    output, _ = ours(x, lengths=torch.tensor([4, 7, 0, 2]))
    assert output.dtype == torch.bfloat16 and not output[4:, 0].any()


@needs_the_engine
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_torch_has_no_part_in_it(kind: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = made(nn, kind, dtype=dtype)
    for name in ("RNN", "LSTM", "GRU"):
        monkeypatch.setattr(getattr(torch.nn, name), "forward", lambda *_: pytest.fail("torch's forward ran"))
    for name in ("rnn_tanh", "rnn_relu", "lstm", "gru"):
        monkeypatch.setattr(torch, name, lambda *_: pytest.fail("torch's function ran"))
    x = torch.randn(7, 4, 3, dtype=dtype)
    ours(x)[0].sum().backward()
    ours(x, lengths=torch.tensor([4, 7, 0, 2]))
    ours(torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor([7, 4, 2, 1])))


def test_the_engine_can_be_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ENGINE", "torch")
    theirs, ours = pair("GRU", **DEEP)
    x = numbers(7, 4, 3, seed=1)
    assert_same_bits(ours(x)[0], theirs(x)[0])
