"""Numbers at the ends of what a float holds: squashings are 0 or 1 there, and no NaN where the reference is finite."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tests.cells.forms import needs_the_engine
from throughtime.cells import exp, record, relu, sigmoid, tanh
from throughtime.cells.engine.native.library import isas
from throughtime.cells.recurrent import Recurrent

pytestmark = needs_the_engine

SIZES = (0.0, 1.0, 20.0, 87.0, 88.5, 103.9, 105.0, 1e3, 1e7, 1e20, 1e30, 3e38, math.inf)


def alone(squashing: Any) -> Any:
    def step(p: Any, x: Any, h: Any) -> Any:
        h = squashing(p.W @ x)
        return h

    return step


@pytest.mark.parametrize("isa", isas())
@pytest.mark.parametrize("squashing", [sigmoid, tanh, relu, exp], ids=lambda one: one.__name__)
def test_of_any_size(squashing: Any, isa: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ISA", isa)
    graph = record(alone(squashing), name="alone", bias=False)
    x = torch.tensor([sign * size for size in SIZES for sign in (1, -1)])[:, None, None]
    found = []
    for engine in ("native", "reference"):
        layer = Recurrent(graph, 1, 17, engine=engine)
        with torch.no_grad():
            layer.weight_ih_l0.fill_(1)
            found.append(layer(x)[0])
    native, reference = found
    assert not native.isnan().any()
    # what is smaller than the smallest normal number is flushed to 0, and the sigmoid ends at e^-87
    torch.testing.assert_close(native, reference, rtol=1e-6, atol=2e-38)


@pytest.mark.parametrize("cell", ["lstm", "gru", "lstm_peephole", "mgu"])
def test_saturated_gates_stay_finite(cell: str) -> None:
    x = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(1)) * 1e12
    found = []
    for engine in ("native", "reference"):
        layer = Recurrent(cell, 5, 9, engine=engine, generator=torch.Generator().manual_seed(2))
        given = x.clone().requires_grad_()
        output, _ = layer(given)
        output.sum().backward()
        found.append((output.detach(), given.grad))
    for native, reference in zip(*found, strict=True):
        assert torch.isfinite(native).all()
        # a gate that is an ulp below 1 still has a slope of 6e-8, by which a sum over the units is off
        torch.testing.assert_close(native, reference, rtol=1e-5, atol=1e-5)
