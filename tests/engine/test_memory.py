"""Memory: what is reused, what is kept for the way back, what may be read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
import torch

from tests.cells.forms import NATIVE, assert_near, assert_same_bits, inputs, layer, needs_the_engine, weighted
from throughtime.cells.engine.native.library import status
from throughtime.cells.engine.native.workspace import GRAIN, LARGE, Workspaces
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError


def test_a_block_comes_back_when_its_tensors_are_gone() -> None:
    workspaces = Workspaces()
    first = workspaces.empty(1, LARGE, torch.float32)
    address, view = first.data_ptr(), first[0, 5:]
    del first
    other = workspaces.empty(1, LARGE, torch.float32)
    assert other.data_ptr() != address, "a view of it is still there"
    del view
    again = workspaces.empty(2, LARGE // 2, torch.float32)
    assert again.data_ptr() == address and again.shape == (2, LARGE // 2)


def test_no_more_waits_than_was_in_use_at_one_time() -> None:
    workspaces = Workspaces()
    for size in range(1, 40):
        kept = workspaces.empty(size, GRAIN, torch.uint8)
        del kept
    assert sum(map(len, workspaces._free)) <= 39 * GRAIN


@pytest.mark.skipif("THROUGHTIME_ENGINE_FILE" in os.environ, reason="another engine is asked for")
def test_the_engine_is_built_where_there_is_a_compiler() -> None:
    """Without it most tests of this folder are left out; where it could be built that is no pass."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    assert NATIVE or compiler is None, f"{compiler} is here, and the engine is not: {status()}"


@needs_the_engine
def test_weights_and_states_of_other_shapes_are_refused() -> None:
    """The engine reads addresses: what does not fit must not come to it."""
    made = Recurrent("lstm", 3, 5, engine="native")
    x, weights = torch.randn(2, 4, 3), dict(made.named_parameters())
    for name in weights:
        wrong = weights | {name: torch.zeros(7, *weights[name].shape[1:])}
        with pytest.raises(ValueError, match=r"has shape \(7"):
            torch.func.functional_call(made, wrong, (x,))


@needs_the_engine
def test_nothing_is_read_that_was_not_written() -> None:
    """With memory full of NaN beforehand, in a process of its own, since that is decided when the engine is loaded."""
    code = "from tests.engine.test_law_one import check\nfor seed in range(20_000, 20_120): check(seed)"
    environment = {**os.environ, "THROUGHTIME_POISON": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=250)


@needs_the_engine
@pytest.mark.parametrize("every", [1, 3, 7, 20, 50])
def test_states_kept_now_and_then_change_nothing(every: int) -> None:
    lengths = torch.tensor([20, 0, 7, 13])
    outcomes = []
    for checkpoint_time in (None, every):
        made = layer("lstm_peephole", bidirectional=True, checkpoint_time=checkpoint_time)
        x = inputs(made, 4, 20).requires_grad_()
        output, state = made(x, lengths)
        weighted(output, *state).backward()
        outcomes.append([output, *state, x.grad, *(weight.grad for weight in made.parameters())])
    for found, expected in zip(*outcomes, strict=True):
        assert_near(found, expected)


@needs_the_engine
def test_states_kept_now_and_then_need_the_engine() -> None:
    made = layer("gru", checkpoint_time=5, engine="native")
    assert made(inputs(made, 2, 9))[0].requires_grad
    frames = layer("convlstm", checkpoint_time=5)
    with pytest.raises(UsageError, match="checkpoint_time needs the native engine: the cell convlstm is convolutional"):
        frames(inputs(frames, 2, 9))
    with torch.no_grad():
        frames(inputs(frames, 2, 3))
    with pytest.raises(UsageError, match="checkpoint_time 0"):
        Recurrent("gru", 3, 5, checkpoint_time=0)


@needs_the_engine
def test_gradients_too_small_for_float_do_no_harm_to_others() -> None:
    """The engine lets denormal numbers count as 0, inside itself only."""
    made = Recurrent("lstm", 3, 16, engine="native")
    x = torch.randn(2, 400, 3, requires_grad=True)
    made(x)[0][:, -1].sum().backward()
    assert x.grad is not None and bool(x.grad.isfinite().all())
    tiny = torch.full((100_000,), 1e-40)
    assert bool((tiny * 1 == tiny).all()) and float(tiny @ torch.ones(100_000)) > 0


@needs_the_engine
def test_the_same_call_twice_gives_the_same_bits() -> None:
    made = Recurrent("gru", 13, 70, num_layers=2, bidirectional=True, engine="native")
    x = torch.randn(9, 31, 13)
    outcomes = []
    for _ in range(2):
        made.zero_grad()
        leaf = x.clone().requires_grad_()
        weighted(made(leaf)[0]).backward()
        outcomes.append([leaf.grad, *(weight.grad.clone() for weight in made.parameters())])
    for first, second in zip(*outcomes, strict=True):
        assert_same_bits(first, second)


def test_without_the_engine_torch_and_the_reference_do_the_work(tmp_path: object) -> None:
    code = """
import torch
import throughtime as tt
from throughtime.api.doctor import examine
from throughtime.errors import UsageError
found = examine()
assert found["native engine"].startswith("not built"), found
assert not any("native, error" in name for name in found)
x = torch.zeros(2, 4, 3)
assert tt.Recurrent("lstm", 3, 5).used_engine(x) == "torch"
assert tt.Recurrent("mgu", 3, 5).used_engine(x) == "reference"
tt.Recurrent("mgu", 3, 5).step(x[:, 0])
try:
    tt.Recurrent("mgu", 3, 5, engine="native")(x)
except UsageError as error:
    assert "engine native cannot run this: it was not built" in str(error), error
else:
    raise AssertionError("it ran")
"""
    environment = {**os.environ, "THROUGHTIME_ENGINE_FILE": f"{tmp_path}/none.so"}
    environment.pop("THROUGHTIME_ENGINE", None)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=120)
