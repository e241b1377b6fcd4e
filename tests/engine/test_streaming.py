"""One step at a time: the same numbers as the whole, whatever the cell, and never with weights of yesterday."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from tests.cells.forms import NAMES, NATIVE, assert_near, assert_same_bits, inputs, layer, start
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


def test_weights_put_in_the_place_of_others_are_seen() -> None:
    made = layer("lstm").eval()
    x = inputs(made, 2, 1)
    made.step(x[:, 0])
    for change in (_another_parameter, _other_data, _made_of_others, _others_changed):
        change(made)
        assert_near(made.step(x[:, 0])[0], made(x)[0][:, 0].detach())


def _another_parameter(made: Recurrent) -> None:
    made.weight_hh_l0 = torch.nn.Parameter(made.weight_hh_l0.detach() * 2)


def _other_data(made: Recurrent) -> None:
    made.weight_ih_l0.data = made.weight_ih_l0.data * 2


def _made_of_others(made: Recurrent) -> None:
    torch.nn.utils.parametrizations.weight_norm(made, "weight_hh_l0")


def _others_changed(made: Recurrent) -> None:
    with torch.no_grad():
        made.parametrizations.weight_hh_l0.original0.mul_(3)


def test_inputs_may_lie_anyhow_and_have_gradients() -> None:
    made = layer("lstm", num_layers=2).eval()
    x, state = inputs(made, 4, 1)[:, 0], start(made, 4)
    expected, after = made.step(x, state)
    apart = [part.transpose(0, 2).contiguous().transpose(0, 2).requires_grad_() for part in state]
    found, new = made.step(x.t().contiguous().t().requires_grad_(), tuple(apart))
    # without the engine it is torch that multiplies, and by another way where operands lie otherwise
    (assert_same_bits if NATIVE else assert_near)(found, expected)
    assert not found.requires_grad and not new[0].requires_grad
    with torch.inference_mode():
        found, new = made.step(x.clone(), made.step(x, state)[1])
    assert_same_bits(found, made.step(x, after)[0])


def test_a_first_state_that_is_learned() -> None:
    made = layer("gru", learned_state=True).eval()
    with torch.no_grad():
        made.initial_h_l0.normal_(generator=torch.Generator().manual_seed(1))
    x = inputs(made, 3, 1)
    output, _ = made.step(x[:, 0])
    assert_near(output, made(x)[0][:, 0].detach())
    assert not output.requires_grad


@pytest.mark.parametrize("units", [64, 72])
def test_threads_that_step_at_once(units: int) -> None:
    made = Recurrent("lstm", 40, units, num_layers=2, generator=torch.Generator().manual_seed(2)).eval()
    x = torch.randn(2, 40, 1, 40, generator=torch.Generator().manual_seed(3))

    def stream(number: int) -> Tensor:
        state, outputs = None, []
        for step in x[number]:
            output, state = made.step(step, state)
            outputs.append(output)
        return torch.cat(outputs)

    expected = [stream(number) for number in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        for found, alone in zip(pool.map(stream, (0, 1) * 10), expected * 10, strict=True):
            assert_same_bits(found, alone)


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
    with pytest.raises(UsageError, match="needs 2 of"):
        made.step(x, (torch.zeros(1, 2, 5, dtype=torch.float64),))
    with pytest.raises(UsageError, match="on meta; this layer needs 2 of"):
        made.step(x, (torch.zeros(1, 2, 5, dtype=torch.float64, device="meta"),) * 2)
