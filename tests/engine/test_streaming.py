"""One step at a time: the same numbers as the whole, whatever the cell, and never with weights of yesterday."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

from tests.cells.forms import NAMES, assert_near, assert_same_bits, inputs, layer, start
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError


@pytest.mark.parametrize("text", [*NAMES, "rnn:output=yes", "gru:bias=no"])
def test_step_by_step_equals_the_whole(text: str) -> None:
    made = layer(text, num_layers=2, zoneout=0.1 if "output" not in text else 0.0, state_clip=0.7).eval()
    x, state = inputs(made, 3, 5), start(made, 3)
    expected, expected_state = made(x, state=state)
    for t in range(5):
        output, state = made.step(x[:, t], state)
        assert_near(output, expected[:, t])
        assert not output.requires_grad
    for found, end in zip(state, expected_state, strict=True):
        assert_near(found, end)


@pytest.mark.parametrize("units", [1, 16, 33, 64, 256])
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_sizes(units: int, batch: int) -> None:
    made = Recurrent("lstm", 5, units).eval()
    x = torch.randn(batch, 3, 5)
    expected, _ = made(x)
    state = None
    for t in range(3):
        output, state = made.step(x[:, t], state)
        assert_near(output, expected[:, t])


def test_the_state_handed_in_stays_as_it_was() -> None:
    made = layer("gru").eval()
    x, state = inputs(made, 2, 1)[:, 0], start(made, 2)
    kept = [part.clone() for part in state]
    first, _ = made.step(x, state)
    second, _ = made.step(x, state)
    assert_same_bits(first, second)
    for part, before in zip(state, kept, strict=True):
        assert_same_bits(part, before)


def test_changed_weights_are_seen() -> None:
    made = layer("gru").eval()
    x = inputs(made, 2, 1)
    before, _ = made.step(x[:, 0])
    with torch.no_grad():
        made.weight_hh_l0.add_(0.1)
        made.weight_ih_l0.mul_(2)
    after, _ = made.step(x[:, 0])
    assert not torch.equal(before, after)
    assert_near(after, made(x)[0][:, 0])
    made.load_state_dict({name: value * 0.5 for name, value in made.state_dict().items()})
    assert_near(made.step(x[:, 0])[0], made(x)[0][:, 0])
    made.float()
    assert_near(made.step(x[:, 0].float())[0], made(x.float())[0][:, 0])


def test_a_layer_that_has_stepped_is_copied_and_pickled() -> None:
    made = layer("lstm").eval()
    x = inputs(made, 1, 1)[:, 0]
    expected, _ = made.step(x)
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert_same_bits(other.step(x)[0], expected)


def test_refusals() -> None:
    with pytest.raises(UsageError, match="in both directions"):
        layer("gru", bidirectional=True).step(torch.zeros(1, 3, dtype=torch.float64))
    with pytest.raises(UsageError, match=r"call eval\(\) first"):
        layer("gru", zoneout=0.1).step(torch.zeros(1, 3, dtype=torch.float64))
    made = layer("lstm").eval()
    x = torch.zeros(2, 3, dtype=torch.float64)
    with pytest.raises(UsageError, match=r"this layer reads \(batch, time, 3\)"):
        made.step(x[:, :2])
    with pytest.raises(UsageError, match="state has"):
        made.step(x, (torch.zeros(1, 1, 5, dtype=torch.float64),) * 2)
    with pytest.raises(UsageError, match="state"):
        made.step(x, (torch.zeros(1, 2, 5),) * 2)
