"""Packed sequences and ``lengths=``, against torch's modules on packs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence, pad_packed_sequence

from tests.cells.forms import assert_near, assert_same_bits, numbers, weighted
from tests.nn.pairs import DEEP, ENGINES, KINDS, assert_same, flat, initial, pair
from throughtime import nn
from throughtime.errors import UsageError

LENGTHS = {
    "any order": [3, 7, 1, 5, 7],
    "sorted": [7, 5, 5, 3, 1],
    "equal": [7] * 5,
    "equal and short": [4] * 5,
    "one row": [6],
    "length one": [1, 1, 1],
}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("THROUGHTIME_ENGINE", request.param)
    return request.param


@pytest.mark.parametrize("given", [False, True], ids=["no state", "state"])
@pytest.mark.parametrize("which", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_pack_gives_a_pack(kind: str, which: str, given: bool, engine: str) -> None:
    theirs, ours = pair(kind, batch_first=True, **DEEP)  # batch_first says nothing about packs
    lengths = LENGTHS[which]

    def run(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
        output, state = module(pack_padded_sequence(x, lengths, enforce_sorted=False), hx)
        assert isinstance(output, PackedSequence)
        return flat((pad_packed_sequence(output)[0], state))

    assert_same(
        theirs, ours, numbers(7, len(lengths), 3, seed=1), initial(theirs, len(lengths)) if given else None, run
    )


@pytest.mark.parametrize("sort", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_pack_keeps_its_order(kind: str, sort: bool) -> None:
    theirs, ours = pair(kind, **DEEP)
    lengths = LENGTHS["sorted" if sort else "any order"]
    packed = pack_padded_sequence(numbers(7, 5, 3, seed=1), lengths, enforce_sorted=sort)
    expected, found = theirs(packed)[0], ours(packed)[0]
    assert_near(found.data, expected.data)
    for name in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        here, there = getattr(found, name), getattr(expected, name)
        assert (here is None and there is None) or torch.equal(here, there), name


def test_packs_go_from_layer_to_layer() -> None:
    theirs = [pair("LSTM", bidirectional=True)[0], torch.nn.GRU(10, 4).double()]
    ours = [pair("LSTM", bidirectional=True)[1], nn.GRU(10, 4).double()]
    ours[1].load_state_dict(theirs[1].state_dict())
    packed = pack_sequence([numbers(n, 3, seed=n) for n in (6, 2, 5)], enforce_sorted=False)
    results = [second(first(packed)[0]) for first, second in (theirs, ours)]
    assert_near(results[1][0].data, results[0][0].data)
    assert_near(results[1][1], results[0][1])


@pytest.mark.parametrize("given", [False, True], ids=["no state", "state"])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_lengths_say_what_a_pack_says(kind: str, batch_first: bool, given: bool, engine: str) -> None:
    theirs, ours = pair(kind, batch_first=batch_first, **DEEP)
    lengths = torch.tensor(LENGTHS["any order"])
    valid = (torch.arange(7)[:, None] < lengths)[..., None]
    x = numbers(7, 5, 3, seed=1)
    x = x.transpose(0, 1) if batch_first else x

    def by_pack(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
        output, state = module(pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False), hx)
        return flat((pad_packed_sequence(output, batch_first)[0], state))

    def by_lengths(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
        garbage = x.masked_fill(~(valid.transpose(0, 1) if batch_first else valid), torch.nan)
        return flat(module(garbage, hx, lengths=lengths))

    assert_same(theirs, ours, x, initial(theirs, 5) if given else None, by_lengths, by_pack)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_steps_keeps_its_state(kind: str, engine: str) -> None:
    _, ours = pair(kind, **DEEP)
    hx = initial(ours, 4)
    states = [part.requires_grad_() for part in (hx if isinstance(hx, tuple) else (hx,))]
    output, *after = flat(ours(numbers(7, 4, 3, seed=1), hx, lengths=torch.tensor([3, 0, 7, 0])))
    assert not output[:, 1].any() and not output[3:, 0].any() and output[:3, 0].any()
    weighted(*after).backward()
    for index, (found, state) in enumerate(zip(after, states, strict=True)):
        assert_same_bits(found[:, [1, 3]], state[:, [1, 3]])
        assert_same_bits(state.grad[:, [1, 3]], numbers(*state.shape, seed=50 + index)[:, [1, 3]])


@pytest.mark.parametrize("kind", KINDS)
def test_lengths_to_the_end_are_none(kind: str) -> None:
    _, ours = pair(kind, **DEEP)
    x = numbers(7, 4, 3, seed=1)
    for found, expected in zip(flat(ours(x, lengths=torch.full((4,), 7))), flat(ours(x)), strict=True):
        assert_near(found, expected)
    short, *_ = flat(ours(x, lengths=torch.full((4,), 5, dtype=torch.int32)))
    assert_near(short[:5], ours(x[:5])[0])


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (torch.tensor([4, 7, 1]), "one whole number for each of the 4 rows"),
        (torch.tensor([4, 7, 1, 8]), "between 1 and 8; x has 7 steps"),
        (torch.tensor([4, -1, 1, 7]), "between -1 and 7"),
        (torch.tensor([4.0, 7.0, 1.0, 2.0]), "type torch.float32"),
        ([4, 7, 1, 2], r"lengths is a list; give a tensor: torch.tensor\(lengths\)"),
    ],
)
def test_lengths_that_cannot_be(lengths: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        nn.GRU(3, 5)(torch.randn(7, 4, 3), lengths=lengths)


def test_lengths_where_they_have_no_place() -> None:
    with pytest.raises(UsageError, match="a PackedSequence knows its lengths"):
        nn.GRU(3, 5)(pack_sequence([torch.randn(4, 3)]), lengths=torch.tensor([4]))
    with pytest.raises(UsageError, match="this input is one sequence"):
        nn.GRU(3, 5)(torch.randn(7, 3), lengths=torch.tensor([4]))


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_packs_are_refused_as_by_torch(kind: str) -> None:
    theirs, ours = pair(kind, torch.float32)
    packed = pack_sequence([torch.randn(4, 2), torch.randn(2, 2)])
    deep = PackedSequence(torch.randn(6, 1, 3), torch.tensor([2, 2, 1, 1]))
    good = pack_sequence([torch.randn(4, 3), torch.randn(2, 3)])
    for given, hx in (
        (packed, None),
        (deep, None),
        (good, initial(ours, 3, dtype=torch.float32)),
        (good.to(torch.float64), None),
    ):
        with pytest.raises((RuntimeError, ValueError)) as expected:
            theirs(given, hx)
        with pytest.raises((RuntimeError, ValueError)) as found:
            ours(given, hx)
        same = (found.type, str(found.value)) == (expected.type, str(expected.value))
        assert same or kind == "LSTM"  # torch's LSTM does not check packs: its products fail
