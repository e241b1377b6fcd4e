"""What follows from the equations, in symbols: slopes, and what is kept of a state and written into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.cells.forms import FORMS, inputs, layer, start
from throughtime.cells import cells, form, record, relu, tanh
from throughtime.cells.equations.derivation import Derivation, Term
from throughtime.cells.equations.printing import expression, in_numbers

PLAIN = [name for name in FORMS if not cells[name.partition(":")[0]].convolution]
# the state goes through a function or a linear map, or stands squared
WITHOUT = [name for name in PLAIN if name.startswith(("rnn", "indrnn")) and name != "indrnn:activation=identity"]
WITHOUT += ["lstm_peephole:gate=identity"]


def numbers_of(name: str, unit: int) -> Derivation:
    """Of one unit at a step, from a random state."""
    made = layer(name)
    kept: list[Sequence[Any]] = []
    with torch.no_grad(), made.looking(lambda direction, step, values: kept.append(values)):
        made(inputs(made, 1, 2), state=start(made, 1))
    values = [float(v.detach().reshape(-1)[unit]) if isinstance(v, Tensor) and v.dim() < 3 else v for v in kept[1]]
    return Derivation(made.graph, [v if isinstance(v, float) else None for v in values])


def number(derivation: Derivation, term: Term) -> float:
    if term is None:
        return 0.0
    return term if isinstance(term, float) else derivation.value(term.index)


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_kept_and_what_is_written_make_the_new_state(name: str) -> None:
    derivation, graph = numbers_of(name, 2), form(name)
    found = 0
    for state, new in zip(graph.states, graph.new_states, strict=True):
        parts = derivation.kept_and_written(state)
        if parts is None:
            continue
        found += 1
        before = next(i for i, node in enumerate(graph.nodes) if node.op == "state" and node.name == state)
        whole = number(derivation, parts[0]) * derivation.value(before) + number(derivation, parts[1])
        assert whole == pytest.approx(derivation.value(new), rel=1e-12)
    assert found == (0 if name in WITHOUT else 1)


def test_a_state_that_is_handed_on_or_squared_has_no_such_form() -> None:
    def handed_on(p, x, h, d):
        return tanh(p.W @ x + p.U @ d), h

    def squared(p, x, h):
        return h * h + p.W @ x

    for step in (handed_on, squared):
        graph = record(step)
        derivation = Derivation(graph, [1.0] * len(graph.nodes))
        assert all(derivation.kept_and_written(state) is None for state in graph.states)


def written(step: Any, of: str, by: str, value: float = 1.0) -> str | None:
    graph = record(step)
    derivation, at = Derivation(graph, [value] * len(graph.nodes)), dict(graph.names)
    found = derivation.slope(at[of], at[by])
    if found is None or isinstance(found, float):
        return None if found is None else f"{found:g}"
    return expression(derivation.graph, found.index, derivation.names)


def test_slopes() -> None:
    def sums(p, x, h):
        a = p.W @ x
        b = a * p.v - h / a + (2 - a)
        c = tanh(b) * b
        return c - p.U @ c

    assert written(sums, "b", "a") == "v + h' / (a ∘ a) - 1"
    assert written(sums, "c", "b") == "(1 - tanh(b) ∘ tanh(b)) ∘ b + tanh(b)"
    assert written(sums, "h", "c") == "1"
    assert written(sums, "c", "a") is None, "a goes into c through b alone"


@pytest.mark.parametrize(("value", "slope"), [(2.0, "1"), (-2.0, None)])
def test_a_relu_is_open_or_shut(value: float, slope: str | None) -> None:
    def gated(p, x, h):
        a = p.W @ x + p.U @ h
        b = relu(a)
        return b + p.b

    assert written(gated, "b", "a", value) == slope


def test_numbers_are_put_in() -> None:
    graph = form("gru")
    values: list[float | None] = [-0.25 if node.op != "constant" else None for node in graph.nodes]
    names = {index: name for name, index in graph.names}
    assert in_numbers(graph, graph.output, names, values) == "(1 + 0.25) · (-0.25) + (-0.25) · (-0.25)"
    n = dict(graph.names)["n"]
    assert in_numbers(graph, n, names, values) == "tanh(-0.25 - 0.25 + (-0.25) · (-0.25 - 0.25))"
