"""∂L/∂W term by term from the definition equals autograd's over the whole sequence."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.func import jacrev

from tests.textbook.layers import random_input, random_layer, weights_by_name
from tests.textbook.term_by_term import Unrolled
from throughtime.cells import cells
from throughtime.models.losses import cross_entropy

STEPS, BATCH = 5, 2


def unrolled(cell: str, engine: str = "reference", **options: int) -> Unrolled:
    """A loss at every step, another one each time."""
    convolution = cell.startswith("convlstm")
    features = (2, 3, 2) if convolution else (3,)
    sizes = {"hidden_size": 2} if convolution else {"hidden_size": 4}
    layer = random_layer(cell, features if convolution else 3, **sizes, engine=engine, **options)
    x = random_input(BATCH, STEPS, *features)
    target = random_input(BATCH, STEPS, layer.output_size, *features[1:], seed=2)
    return Unrolled(layer, x, lambda t, output: (t + 1) * (output - target[:, t]).square().sum())


def assert_equal(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        assert gradient.abs().max() > 1e-3, f"{name}: a gradient of nothing shows nothing"
        torch.testing.assert_close(found[name], gradient, rtol=0, atol=1e-10 * max(1, float(gradient.abs().max())))


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("bias", ["yes", "no"])
def test_elman_in_output_form_for_the_recurrent_the_input_and_the_output_weights(activation: str, bias: str) -> None:
    case = unrolled(f"rnn:output=yes,activation={activation},bias={bias}", output_size=3)
    expected = case.by_autograd()
    assert {"weight_hh_l0", "weight_ih_l0", "V_l0"} <= expected.keys()
    assert_equal(case.total(), expected)


@pytest.mark.parametrize("cell", ["rnn:output=yes", "lstm", "gru"])
def test_a_class_at_every_step(cell: str) -> None:
    """The loss of the library: cross entropy, averaged over the samples and summed over the steps."""
    layer, x = random_layer(cell), random_input(BATCH, STEPS, 3)
    classes = torch.randint(4, (BATCH, STEPS), generator=torch.Generator().manual_seed(6))
    case = Unrolled(layer, x, lambda t, output: cross_entropy(output, classes[:, t]))
    assert_equal(case.total(), case.by_autograd())


@pytest.mark.parametrize("cell", [*sorted(cells), "lstm:activation=sigmoid,output_activation=sigmoid", "gru:bias=no"])
def test_every_cell(cell: str) -> None:
    case = unrolled(cell)
    assert_equal(case.total(), case.by_autograd())


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_torchs_own_layers_give_the_same_sum(cell: str) -> None:
    """The terms by the reference, the whole sequence by torch's layer."""
    assert_equal(unrolled(cell).total(), unrolled(cell, engine="torch").by_autograd())


def test_the_sum_needs_every_term_but_an_output_weight_only_its_own() -> None:
    terms = list(unrolled("rnn:output=yes", output_size=3).terms())
    assert [(term.t, term.k) for term in terms] == [(t, k) for t in range(STEPS) for k in range(t, -1, -1)]
    for term in terms:
        assert term.gradient["V_l0"].any() == (term.t == term.k)
        # the state before the first step is 0, so W has no part in step 0
        assert term.gradient["weight_hh_l0"].any() == (term.k > 0)
        assert term.gradient["weight_ih_l0"].any()


def test_on_the_lstms_path_of_c_no_matrix_stands() -> None:
    """∂c/∂c' with h' held fixed is the diagonal of f; in the LSTM of 1997 the identity; in an Elman cell a matrix."""
    x, h, c = random_input(1, 1, 3), random_input(1, 1, 4, seed=3), random_input(1, 1, 4, seed=4)
    for cell in ("lstm", "lstm_1997"):
        layer = random_layer(cell, engine="reference")
        by_c = jacrev(lambda c, layer=layer: layer(x, state=(h, c))[1][1].flatten())(c).detach().view(4, 4)
        f = layer.record(x, state=(h, c), names=["f"])["l0.f"].flatten() if cell == "lstm" else torch.ones(4)
        torch.testing.assert_close(by_c, torch.diag(f).double().detach(), rtol=0, atol=1e-15)
    elman = random_layer("rnn", engine="reference")
    after = elman(x, state=(h,))[1][0].detach().flatten()
    by_h = jacrev(lambda h: elman(x, state=(h,))[1][0].flatten())(h).detach().view(4, 4)
    torch.testing.assert_close(by_h, torch.diag(1 - after**2) @ weights_by_name(elman)["U"])
