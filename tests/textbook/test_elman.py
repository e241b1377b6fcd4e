"""The Elman cell in the textbook's three forms, and the recurrent exercise."""

from __future__ import annotations

import pytest
import torch

from tests.textbook.layers import copy_weights, fill, outputs, random_input, random_layer, weights_by_name
from throughtime.cells import exp, form, identity, record, relu, sigmoid, tanh
from throughtime.cells.equations.printing import text


@pytest.mark.parametrize(
    ("activation", "expected"), [("identity", [0.5, 0.75, 0.875]), ("tanh", [0.4621, 0.6237, 0.6706])]
)
def test_the_recurrent_exercise(activation: str, expected: list[float]) -> None:
    """Inputs 1, weights 0.5, state 0."""
    layer = random_layer(f"rnn:activation={activation},bias=no", 1, 1)
    fill(layer, W=0.5, U=0.5)
    state = outputs(layer, torch.ones(1, 3, 1, dtype=torch.float64)).flatten().tolist()
    assert [round(value, 4) for value in state] == expected


def test_the_first_form_has_no_biases_and_an_output() -> None:
    """h = tanh(W_hh h' + W_xh x), y = W_hy h."""
    assert text(form("rnn:output=yes,bias=no")) == ["h = tanh(W x + U h')", "y = V h"]
    layer, x = random_layer("rnn:output=yes,bias=no", output_size=2), random_input(2, 5, 3)
    w = weights_by_name(layer)
    h = torch.zeros(2, 4, dtype=torch.float64)
    for t in range(5):
        h = torch.tanh(h @ w["U"].T + x[:, t] @ w["W"].T)
        torch.testing.assert_close(outputs(layer, x)[:, t], h @ w["V"].T)


def test_the_second_form_has_a_sigmoid_and_biases_under_any_letters() -> None:
    """s = σ(U x + W s' + b), y = O(V s + c): written down in the course's own letters it is the same cell."""

    def course(p, x, s):  # type: ignore[no-untyped-def]
        s = sigmoid(p.U @ x + p.W @ s + p.b)
        return sigmoid(p.V @ s + p.c), s

    graph = record(course)
    assert text(graph) == ["s = σ(U x + W s' + b)", "y = σ(V s + c)"]
    ours = random_layer("rnn:activation=sigmoid,output=yes", output_size=2)
    theirs, x = random_layer(graph, output_size=2, seed=5), random_input(2, 5, 3)
    copy_weights(ours, theirs, renamed={"U": "W", "W": "U", "c": "b_y"})
    torch.testing.assert_close(outputs(theirs, x), torch.sigmoid(outputs(ours, x)))


@pytest.mark.parametrize(("name", "g"), [("tanh", tanh), ("sigmoid", sigmoid), ("relu", relu), ("identity", identity)])
def test_the_third_form_takes_any_activation(name: str, g) -> None:  # type: ignore[no-untyped-def]
    """h = g(W_xh x + W_hh h' + b_h), o = g(W_oh h + b_o)."""
    layer, x = random_layer(f"rnn:output=yes,activation={name}", output_size=2), random_input(2, 5, 3)
    w = weights_by_name(layer)
    h = torch.zeros(2, 4, dtype=torch.float64)
    for t in range(5):
        h = g(x[:, t] @ w["W"].T + h @ w["U"].T + w["b"])
        torch.testing.assert_close(g(outputs(layer, x)[:, t]), g(h @ w["V"].T + w["b_y"]))


def test_without_output_the_state_is_the_output() -> None:
    layer, x = random_layer("rnn"), random_input(2, 5, 3)
    output, (h,) = layer(x)
    assert torch.equal(output[:, -1], h[0])


def test_tanh_is_two_over_one_plus_e_to_the_minus_two_x_less_one() -> None:
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)
    torch.testing.assert_close(2 / (1 + exp(-2 * x)) - 1, tanh(x), rtol=0, atol=1e-15)

    def spelt_out(p, x, h):  # type: ignore[no-untyped-def]
        v = p.W @ x + p.U @ h + p.b
        return 2 / (1 + exp(-2 * v)) - 1

    short, long = random_layer("rnn"), random_layer(record(spelt_out), seed=5)
    copy_weights(short, long)
    torch.testing.assert_close(outputs(short, random_input(2, 5, 3)), outputs(long, random_input(2, 5, 3)))
