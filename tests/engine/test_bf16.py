"""Products of bfloat16: the engine against the plain reference of it, both against float64 and torch's autocast."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.cells.forms import needs_the_engine, numbers
from tests.engine.drawn import drawn, outcome, threads
from throughtime.cells import form
from throughtime.cells.engine import Result, Work, choose, native, reference
from throughtime.cells.engine.native.library import _numbers, library
from throughtime.cells.engine.rounding import rounded, rounded_product
from throughtime.cells.equations.parameters import Sizes, stacks
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError

ROUNDING = 2.0**-9  # of a number to bfloat16, relative
CELLS = ("lstm", "gru", "gru_reset_before", "rnn", "lstm_peephole", "lstm_layernorm")


def isas_with_bf16() -> list[str]:
    engine = library()
    return [] if engine is None else [name for name, k in _numbers().items() if engine.tt_isa_has_bf16(k)]


ISAS = isas_with_bf16()
needs_bf16 = pytest.mark.skipif(not ISAS, reason="this machine has no products of bf16")


def work_of(cell: str, steps: int, batch: int, inputs: int, units: int, dtype: torch.dtype = torch.float32) -> Work:
    graph, sizes = form(cell), Sizes(inputs, units, units)
    weights = {
        stack.name: numbers(*stack.shape(sizes), seed=k, dtype=torch.float32).to(dtype) * units**-0.5
        for k, stack in enumerate(stacks(graph))
    }
    x = numbers(batch, steps, inputs, seed=8, dtype=torch.float32).to(dtype)
    state = tuple(numbers(batch, units, seed=9 + k, dtype=torch.float32).to(dtype) for k in range(len(graph.states)))
    return Work(graph, sizes, weights, x, None, state, bf16=True)


def gradients(run: Any, work: Work) -> dict[str, Tensor]:
    """Output and all gradients by name."""
    x, *state = (tensor.clone().requires_grad_() for tensor in (work.x, *work.state))
    weights = {name: tensor.clone().requires_grad_() for name, tensor in work.weights.items()}
    output = run(replace(work, x=x, state=tuple(state), weights=weights)).output
    (output * numbers(*output.shape, seed=7, dtype=torch.float32).to(x.dtype)).sum().backward()
    of_state = {f"d{name}": part.grad for name, part in zip(work.graph.states, state, strict=True)}
    return {"output": output.detach(), "dx": x.grad, **of_state, **{f"d{n}": w.grad for n, w in weights.items()}}


@torch.no_grad()
def error(found: Tensor, expected: Tensor) -> float:
    """In the norm, relative to the expected, or to a thousandth of 1 for each number."""
    if not expected.numel():
        return 0.0
    far, size = (found.double() - expected.double()).norm(), expected.double().norm()
    return float(far / (size + 1e-3 * expected.numel() ** 0.5))


def test_a_product_rounds_what_goes_in_and_nothing_else() -> None:
    x = numbers(3, 5, seed=1, dtype=torch.float32).requires_grad_()
    weight = numbers(4, 5, seed=2, dtype=torch.float32).requires_grad_()
    dy = numbers(3, 4, seed=3, dtype=torch.float32)
    exact = rounded(x).double() @ rounded(weight).double().t()
    for in_loop in (True, False):
        y = rounded_product(x, weight, in_loop)
        assert error(y, exact) < 1e-6 and error(y, x.double() @ weight.double().t()) > 1e-4
        dx, dw = torch.autograd.grad(y, (x, weight), dy)
        assert error(dw, dy.double().t() @ x.double()) < 1e-6
        gradient, map_ = (rounded(dy), rounded(weight)) if in_loop else (dy, weight)
        assert error(dx, gradient.double() @ map_.double()) < 1e-6


def test_rounding_is_to_the_nearest_ties_to_even() -> None:
    step = 2.0**-7
    given = torch.tensor([1 + 0.49 * step, 1 + 0.5 * step, 1 + 1.5 * step, -1 - 0.51 * step, torch.inf, torch.nan])
    expected = torch.tensor([1, 1, 1 + 2 * step, -1 - step, torch.inf, torch.nan])
    assert torch.equal(rounded(given).nan_to_num(), expected.nan_to_num())


@needs_bf16
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_equals_the_reference(cell: str, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes into the products is given, so that no number falls on the other side of a tie."""
    monkeypatch.setenv("THROUGHTIME_ISA", isa)
    for batch, inputs, units in ((1, 1, 1), (2, 3, 17), (13, 6, 33), (7, 65, 130)):
        work = work_of(cell, 1, batch, inputs, units)
        found, expected, plain = (
            gradients(run, one)
            for run, one in ((native.run, work), (reference.run, work), (reference.run, replace(work, bf16=False)))
        )
        assert error(plain["output"], expected["output"]) > 1e-4 or units == 1
        for name, value in expected.items():
            of_state = name[1:] in work.graph.states  # the gradients of the sums are computed, and then rounded
            bound = ROUNDING if of_state or cell == "gru_reset_before" else 1e-5
            assert error(found[name], value) < bound, (name, batch, inputs, units)


def check(seed: int) -> list[float]:
    """The errors of a configuration at random against the reference, each small.

    Where sums differ in their last bit a number may be rounded to the other side of a tie, which changes less than
    rounding all numbers does.
    """
    case = drawn(seed)
    if case.x.dtype != torch.float32 or case.layer.graph.cell == "shared":  # whose gradients are rounded as a sum
        return []
    case.layer.bf16 = True
    found, expected = outcome(case, "native"), outcome(case, "reference")
    errors = {name: error(found[name], value) for name, value in expected.items()}
    for name, far in errors.items():
        assert far < ROUNDING, f"configuration {seed}: {name} is off by {far:.1e}: {case}"
    return list(errors.values())


@needs_bf16
@pytest.mark.parametrize("first", range(0, 240, 30))
def test_it_equals_the_reference(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few numbers lie so near to a tie: most results differ only as float32 does."""
    errors = []
    for seed in range(first, first + 30):
        monkeypatch.setenv("THROUGHTIME_ISA", ISAS[seed % len(ISAS)])
        errors += check(seed)
    assert statistics.median(errors) < 1e-6


@needs_bf16
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("shape", [(20, 7, 33, 65), (50, 32, 64, 128), (30, 1, 20, 200), (35, 20, 128, 256)])
def test_the_error_is_at_most_that_of_autocast(shape: tuple[int, ...], count: int) -> None:
    steps, batch, inputs, units = shape
    exact = work_of("lstm", steps, batch, inputs, units, torch.float64)
    expected = gradients(reference.run, replace(exact, bf16=False))

    def by_torch(work: Work) -> Any:
        lstm, weights = torch.nn.LSTM(inputs, units, batch_first=True), work.weights
        names = {"weight_ih_l0": weights["weight_ih"], "weight_hh_l0": weights["weight_hh"]}
        names |= {"bias_ih_l0": weights["bias"], "bias_hh_l0": torch.zeros_like(weights["bias"])}
        with torch.autocast("cpu", torch.bfloat16):
            state = tuple(part[None] for part in work.state)
            output, _ = torch.func.functional_call(lstm, names, (work.x, state))
        return Result(output.float(), work.state)

    with threads(count):
        work = work_of("lstm", steps, batch, inputs, units)
        ours, theirs = gradients(native.run, work), gradients(by_torch, work)
    for name, value in expected.items():
        assert error(ours[name], value) < error(theirs[name], value), name


@needs_bf16
def test_a_step_is_a_call_with_one_step_and_pieces_are_the_whole() -> None:
    layer = Recurrent("lstm", 5, 19, num_layers=2, bf16=True).eval()
    x = numbers(3, 6, 5, seed=1, dtype=torch.float32)
    whole, _ = layer(x)
    stepped = None
    for t in range(6):
        y, stepped = layer.step(x[:, t], stepped)
        assert error(y, whole[:, t]) < 1e-6
    layer.bf16 = False
    assert error(layer.step(x[:, 0])[0], whole[:, 0]) > 1e-4  # and no longer what was made ready
    layer.bf16 = True
    found = []
    for every in (None, 2):
        layer.checkpoint_time = every
        layer.zero_grad()
        layer(x)[0].sum().backward()
        found.append([weight.grad for weight in layer.parameters()])
    assert all(error(a, b) < ROUNDING for a, b in zip(*found, strict=True))


@needs_bf16
def test_recording_and_second_derivatives_go_through_the_reference() -> None:
    layer, x = Recurrent("gru", 3, 7, bf16=True), numbers(2, 4, 3, seed=1, dtype=torch.float32).requires_grad_()
    output = layer(x)[0]
    assert layer.used_engine(x) == "native"
    assert error(layer.record(x, names=("h",))["l0.h"], output) < 1e-6
    (dx,) = torch.autograd.grad(output.sum(), x, create_graph=True)
    (again,) = torch.autograd.grad(dx.square().sum(), x)
    assert bool(again.isfinite().all()) and bool(again.any())


@needs_bf16
@pytest.mark.parametrize("isa", ISAS)
def test_what_is_not_finite_stays_so(isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ISA", isa)
    for value in (torch.nan, torch.inf, torch.tensor(0x7FFFFFFF, dtype=torch.int32).view(torch.float32)):
        work = work_of("rnn:activation=relu", 2, 3, 5, 7)
        work.x[1, 0, 4] = value
        assert not native.run(work).output[1].isfinite().all() and native.run(work).output[0].isfinite().all()
        work = work_of("rnn:activation=relu", 2, 3, 5, 7)
        work.weights["weight_hh"][2, 6] = value
        assert not native.run(work).output.isfinite().all()


@needs_the_engine
def test_it_is_refused_without_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ISA", "portable" if "portable" in _numbers() else next(iter(_numbers())))
    layer, x = Recurrent("gru", 3, 7, bf16=True), torch.randn(2, 4, 3)
    with pytest.raises(UsageError, match="bf16: it needs AVX-512 instructions, and the native engine runs with"):
        layer(x)
    with pytest.raises(UsageError, match="bf16: it needs AVX-512"):
        layer.step(x[:, 0])
    layer.engine = "reference"
    assert layer(x)[0].shape == (2, 4, 7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"graph": form("convlstm")}, "the cell convlstm is convolutional"),
        ({"x": torch.zeros(2, 1, 3).double()}, "sums and states are float32, and the input is torch.float64"),
        ({"x": torch.zeros(2, 1, 3, device="meta")}, "the native engine runs on the CPU"),
    ],
)
def test_it_is_refused_where_it_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"bf16: {message}"):
        choose(replace(work_of("gru", 1, 2, 3, 7), **changes), "auto")
    with pytest.raises(UsageError, match="bf16: torch's layers have no such products"):
        choose(work_of("gru", 1, 2, 3, 7), "torch")
