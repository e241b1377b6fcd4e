"""Law 2 for cells: what stands in the padding changes no bit, and a sequence alone equals itself in a batch."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tests.cells.forms import (
    NAMES,
    WITH_ENGINES,
    assert_near,
    assert_same_bits,
    inputs,
    layer,
    numbers,
    start,
    weighted,
)
from throughtime.cells import mean, record, sqrt, tanh
from throughtime.cells.recurrent import Recurrent

LENGTHS = torch.tensor([3, 0, 6, 1])
FILLINGS = [0.0, -3.7, 1e30, math.inf, math.nan]


def with_padding(x: Tensor, filling: float) -> Tensor:
    behind = torch.arange(x.shape[1]) >= LENGTHS[:, None]
    return x.masked_fill(behind.reshape(*behind.shape, *(1 for _ in x.shape[2:])), filling)


def everything(made: Recurrent, x: Tensor, lengths: Tensor | None) -> dict[str, Tensor]:
    """Output, last state and all gradients; from a random first state unless that is learned."""
    made.zero_grad()
    x = x.clone().requires_grad_()
    state = () if made.learned_state else tuple(part.requires_grad_() for part in start(made, len(x)))
    output, new_state = made(x, lengths, state or None)
    weighted(output, *new_state).backward()
    found = {"output": output, "x": x.grad}
    found |= {f"last state {i}": part for i, part in enumerate(new_state)}
    found |= {f"first state {i}": part.grad for i, part in enumerate(state)}
    return found | {name: part.grad.clone() for name, part in made.named_parameters()}


@pytest.mark.parametrize(("text", "engine"), WITH_ENGINES)
def test_padding_changes_no_bit(text: str, engine: str) -> None:
    made = layer(text, dtype=torch.float32, num_layers=2, bidirectional=True, engine=engine)
    x = inputs(made, 4, 6)
    expected = everything(made, with_padding(x, FILLINGS[0]), LENGTHS)
    assert all(value.isfinite().all() for value in expected.values())
    assert not with_padding(expected["x"], 0.0).sub(expected["x"]).any(), "the padding has a gradient"
    for filling in FILLINGS[1:]:
        for name, value in everything(made, with_padding(x, filling), LENGTHS).items():
            assert_same_bits(value, expected[name], f"{name} with {filling} in the padding")


@pytest.mark.parametrize("text", NAMES)
def test_padding_changes_no_bit_under_masks(text: str) -> None:
    options = {"zoneout": 0.2, "dropout": 0.3, "residual": True, "learned_state": True}
    if text != "indrnn":
        options |= {"recurrent_dropout": 0.2, "drop_connect": 0.3}
    made = layer(text, num_layers=2, engine="reference", **options)
    x = inputs(made, 4, 6)
    torch.manual_seed(5)
    expected = everything(made, with_padding(x, 0.0), LENGTHS)
    torch.manual_seed(5)
    for name, value in everything(made, with_padding(x, math.nan), LENGTHS).items():
        assert_same_bits(value, expected[name], name)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("text", "engine"), WITH_ENGINES)
def test_alone_equals_in_a_batch(text: str, engine: str, dtype: torch.dtype) -> None:
    made = layer(text, dtype=dtype, spread=0.4, num_layers=2, bidirectional=True, engine=engine)
    x, state = inputs(made, 4, 6), start(made, 4)
    output, new_state = made(x, LENGTHS, state)
    weights = numbers(*output.shape, seed=70, dtype=dtype)
    made.zero_grad()
    (output * weights).sum().backward()
    together = {name: part.grad.clone() for name, part in made.named_parameters()}
    made.zero_grad()
    for row, length in enumerate(LENGTHS.tolist()):
        alone, alone_state = made(x[row : row + 1, :length], state=tuple(part[:, row : row + 1] for part in state))
        assert_near(output[row : row + 1, :length], alone, f"output of row {row}")
        for found, expected in zip(new_state, alone_state, strict=True):
            assert_near(found[:, row : row + 1], expected, f"state of row {row}")
        if length:
            (alone * weights[row : row + 1, :length]).sum().backward()
    for name, part in made.named_parameters():
        assert_near(together[name], part.grad, name)


@pytest.mark.parametrize(("text", "engine"), WITH_ENGINES)
def test_the_layout_of_the_input_in_memory_changes_nothing(text: str, engine: str) -> None:
    made = layer(text, dtype=torch.float32, bidirectional=True, engine=engine)
    x = inputs(made, 4, 6)
    turned = x.transpose(0, 1).contiguous().transpose(0, 1)
    spread = torch.stack([x, x + 1], -1)[..., 0]
    assert not turned.is_contiguous() and not spread.is_contiguous()
    expected = everything(made, x, LENGTHS)
    for other in (turned, spread):
        for name, value in everything(made, other, LENGTHS).items():
            assert_same_bits(value, expected[name], name)


@pytest.mark.parametrize(("text", "engine"), WITH_ENGINES)
@pytest.mark.parametrize(("batch", "steps"), [(1, 1), (1, 5), (3, 1), (3, 0), (0, 4), (0, 0)])
def test_odd_sizes(text: str, engine: str, batch: int, steps: int) -> None:
    made = layer(text, num_layers=2, bidirectional=True, engine=engine)
    x, state = inputs(made, batch, steps), start(made, batch)
    output, new_state = made(x, torch.full((batch,), steps), state)
    assert output.shape == (batch, steps, made.output_size, *x.shape[3:])
    assert [part.shape for part in new_state] == [part.shape for part in state]
    bare, _ = made(x, None, state)
    assert_same_bits(bare, output)
    if steps == 0:
        for found, given in zip(new_state, state, strict=True):
            assert_same_bits(found, given)


@pytest.mark.parametrize("text", ["lstm", "convlstm"])
def test_no_row_has_steps(text: str) -> None:
    made = layer(text, engine="auto")
    x, state = inputs(made, 3, 4), start(made, 3)
    output, new_state = made(x, torch.zeros(3, dtype=torch.int64), state)
    assert not output.any()
    for found, given in zip(new_state, state, strict=True):
        assert_same_bits(found, given)


def test_a_cell_that_divides_has_no_nan_from_the_padding() -> None:
    def relative(p, x, h):
        scale = sqrt(mean(x * x))  # 0 in the padding: its derivative is infinite there
        return tanh(p.W @ (x / scale) + p.U @ h + p.b)

    made = Recurrent(record(relative), 3, 5).double()
    x = inputs(made, 4, 6)
    for name, value in everything(made, with_padding(x, math.nan), LENGTHS).items():
        assert value.isfinite().all(), name
