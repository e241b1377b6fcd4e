"""Vanishing, exploding, and what helps: how strongly the state now depends on a state long ago."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor
from torch.func import jacrev

from tests.textbook.layers import random_input, weights_by_name
from throughtime.cells.recurrent import Recurrent
from throughtime.training.clipping import clip, gradient_norm
from throughtime.training.settings import TrainingSettings


def made(cell: str, hidden_size: int = 8, input_size: int = 3, **options: object) -> Recurrent:
    options = {"engine": "reference", "generator": Generator().manual_seed(3), **options}
    return Recurrent(cell, input_size, hidden_size, **options).double().requires_grad_(False)  # type: ignore[arg-type]


def turning(cell: str, radius: float) -> Recurrent:
    """A cell whose recurrent matrix U is a rotation times ``radius``: all its eigenvalues are of that size."""
    layer = made(cell)
    weights_by_name(layer)["U"].copy_(radius * torch.linalg.qr(random_input(8, 8, seed=9)).Q)
    return layer


def linear(radius: float) -> Recurrent:
    """h = W x + U h'."""
    return turning("rnn:activation=identity,bias=no", radius)


def reach(layer: Recurrent, x: Tensor, state: tuple[Tensor, ...] | None = None) -> float:
    """‖∂s_T/∂s_0‖, s being all states: the most that a change before ``x (1, T, F)`` is worth after it."""

    def after(*state: Tensor) -> Tensor:
        return torch.cat([part.flatten() for part in layer(x, state=state)[1]])

    start = layer.zero_state(x) if state is None else state
    columns = jacrev(after, tuple(range(len(start))))(*start)
    return float(torch.linalg.matrix_norm(torch.cat([part.flatten(1) for part in columns], 1), 2))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_what_reaches_back_is_the_product_of_the_steps_jacobians(cell: str) -> None:
    layer, x = made(cell), random_input(1, 6, 3)
    state, product = layer.zero_state(x), None
    for t in range(6):
        step = x[:, t : t + 1]

        def after(flat: Tensor, step: Tensor = step, state: tuple[Tensor, ...] = state) -> Tensor:
            parts = flat.view(len(state), *state[0].shape).unbind()
            return torch.cat([part.flatten() for part in layer(step, state=parts)[1]])

        jacobian = jacrev(after)(torch.stack(state).flatten())
        product = jacobian if product is None else jacobian @ product
        state = layer(step, state=state)[1]
    assert product is not None
    assert reach(layer, x) == pytest.approx(float(torch.linalg.matrix_norm(product, 2)), rel=1e-12)


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("steps", [1, 7, 60])
def test_a_linear_recurrence_vanishes_or_explodes_by_its_spectral_radius(radius: float, steps: int) -> None:
    assert reach(linear(radius), random_input(1, steps, 3)) == pytest.approx(radius**steps, rel=1e-9)


@pytest.mark.parametrize("radius", [0.5, 1.5])
def test_in_the_long_run_only_the_largest_eigenvalue_counts(radius: float) -> None:
    """One step may stretch although many shrink; the n-th root of the norm tends to the radius."""
    layer = made("rnn:activation=identity,bias=no")
    recurrent = weights_by_name(layer)["U"]
    recurrent.copy_(torch.diag(radius * torch.linspace(0.3, 1, 8)))
    recurrent[0, 1] = 3  # triangular, so the eigenvalues are still the diagonal
    assert reach(layer, random_input(1, 1, 3)) > 1
    assert reach(layer, random_input(1, 300, 3)) ** (1 / 300) == pytest.approx(radius, rel=0.02)


def test_tanh_only_ever_makes_it_less() -> None:
    """tanh' <= 1, and = 1 at 0: there the steps are those of the linear recurrence, and elsewhere smaller."""
    for radius in (0.5, 1.5):
        layer = turning("rnn:bias=no", radius)
        nothing, something = torch.zeros(1, 30, 3, dtype=torch.float64), random_input(1, 30, 3)
        assert reach(layer, nothing) == pytest.approx(radius**30, rel=1e-9)
        assert reach(layer, something) < 0.1 * radius**30


def test_exploding_ends_in_infinity_and_then_nan() -> None:
    """The state of a linear recurrence of 1.5 leaves float32 after about log(3.4e38) / log(1.5) = 219 steps."""
    layer = linear(1.5).float()
    state = layer(random_input(1, 300, 3).float())[0][0]
    first = int((~state.isfinite().all(1)).int().argmax())
    limit = math.log(torch.finfo(torch.float32).max) / math.log(1.5)
    assert limit - 15 < first < limit + 15
    assert state[-1].isnan().all()


def test_relu_on_the_identity_carries_everything() -> None:
    """While its units are above 0, each step's Jacobian is the identity (Le, Jaitly and Hinton 2015)."""
    layer, x = made("rnn:activation=relu", initialisation="identity"), random_input(1, 100, 3)
    above = (torch.ones(1, 1, 8, dtype=torch.float64),)
    assert reach(layer, x, above) == pytest.approx(1, abs=1e-12)
    assert reach(made("rnn", initialisation="identity"), x, above) < 1e-2


def test_xavier_starts_a_square_matrix_at_radius_one_and_torchs_uniform_at_0_58() -> None:
    """Uniform in ±√(3/H) has variance 1/H, and in ±√(1/H) a third of it; the radius is √(H variance)."""
    for scheme, radius in (("xavier", 1.0), ("uniform", 3**-0.5), ("orthogonal", 1.0)):
        recurrent = weights_by_name(made("rnn", hidden_size=300, initialisation=scheme))["U"]
        assert float(torch.linalg.eigvals(recurrent).abs().max()) == pytest.approx(radius, rel=0.08)


def test_gates_reach_further_and_further_by_the_forget_bias() -> None:
    x = random_input(1, 60, 3)
    plain = reach(made("rnn"), x)
    shut, one, three = (reach(made("lstm", forget_bias=bias), x) for bias in (0.0, 1.0, 3.0))
    assert plain < 1e-4
    assert shut < one / 100 < one < three / 10
    assert reach(made("gru"), x) > 100 * plain
    assert reach(made("lstm", initialisation="chrono:longest=60"), x) > 0.1
    assert reach(made("lstm_1997"), x) > 0.9


def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not() -> None:
    """Through 40 steps of 1.5 the gradient is huge; clipped it is no longer than asked for."""

    def gradients() -> list[Tensor]:
        layer = linear(1.5).requires_grad_()
        layer(random_input(1, 40, 3))[0][:, -1].square().sum().backward()
        return [weight.grad for weight in layer.parameters() if weight.grad is not None]

    before, by_norm, by_value = gradients(), gradients(), gradients()
    length = gradient_norm(before)
    assert length > 1e6
    assert clip(by_norm, length, TrainingSettings(clip_norm=1.0, clip_value=None))
    assert gradient_norm(by_norm) == pytest.approx(1)
    for whole, cut in zip(before, by_norm, strict=True):
        torch.testing.assert_close(cut * length, whole)
    assert clip(by_value, length, TrainingSettings(clip_norm=None, clip_value=0.1))
    assert max(float(part.abs().max()) for part in by_value) == pytest.approx(0.1)
