"""First and second derivatives of every cell in every form, against finite differences in float64."""

from __future__ import annotations

import pytest
import torch
from tests.cells.forms import FORMS, TORCH_FORMS, inputs, layer, start
from torch import Tensor
from torch.func import functional_call

from throughtime.cells.recurrent import Recurrent


def tiny(text: str, engine: str) -> Recurrent:
    """Two layers in both directions."""
    sizes = {"input_size": (1, 2, 3)} if text.startswith("convlstm") else {"input_size": 2}
    return layer(text, hidden_size=2, num_layers=2, bidirectional=True, engine=engine, **sizes)


def leaves(made: Recurrent, batch: int, steps: int) -> list[Tensor]:
    """Every weight, the input and the first state, as arguments of a function to be differentiated."""
    found = [*made.parameters(), inputs(made, batch, steps), *start(made, batch)]
    return [value.detach().clone().requires_grad_() for value in found]


CASES = [(text, "reference") for text in FORMS] + [(text, "torch") for text in TORCH_FORMS]


@pytest.mark.parametrize(("text", "engine"), CASES)
def test_gradients(text: str, engine: str) -> None:
    made = tiny(text, engine)
    names, lengths = [name for name, _ in made.named_parameters()], torch.tensor([3, 0, 2])
    arguments = leaves(made, 3, 3)

    def run(*values: Tensor) -> tuple[Tensor, ...]:
        weights = dict(zip(names, values, strict=False))
        x, *state = values[len(names) :]
        output, new_state = functional_call(made, weights, (x, lengths, tuple(state)))
        return output, *new_state

    assert torch.autograd.gradcheck(run, arguments, fast_mode=True)
    assert torch.autograd.gradgradcheck(run, arguments, fast_mode=True)


@pytest.mark.parametrize("text", ["lstm_peephole", "gru_layernorm", "rnn:output=yes"])
def test_every_single_derivative(text: str) -> None:
    made = layer(text, input_size=2, hidden_size=2, engine="reference")
    x, lengths = inputs(made, 2, 3).requires_grad_(), torch.tensor([3, 2])
    names = [name for name, _ in made.named_parameters()]

    def run(x: Tensor, *values: Tensor) -> Tensor:
        return functional_call(made, dict(zip(names, values, strict=True)), (x, lengths))[0]

    assert torch.autograd.gradcheck(run, [x, *made.parameters()])
