"""Inside torch.compile and torch.export: whole graphs, the same numbers and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

from tests.cells.forms import assert_near, assert_same_bits, needs_the_engine, numbers
from tests.nn.pairs import DEEP, KINDS, assert_same, fill, flat, pair
from throughtime import nn

pytestmark = needs_the_engine

LENGTHS = torch.tensor([4, 7, 0, 2])
NAMES = ["RNN", "LSTM", "GRU", "LSTMPeephole", "Layer"]


def module_of(name: str, dtype: torch.dtype = torch.float64, **options: Any) -> Any:
    if name in KINDS:
        return pair(name, dtype, **options)[1]
    cell = ("gru:activation=relu,bias=no",) if name == "Layer" else ()
    return fill(getattr(nn, name)(*cell, 3, 5, dtype=dtype, **options))


def compiled(module: Any, **options: Any) -> Any:
    torch._dynamo.reset()
    return torch.compile(module, backend="aot_eager", **{"fullgraph": True, **options})


def state_of(module: Any, *batch: int, dtype: torch.dtype = torch.float64) -> Any:
    rows, states = module.num_layers * (2 if module.bidirectional else 1), 2 if "LSTM" in type(module).__name__ else 1
    made = tuple(numbers(rows, *batch, 5, seed=9 + k, dtype=dtype) for k in range(states))
    return made if states > 1 else made[0]


@pytest.mark.parametrize(
    ("batch_first", "given", "lengths"),
    [(False, False, None), (True, True, None), (False, True, LENGTHS), (True, False, LENGTHS)],
    ids=["time first", "batch first, state", "time first, state, lengths", "batch first, lengths"],
)
@pytest.mark.parametrize("name", NAMES)
def test_one_graph(name: str, batch_first: bool, given: bool, lengths: Tensor | None) -> None:
    module = module_of(name, batch_first=batch_first, **DEEP)

    def run(call: Any, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
        return flat(call(x, hx, lengths=lengths))

    x = numbers(*((4, 7, 3) if batch_first else (7, 4, 3)), seed=1)
    hx = state_of(module, 4) if given else None
    assert_same(module, module, x, hx, lambda _, x, hx: run(compiled(module), x, hx), run)


@pytest.mark.parametrize("name", ["LSTM", "Layer"])
def test_one_sequence_without_a_batch(name: str) -> None:
    module = module_of(name, **DEEP)
    x, hx = numbers(7, 3, seed=1), state_of(module)
    for found, expected in zip(flat(compiled(module)(x, hx)), flat(module(x, hx)), strict=True):
        assert_near(found, expected)


def test_other_sizes_and_another_module() -> None:
    """What is compiled for one is not taken for the other; sizes may be unknown."""
    for dynamic in (None, True):
        torch._dynamo.reset()
        for sizes, shape in (((3, 5), (7, 4, 3)), ((3, 5), (9, 2, 3)), ((2, 6), (7, 4, 2))):
            module, x = nn.GRU(*sizes, num_layers=2), torch.randn(*shape)
            again = torch.compile(module, backend="aot_eager", fullgraph=True, dynamic=dynamic)
            assert_near(again(x)[0], module(x)[0])


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", ["GRU", "Layer"])
def test_dropout_between_layers(name: str, batch_first: bool) -> None:
    module = module_of(name, num_layers=3, dropout=0.4, batch_first=batch_first)
    x, again = numbers(7, 7, 3, seed=1), compiled(module)
    results = []
    for call in (again, module):
        torch.manual_seed(17)
        results.append([call(x)[0], call(x)[0]])
    for found, expected in zip(*results, strict=True):
        assert_near(found, expected)
    assert (results[0][0] - results[0][1]).abs().max() > 0.01
    module.dropout = 1.0
    assert_near(again(x)[0], module(x)[0])
    module.eval()
    assert_near(again(x)[0], module(x)[0])


@pytest.mark.parametrize("name", ["LSTM", "LSTMPeephole"])
def test_autocast(name: str) -> None:
    module, x = module_of(name, torch.float32, **DEEP), numbers(7, 4, 3, seed=1, dtype=torch.float32)

    def run(x: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast("cpu", torch.bfloat16):
            return flat(module(x))

    for found, expected in zip(compiled(run)(x), run(x), strict=True):
        assert found.dtype == torch.bfloat16
        assert_same_bits(found, expected)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("LSTM", "pack"),
        ("LSTMPeephole", "pack"),
        ("LSTM", "half precision"),
        ("LSTM", "half precision, lengths"),
        ("lstm", "half precision, lengths"),
    ],
)
@pytest.mark.filterwarnings("ignore:Dynamo")
def test_what_breaks_the_graph_computes_the_same(name: str, how: str) -> None:
    dtype = torch.float64 if how == "pack" else torch.bfloat16
    module: Any = fill(nn.Layer("lstm", 3, 5, dtype=dtype)) if name == "lstm" else module_of(name, dtype)
    x: Any = numbers(7, 4, 3, seed=1, dtype=dtype)
    x = pack_padded_sequence(x, [7, 4, 2, 1]) if how == "pack" else x
    lengths = LENGTHS if "lengths" in how else None
    found = flat(compiled(module, fullgraph=False)(x, lengths=lengths))
    for ours, expected in zip(found, flat(module(x, lengths=lengths)), strict=True):
        assert_same_bits(ours, expected)


def test_lengths_that_do_not_fit() -> None:
    again = compiled(nn.GRU(3, 5))
    with pytest.raises(Exception, match="lengths .4, 8, 0, 2. do not fit x"):
        again(torch.randn(7, 4, 3), lengths=torch.tensor([4, 8, 0, 2]))


@pytest.mark.parametrize("strict", [False, True], ids=["not strict", "strict"])
@pytest.mark.parametrize(("name", "batch_first"), [("LSTM", False), ("GRU", True), ("LSTMPeephole", False)])
def test_exported_with_free_sizes(name: str, batch_first: bool, strict: bool) -> None:
    module = module_of(name, torch.float32, batch_first=batch_first, **DEEP).eval()
    batch, time = torch.export.Dim("batch", min=1, max=64), torch.export.Dim("time", min=2, max=64)
    axes = {0: batch, 1: time} if batch_first else {0: time, 1: batch}

    def laid(batch: int, time: int) -> Tensor:
        return torch.randn(*((batch, time) if batch_first else (time, batch)), 3)

    hx = state_of(module, 4, dtype=torch.float32)
    of_hx = tuple({1: batch} for _ in hx) if isinstance(hx, tuple) else {1: batch}
    other = state_of(module, 5, dtype=torch.float32)
    for lengths, longer in ((None, None), (LENGTHS, torch.tensor([9, 1, 0, 4, 5]))):
        shapes = {"input": axes, "hx": of_hx, "lengths": None if lengths is None else {0: batch}}
        program = torch.export.export(module, (laid(4, 7), hx, lengths), dynamic_shapes=shapes, strict=strict)
        x = laid(5, 9)
        for found, expected in zip(
            flat(program.module()(x, other, longer)), flat(module(x, other, longer)), strict=True
        ):
            assert_near(found, expected)


@pytest.mark.filterwarnings("ignore:The tensor attributes")
def test_exported_in_half_precision_by_torchs_functions() -> None:
    module, x = module_of("LSTM", torch.bfloat16), numbers(7, 4, 3, seed=1, dtype=torch.bfloat16)
    program = torch.export.export(module, (x,), strict=False)
    assert_near(program.module()(x)[0], module(x)[0])
