"""Dynamo never goes into the engine's Python: in programs whose graph breaks above it, numbers are what they are."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from tests.cells.forms import needs_the_engine
from throughtime.cells.recurrent import Recurrent

set_eval_frame = torch._C._dynamo.eval_frame.set_eval_frame

pytestmark = needs_the_engine

PROGRAM = """
import torch
from throughtime.batch import Draw
from throughtime.cells.recurrent import Recurrent

layer = Recurrent("gru", 3, 5).double()
x = torch.randn(4, 7, 3, dtype=torch.float64)


def learn():
    layer.zero_grad()
    draw = Draw(1, 0, 0, torch.arange(4))  # of which the operators know nothing
    output, state = layer(x, None, None, draw)
    output.square().sum().backward()
    return [output, *state, *(weight.grad.clone() for weight in layer.parameters())]


for found, expected in zip(torch.compile(learn, backend="aot_eager")(), learn(), strict=True):
    assert torch.equal(found, expected)
"""


def test_a_graph_that_breaks_above_the_engine() -> None:
    """In a process of its own: what goes wrong here ends it."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, env=environment)
    assert run.returncode == 0, run.stderr[-3000:]


def test_the_engine_brings_no_dynamo() -> None:
    program = "import sys, throughtime.nn; assert 'torch._dynamo' not in sys.modules"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


def test_what_was_set_is_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Recurrent("gru", 3, 5, engine="native").eval()
    output = layer(torch.randn(2, 4, 3))[0]
    seen = []
    monkeypatch.setattr(torch.Tensor, "data_ptr", lambda _: seen.append(swapped(None)) or 1 / 0)
    for call in (
        lambda: layer(torch.randn(2, 4, 3)),
        lambda: layer.step(torch.randn(2, 3)),
        lambda: output.sum().backward(),
    ):
        before = set_eval_frame(False)  # which runs what is compiled already and compiles nothing
        try:
            with pytest.raises(ZeroDivisionError):
                call()
            assert swapped(False) is False
        finally:
            set_eval_frame(before)
    assert seen and all(callback is None for callback in seen)


def swapped(callback: object) -> object:
    """What is set, after which it is ``callback``."""
    return set_eval_frame(callback)
