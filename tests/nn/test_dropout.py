"""Dropout between layers falls on the same elements as torch's for the same seed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

from tests.cells.forms import assert_near, assert_same_bits, numbers
from tests.nn.pairs import KINDS, assert_same, flat, pair

STACKED = {"num_layers": 3, "bidirectional": True, "dropout": 0.4}


def by_tensor(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
    torch.manual_seed(17)
    return flat(module(x))


def by_pack(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
    torch.manual_seed(17)
    return flat(module(pack_padded_sequence(x, [3, 7, 1, 5], enforce_sorted=False)))


@pytest.mark.parametrize("run", [by_tensor, by_pack])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_drops_what_torch_drops(kind: str, batch_first: bool, run: Any) -> None:
    theirs, ours = pair(kind, batch_first=batch_first, **STACKED)
    assert_same(theirs, ours, numbers(7, 4, 3, seed=1), None, run)


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_lies_between_may_be_dropped(kind: str) -> None:
    theirs, ours = pair(kind, **{**STACKED, "dropout": 1.0})
    assert_same(theirs, ours, numbers(7, 4, 3, seed=1), None)


@pytest.mark.parametrize("kind", KINDS)
def test_training_and_evaluation(kind: str) -> None:
    _, ours = pair(kind, **STACKED)
    x = numbers(7, 4, 3, seed=1)
    torch.manual_seed(3)
    first, second = ours(x)[0], ours(x)[0]
    torch.manual_seed(3)
    assert_same_bits(ours(x)[0], first)
    assert (first - second).abs().max() > 0.01
    before = torch.get_rng_state()
    evaluated = ours.eval()(x)[0]
    assert_same_bits(ours(x)[0], evaluated)
    ours.dropout = 0.0
    assert_same_bits(ours.train()(x)[0], evaluated)
    assert torch.equal(torch.get_rng_state(), before)


def test_lengths_with_dropout() -> None:
    _, ours = pair("LSTM", **STACKED)
    x, lengths = numbers(7, 4, 3, seed=1), torch.tensor([3, 0, 7, 1])
    torch.manual_seed(3)
    whole = ours(x)[0]
    torch.manual_seed(3)
    output = ours(x, lengths=lengths)[0]
    assert not output[3:, 0].any() and not output[:, 1].any()
    assert_near(output[:, 2], whole[:, 2])
