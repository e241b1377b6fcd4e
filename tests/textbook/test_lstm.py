"""The textbook's forms of the LSTM."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.textbook.layers import copy_weights, fill, outputs, random_input, random_layer, weights_by_name
from throughtime.cells import Graph, cells, form, record, sigmoid
from throughtime.cells.equations.printing import text

SIGMOID = "lstm:activation=sigmoid,output_activation=sigmoid"
OPEN, SHUT = 1000.0, -1000.0  # biases: the sigmoid of them is 1 and 0 exactly
STEPS = 5


def zeros() -> Tensor:
    return torch.zeros(2, 4, dtype=torch.float64)


@pytest.mark.parametrize("engine", ["reference", "torch"])
@pytest.mark.parametrize("bias", ["yes", "no"])
def test_on_the_concatenation_of_state_and_input(bias: str, engine: str) -> None:
    """f = σ(W_f [h', x] + b_f) and so on: one matrix over both is the two matrices side by side."""
    layer, x = random_layer(f"lstm:bias={bias}", engine=engine), random_input(2, STEPS, 3)
    w = weights_by_name(layer)
    joined = {gate: torch.cat([w[f"U_{gate}"], w[f"W_{gate}"]], 1) for gate in "ifgo"}
    h, c = zeros(), zeros()
    for t in range(STEPS):
        both = torch.cat([h, x[:, t]], 1)
        i, f, g, o = (both @ joined[gate].T + w.get(f"b_{gate}", 0) for gate in "ifgo")
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        torch.testing.assert_close(outputs(layer, x)[:, t], h)


def test_sigmoid_throughout() -> None:
    """s~ = σ(W h' + U x + b), s = f s' + i s~, h = o σ(s)."""
    layer, x = random_layer(SIGMOID), random_input(2, STEPS, 3)
    w = weights_by_name(layer)
    h, s = zeros(), zeros()
    for t in range(STEPS):
        i, f, s_tilde, o = (
            torch.sigmoid(h @ w[f"U_{gate}"].T + x[:, t] @ w[f"W_{gate}"].T + w[f"b_{gate}"]) for gate in "ifgo"
        )
        s = f * s + i * s_tilde
        h = o * torch.sigmoid(s)
        torch.testing.assert_close(outputs(layer, x)[:, t], h)


def selective(write: bool = False, read: bool = False, forget: bool = False) -> Graph:
    """The course's way to the LSTM: one gate more at a time."""

    def step(p, x, h, s):  # type: ignore[no-untyped-def]
        new = sigmoid(p.W @ h + p.U @ x + p.b)
        if read:
            new = sigmoid(p.W_i @ h + p.U_i @ x + p.b_i) * new
        s = sigmoid(p.W_f @ h + p.U_f @ x + p.b_f) * s + new if forget else new
        o = sigmoid(p.W_o @ h + p.U_o @ x + p.b_o) if write else 1
        return o * sigmoid(s), s

    return record(step)


@pytest.mark.parametrize(
    ("gates", "fixed"),
    [
        (["write"], {"i": OPEN, "f": SHUT}),
        (["write", "read"], {"f": SHUT}),
        (["write", "read", "forget"], {}),
    ],
)
def test_selective_write_read_and_forget_lead_to_it(gates: list[str], fixed: dict[str, float]) -> None:
    """With the gates that are not there yet held open or shut, the LSTM is each of the steps towards it."""
    full, x = random_layer(SIGMOID), random_input(2, STEPS, 3)
    partial = random_layer(selective(**dict.fromkeys(gates, True)), seed=5)
    letters = {f"{ours}{tail}": f"{theirs}{tail}" for tail in ("_i", "_f", "_o") for ours, theirs in ("WU", "UW")}
    copy_weights(full, partial, renamed={**letters, "W": "U_g", "U": "W_g", "b": "b_g"})
    if fixed:
        assert not torch.allclose(outputs(full, x), outputs(partial, x))
    for gate, bias in fixed.items():
        fill(full, **{f"W_{gate}": 0, f"U_{gate}": 0, f"b_{gate}": bias})
    torch.testing.assert_close(outputs(full, x), outputs(partial, x))


def test_the_lstm_of_1997_forgets_nothing() -> None:
    """c = c' + i c~ is the LSTM whose forget gate is held open; c never loses anything but to what is added."""
    assert "c = c' + i ∘ g" in text(form("lstm_1997"))
    old, new, x = random_layer("lstm_1997"), random_layer("lstm", seed=5), random_input(2, STEPS, 3)
    copy_weights(old, new)
    assert not torch.allclose(outputs(old, x), outputs(new, x))
    fill(new, W_f=0, U_f=0, b_f=OPEN)
    torch.testing.assert_close(outputs(old, x), outputs(new, x))


def test_peepholes_are_those_of_gers_and_schmidhuber() -> None:
    """i and f see c', o sees the new c. One course prints the plain equations under this name: weights of 0."""
    layer, plain, x = random_layer("lstm_peephole"), random_layer("lstm", seed=5), random_input(2, STEPS, 3)
    w = weights_by_name(layer)
    h, c = zeros(), zeros()
    for t in range(STEPS):
        i, f, g, o = (h @ w[f"U_{gate}"].T + x[:, t] @ w[f"W_{gate}"].T + w[f"b_{gate}"] for gate in "ifgo")
        c_before = c
        c = torch.sigmoid(f + w["p_f"] * c_before) * c + torch.sigmoid(i + w["p_i"] * c_before) * torch.tanh(g)
        h = torch.sigmoid(o + w["p_o"] * c) * torch.tanh(c)
        torch.testing.assert_close(outputs(layer, x)[:, t], h)
    copy_weights(layer, plain)
    assert not torch.allclose(outputs(layer, x), outputs(plain, x))
    fill(layer, p_i=0, p_f=0, p_o=0)
    torch.testing.assert_close(outputs(layer, x), outputs(plain, x))


@pytest.mark.parametrize("peepholes", ["yes", "no"])
def test_the_convolutional_lstm(peepholes: str) -> None:
    """f = σ_g(W_f * x + U_f * h' + V_f ∘ c' + b_f) and its like; with and without the V, which are called p here."""
    layer, x = random_layer(f"convlstm:peepholes={peepholes}", (2, 5, 3), 4, kernel_size=3), random_input(1, 3, 2, 5, 3)
    w = weights_by_name(layer)
    h = c = torch.zeros(1, 4, 5, 3, dtype=torch.float64)

    def summed(gate: str, t: int) -> Tensor:
        x_part = F.conv2d(x[:, t], w[f"W_{gate}"], w[f"b_{gate}"], padding=1)
        return x_part + F.conv2d(h, w[f"U_{gate}"], padding=1)

    assert ("p_f" in w) == (peepholes == "yes")
    for t in range(3):
        i = torch.sigmoid(summed("i", t) + w.get("p_i", 0) * c)
        f = torch.sigmoid(summed("f", t) + w.get("p_f", 0) * c)
        o = summed("o", t)
        c = f * c + i * torch.tanh(summed("g", t))
        h = torch.sigmoid(o + w.get("p_o", 0) * c) * torch.tanh(c)
        torch.testing.assert_close(outputs(layer, x)[:, t], h)


@pytest.mark.parametrize("option", ["gate", "activation", "output_activation"])
def test_every_squashing_of_the_convolutional_lstm_can_be_chosen(option: str) -> None:
    """σ_g, σ_c and σ_h are three choices."""
    other = "tanh" if option == "gate" else "sigmoid"
    assert text(cells["convlstm"].graph(**{option: other})) != text(form("convlstm"))


def test_a_gate_is_a_pointwise_product() -> None:
    """[0.1 0.002 0.1] ∘ [1 5 3] = [0.1 0.01 0.3] (one course prints 0.004), by an output gate over a cell state."""
    layer = random_layer("lstm:activation=identity,output_activation=identity", 1, 3)
    for weight in layer.parameters():
        weight.data.zero_()
    w = weights_by_name(layer)
    w["b_i"].fill_(OPEN)
    w["b_g"].copy_(torch.tensor([1.0, 5.0, 3.0]))
    w["b_o"].copy_(torch.tensor([math.log(p / (1 - p)) for p in (0.1, 0.002, 0.1)]))
    h = outputs(layer, torch.zeros(1, 1, 1, dtype=torch.float64)).flatten()
    torch.testing.assert_close(h, torch.tensor([0.1, 0.01, 0.3], dtype=torch.float64))
