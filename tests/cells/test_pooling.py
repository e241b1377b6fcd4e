"""Pooling against plain loops over rows; rows without steps, both directions, and whatever stands in the padding."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tests.cells.forms import assert_near, assert_same_bits, inputs, layer, numbers, weighted
from throughtime.cells.pooling import POOLINGS, Pooling
from throughtime.errors import UsageError

LENGTHS = torch.tensor([3, 0, 5, 1])


def pooling(kinds: str, size: int = 6, **options: bool) -> Pooling:
    made = Pooling(kinds, size, **options).double()
    with torch.no_grad():
        for index, parameter in enumerate(made.parameters()):
            parameter.copy_(numbers(*parameter.shape, seed=index))
    return made


def of_row(kind: str, made: Pooling, steps: Tensor) -> Tensor:
    """One row by its definition; ``steps (T, F)`` are the valid ones."""
    if not len(steps):
        return torch.zeros(steps.shape[1], dtype=steps.dtype)
    if kind == "last":
        return torch.cat([steps[-1, :3], steps[0, 3:]]) if made.bidirectional else steps[-1]
    if kind == "mean":
        return torch.stack([step / len(steps) for step in steps]).sum(0)
    if kind == "max":
        return torch.stack([max(column) for column in steps.T])
    scores = [float(torch.tanh(made.weight @ step + made.bias) @ made.score) for step in steps]
    total = sum(math.exp(score) for score in scores)
    return sum(math.exp(score) / total * step for score, step in zip(scores, steps, strict=True))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kinds", [*POOLINGS, "mean+max", "last+attention+mean"])
def test_each_row_by_its_definition(kinds: str, bidirectional: bool) -> None:
    made, hidden = pooling(kinds, bidirectional=bidirectional), numbers(4, 5, 6, seed=9)
    found = made(hidden, LENGTHS)
    assert found.shape == (4, made.output_size) == (4, 6 * len(kinds.split("+")))
    with torch.no_grad():
        for row, length in enumerate(LENGTHS.tolist()):
            expected = [of_row(kind, made, hidden[row, :length]) for kind in kinds.split("+")]
            assert_near(found[row], torch.cat(expected), f"row {row}")


@pytest.mark.parametrize("kind", POOLINGS)
@pytest.mark.parametrize("filling", [math.nan, math.inf, 1e30, 5.0])
def test_the_padding_changes_no_bit(kind: str, filling: float) -> None:
    made, found = pooling(kind), []
    behind = torch.arange(5) >= LENGTHS[:, None]
    for value in (0.0, filling):
        hidden = numbers(4, 5, 6, seed=9).masked_fill(behind[..., None], value).requires_grad_()
        made.zero_grad()
        pooled = made(hidden, LENGTHS)
        weighted(pooled).backward()
        assert not hidden.grad[behind].any()
        found.append([pooled, hidden.grad, *(part.grad for part in made.parameters())])
    for first, second in zip(*found, strict=True):
        assert_same_bits(first, second)


@pytest.mark.parametrize("kind", POOLINGS)
def test_gradients(kind: str) -> None:
    made, hidden = pooling(kind), numbers(4, 5, 6, seed=9).requires_grad_()
    assert torch.autograd.gradcheck(lambda h: made(h, LENGTHS), hidden)


@pytest.mark.parametrize("kind", POOLINGS)
def test_the_padded_size_changes_nothing(kind: str) -> None:
    made, hidden = pooling(kind), numbers(4, 5, 6, seed=9)
    longer = torch.cat([hidden, numbers(4, 3, 6, seed=10)], 1)
    assert_near(made(longer, LENGTHS), made(hidden, LENGTHS))


@pytest.mark.parametrize("kind", POOLINGS)
def test_no_steps_at_all(kind: str) -> None:
    assert_same_bits(pooling(kind)(torch.zeros(2, 0, 6).double(), torch.tensor([0, 0])), torch.zeros(2, 6).double())


def test_the_last_of_both_directions_is_the_last_state() -> None:
    made = layer("gru", bidirectional=True)
    output, (h,) = made(inputs(made, 4, 5), LENGTHS)
    found = Pooling("last", 10, bidirectional=True)(output, LENGTHS)
    assert_near(found, (torch.cat([h[0], h[1]], 1)) * (LENGTHS > 0)[:, None])


def test_first_weights_follow_the_generator() -> None:
    one, two = (Pooling("attention", 6, generator=torch.Generator().manual_seed(4)) for _ in range(2))
    assert_same_bits(one.weight, two.weight)
    assert float(one.weight.detach().abs().max()) <= 6**-0.5 and not one.bias.any()


def test_an_unknown_pooling_is_refused() -> None:
    with pytest.raises(UsageError, match='unknown pooling "maen"; did you mean "mean"?'):
        Pooling("max+maen", 3)
