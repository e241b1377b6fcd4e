"""The textbook's forms of the gated recurrent unit."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.textbook.layers import copy_weights, fill, outputs, random_input, random_layer, weights_by_name

STEPS = 5


def zeros() -> Tensor:
    return torch.zeros(2, 4, dtype=torch.float64)


def test_reset_before_the_product_on_the_concatenation() -> None:
    """z = σ(W_z [h', x]), r = σ(W_r [h', x]), h~ = tanh(W [r h', x]), h = (1 - z) h' + z h~."""
    layer, x = random_layer("gru_reset_before:bias=no,update_keeps=no"), random_input(2, STEPS, 3)
    w = weights_by_name(layer)
    joined = {gate: torch.cat([w[f"U_{gate}"], w[f"W_{gate}"]], 1) for gate in "rzn"}
    h = zeros()
    for t in range(STEPS):
        both = torch.cat([h, x[:, t]], 1)
        z, r = torch.sigmoid(both @ joined["z"].T), torch.sigmoid(both @ joined["r"].T)
        new = torch.tanh(torch.cat([r * h, x[:, t]], 1) @ joined["n"].T)
        h = (1 - z) * h + z * new
        torch.testing.assert_close(outputs(layer, x)[:, t], h)


@pytest.mark.parametrize("engine", ["reference", "torch"])
def test_reset_after_the_product(engine: str) -> None:
    """h~ = tanh(r ∘ U h' + W x), h = z h' + (1 - z) h~."""
    layer, x = random_layer("gru:bias=no", engine=engine), random_input(2, STEPS, 3)
    w = weights_by_name(layer)
    h = zeros()
    for t in range(STEPS):
        r, z = (torch.sigmoid(x[:, t] @ w[f"W_{gate}"].T + h @ w[f"U_{gate}"].T) for gate in "rz")
        h = z * h + (1 - z) * torch.tanh(r * (h @ w["U_n"].T) + x[:, t] @ w["W_n"].T)
        torch.testing.assert_close(outputs(layer, x)[:, t], h)


@pytest.mark.parametrize("cell", ["gru", "gru_reset_before"])
@pytest.mark.parametrize("bias", ["yes", "no"])
def test_the_two_signs_of_z_are_mirror_images(cell: str, bias: str) -> None:
    """σ(-v) = 1 - σ(v): with the weights of z negated, one form is the other."""
    keeps = random_layer(f"{cell}:update_keeps=yes,bias={bias}")
    overwrites = random_layer(f"{cell}:update_keeps=no,bias={bias}", seed=5)
    x = random_input(2, STEPS, 3)
    copy_weights(keeps, overwrites)
    assert not torch.allclose(outputs(keeps, x), outputs(overwrites, x))
    for name, weight in weights_by_name(overwrites).items():
        if name.endswith("_z"):
            weight.neg_()
    torch.testing.assert_close(outputs(keeps, x), outputs(overwrites, x))


def test_before_and_after_differ_unless_the_product_mixes_no_units() -> None:
    """U (r ∘ h') = r ∘ U h' where U is diagonal, and only there."""
    before, after = random_layer("gru_reset_before"), random_layer("gru", seed=5)
    x = random_input(2, STEPS, 3)
    copy_weights(before, after)
    fill(after, b_hn=0)
    assert not torch.allclose(outputs(before, x), outputs(after, x))
    for layer in (before, after):
        recurrent = weights_by_name(layer)["U_n"]
        recurrent.mul_(torch.eye(4))
    torch.testing.assert_close(outputs(before, x), outputs(after, x))


def test_the_two_gates_named_output_and_input() -> None:
    """o, i, s~ = σ(W (o ∘ s') + U x + b), s = (1 - i) s' + i s~: the reset gate is o, the update gate i."""
    two_gate = random_layer("gru_two_gate")
    gru = random_layer("gru_reset_before:activation=sigmoid,update_keeps=no", seed=5)
    x = random_input(2, STEPS, 3)
    w = weights_by_name(two_gate)
    s = zeros()
    for t in range(STEPS):
        o, i = (torch.sigmoid(s @ w[f"W_{gate}"].T + x[:, t] @ w[f"U_{gate}"].T + w[f"b_{gate}"]) for gate in "oi")
        s = (1 - i) * s + i * torch.sigmoid((o * s) @ w["W"].T + x[:, t] @ w["U"].T + w["b"])
        torch.testing.assert_close(outputs(two_gate, x)[:, t], s)
    course = {"W": "U", "U": "W", "b": "b"}
    names = {f"{ours}_{gate}": f"{course[ours]}_{theirs}" for ours in course for gate, theirs in ("ro", "zi")}
    copy_weights(two_gate, gru, renamed={**names, "W_n": "U", "U_n": "W", "b_n": "b"})
    torch.testing.assert_close(outputs(gru, x), outputs(two_gate, x))
