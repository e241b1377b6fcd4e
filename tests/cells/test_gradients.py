"""First and second derivatives of every cell in every form, against finite differences in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.func import functional_call

from tests.cells.forms import FORMS, NAMES, NATIVE, TORCH_FORMS, check_derivatives, inputs, layer, start
from throughtime.cells.recurrent import Recurrent


def tiny(text: str, engine: str) -> Recurrent:
    """Two layers in both directions; a cell's further forms in one, which is enough to see their step."""
    whole = text in NAMES or text in TORCH_FORMS
    sizes = {"input_size": (1, 2, 3), "hidden_size": 1} if text.startswith("convlstm") else {"input_size": 2}
    more = {"num_layers": 2, "bidirectional": True} if whole else {}
    # small weights: gates that squash nothing would make the numbers, and with them rounding, large
    return layer(text, engine=engine, spread=0.3, **{"hidden_size": 2, **sizes, **more})


CASES = [(text, "reference") for text in FORMS] + [(text, "torch") for text in TORCH_FORMS]
CASES += [(text, "native") for text in FORMS if NATIVE and text.startswith("convlstm")]


@pytest.mark.parametrize(("text", "engine"), CASES)
def test_gradients(text: str, engine: str) -> None:
    made = tiny(text, engine)
    check_derivatives(made, inputs(made, 3, 3), *start(made, 3))


@pytest.mark.parametrize("text", ["lstm_peephole", "gru_layernorm", "rnn:output=yes"])
def test_every_single_derivative(text: str) -> None:
    made = layer(text, input_size=2, hidden_size=2, engine="reference")
    x, lengths = inputs(made, 2, 3).requires_grad_(), torch.tensor([3, 2])
    names = [name for name, _ in made.named_parameters()]

    def run(x: Tensor, *values: Tensor) -> Tensor:
        return functional_call(made, dict(zip(names, values, strict=True)), (x, lengths))[0]

    assert torch.autograd.gradcheck(run, [x, *made.parameters()])
