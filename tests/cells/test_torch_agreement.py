"""Where torch has the cell: outputs, states and every gradient equal those of torch.nn on packed sequences."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.cells.forms import (
    NATIVE,
    TORCH_FORMS,
    assert_near,
    assert_same_bits,
    engines,
    fastest,
    inputs,
    layer,
    numbers,
    start,
    weighted,
)
from throughtime.cells.recurrent import Recurrent
from throughtime.cells.torch_weights import from_torch, load_torch_state, to_torch, to_torch_state
from throughtime.errors import UsageError

LENGTHS = torch.tensor([4, 7, 0, 1, 7, 3])
RUNNING = torch.tensor([0, 1, 3, 4, 5])  # torch cannot pack a sequence without steps


def filled(text: str, dtype: torch.dtype) -> nn.RNNBase:
    """Torch's own layer with distinct random weights, in both biases."""
    name, _, rest = text.partition(":")
    options = dict(part.split("=") for part in rest.split(",")) if rest else {}
    extra = {"nonlinearity": options["activation"]} if "activation" in options else {}
    kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[name]
    bias = options.get("bias") != "no"
    module = kind(3, 5, num_layers=2, bidirectional=True, bias=bias, batch_first=True, dtype=dtype, **extra)
    with torch.no_grad():
        for index, parameter in enumerate(module.parameters()):
            parameter.copy_(0.4 * numbers(*parameter.shape, seed=200 + index))
    return module


def packed(module: nn.RNNBase, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Torch's truth for rows that have steps: the output, 0 in the padding, and the last state."""
    pack = pack_padded_sequence(x, LENGTHS[RUNNING], batch_first=True, enforce_sorted=False)
    output, last = module(pack, state if isinstance(module, nn.LSTM) else state[0])
    last = last if isinstance(last, tuple) else (last,)
    return pad_packed_sequence(output, batch_first=True, total_length=7)[0], *last


def expected_gradients(module: nn.RNNBase, made: Recurrent) -> dict[str, Tensor]:
    """Torch's gradients as those of our parameters: our one bias has the gradient of either of torch's."""
    found = {}
    for name, _ in made.named_parameters():
        if not name.startswith("bias"):
            found[name] = getattr(module, name).grad
            continue
        first, second = (getattr(module, name.replace("bias", key)).grad for key in ("bias_ih", "bias_hh"))
        found[name] = torch.cat([first, second[-5:]]) if isinstance(module, nn.GRU) else first
    return found


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("engine", engines("lstm"))
@pytest.mark.parametrize("text", TORCH_FORMS)
def test_unequal_lengths_both_directions_two_layers(text: str, engine: str, dtype: torch.dtype) -> None:
    module = filled(text, dtype)
    made = from_torch(module)
    made.engine = engine
    ours = [value.requires_grad_() for value in (inputs(made, 6, 7), *start(made, 6))]
    x, *state = (value.detach().clone().requires_grad_() for value in ours)
    truth = packed(module, x[RUNNING], tuple(part[:, RUNNING] for part in state))
    output, new_state = made(ours[0], LENGTHS, tuple(ours[1:]))
    assert_near(output[RUNNING], truth[0], "output")
    for found, expected in zip(new_state, truth[1:], strict=True):
        assert_near(found[:, RUNNING], expected, "state")
    weighted(*truth).backward()
    weighted(output[RUNNING], *(part[:, RUNNING] for part in new_state)).backward()
    for name, gradient in expected_gradients(module, made).items():
        assert_near(getattr(made, name).grad, gradient, name)
    assert_near(ours[0].grad, x.grad, "x")
    for found, expected in zip(ours[1:], state, strict=True):
        assert_near(found.grad, expected.grad, "first state")


@pytest.mark.parametrize("engine", engines("lstm"))
@pytest.mark.parametrize("text", TORCH_FORMS)
def test_a_row_without_steps_keeps_its_state(text: str, engine: str) -> None:
    made = layer(text, num_layers=2, bidirectional=True, engine=engine)
    x, state = inputs(made, 6, 7), tuple(part.requires_grad_() for part in start(made, 6))
    output, new_state = made(x, LENGTHS, state)
    assert not output[2].any()
    for found, given in zip(new_state, state, strict=True):
        assert_same_bits(found[:, 2], given[:, 2])
    weighted(*new_state).backward()
    for index, part in enumerate(state):
        assert_same_bits(part.grad[:, 2], numbers(*part.shape, seed=50 + index)[:, 2])


@pytest.mark.parametrize("text", TORCH_FORMS)
def test_weights_go_to_torch_and_back(text: str) -> None:
    made = layer(text, num_layers=2, bidirectional=True)
    module = to_torch(made)
    x = inputs(made, 2, 4)
    assert_near(module(x)[0], made(x)[0])
    assert set(to_torch_state(made)) == set(module.state_dict())
    for name, weight in from_torch(module).state_dict().items():
        assert_same_bits(weight, made.state_dict()[name], name)


def test_reading_adds_the_two_biases() -> None:
    for module in (nn.LSTM(3, 5), nn.GRU(3, 5), nn.RNN(3, 5, nonlinearity="relu")):
        x = numbers(4, 2, 3, seed=1, dtype=torch.float32)
        assert_near(from_torch(module)(x.transpose(0, 1))[0].transpose(0, 1), module(x)[0])


def test_dropout_and_mode_move_along() -> None:
    made = from_torch(nn.GRU(3, 5, num_layers=2, dropout=0.25).eval())
    assert made.dropout == 0.25 and not made.training
    assert to_torch(made).dropout == 0.25 and not to_torch(made).training
    assert from_torch(nn.LSTM(3, 5, dtype=torch.float64)).weight_ih_l0.dtype == torch.float64


def test_a_subclass_of_torchs_layer_is_read_too() -> None:
    class Mine(nn.GRU):
        pass

    assert from_torch(Mine(2, 3)).graph.cell == "gru"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="torch has no layer that computes the cell mgu"):
        to_torch(layer("mgu"))
    with pytest.raises(UsageError, match="torch's layers have no zoneout"):
        to_torch(layer("gru", zoneout=0.1))
    with pytest.raises(UsageError, match="projections"):
        from_torch(nn.LSTM(3, 5, proj_size=2))
    made = layer("gru")
    state = to_torch_state(made)
    with pytest.raises(UsageError, match=r"missing \['bias_hh_l0'\], left over \['other'\]"):
        load_torch_state(made, {"other" if name == "bias_hh_l0" else name: part for name, part in state.items()})
    with pytest.raises(UsageError, match=r"weight_hh_l0 has shape \(4, 5\); this layer needs \(15, 5\)"):
        load_torch_state(made, {**state, "weight_hh_l0": torch.zeros(4, 5)})


@pytest.mark.parametrize("scale", [1.0, 300.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_padding_holds_the_cell_state_whatever_the_weights(dtype: torch.dtype, scale: float) -> None:
    made = layer("lstm", dtype=dtype, engine="torch")
    with torch.no_grad():
        made.weight_hh_l0 *= scale
    x = inputs(made, 1, 3)
    alone, alone_state = made(x)
    padded, state = made(torch.cat([x, torch.zeros(1, 40, 3, dtype=dtype)], 1), torch.tensor([3]))
    assert_near(padded[:, :3], alone)
    for found, expected in zip(state, alone_state, strict=True):
        assert_near(found, expected)


def test_a_relu_does_not_explode_in_the_padding() -> None:
    made = layer("rnn:activation=relu", dtype=torch.float32, engine="torch")
    with torch.no_grad():
        made.weight_hh_l0.copy_(3 * torch.eye(5))
    x = inputs(made, 2, 200)
    output, (h,) = made(x, torch.tensor([3, 5]))
    weighted(output, h).backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad.isfinite().all(), name


def test_which_engine_runs() -> None:
    x = torch.zeros(2, 4, 3)
    assert Recurrent("lstm", 3, 5).used_engine(x) == fastest("lstm")
    assert Recurrent("lstm", 3, 5, engine="reference").used_engine(x) == "reference"
    for text in ("lstm_peephole", "gru:update_keeps=no", "rnn:output=yes"):
        assert Recurrent(text, 3, 5).used_engine(x) == fastest(text)
    noisy = "native" if NATIVE else "reference"
    assert Recurrent("gru", 3, 5, zoneout=0.1).used_engine(x) == noisy
    assert Recurrent("gru", 3, 5, state_clip=0.1).used_engine(x) == noisy
    assert Recurrent("gru", 3, 5, drop_connect=0.1).used_engine(x) == fastest("gru")
    recurrent = Recurrent("gru", 3, 5, recurrent_dropout=0.1)
    assert recurrent.used_engine(x) == noisy
    assert recurrent.eval().used_engine(x) == fastest("gru")
    assert Recurrent("convlstm", (2, 4, 4), 3).used_engine(torch.zeros(2, 4, 2, 4, 4)) == fastest("convlstm")


REFUSALS = [
    ("mgu", {}, "torch has no layer that computes the cell mgu"),
    ("lstm:activation=relu", {}, "torch has no layer that computes the cell lstm:activation=relu"),
    ("lstm", {"recurrent_dropout": 0.2}, "torch's layers have no recurrent dropout"),
    ("lstm", {"zoneout": 0.2}, "torch's layers have no zoneout"),
]


@pytest.mark.parametrize(("text", "options", "reason"), REFUSALS)
def test_engine_torch_is_refused_with_the_reason(text: str, options: dict[str, float], reason: str) -> None:
    made = layer(text, engine="torch", **options)
    with pytest.raises(UsageError, match=f"engine torch cannot run this: {reason}; use --engine auto or reference"):
        made(inputs(made, 2, 3))


def test_what_is_recorded_is_run_by_the_reference() -> None:
    made = layer("gru", engine="torch")
    x = inputs(made, 2, 3)
    assert_same_bits(made.record(x)["l0.h"], layer("gru", engine="reference").record(x)["l0.h"])


def test_the_environment_names_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ENGINE", "reference")
    assert Recurrent("gru", 3, 5).used_engine(torch.zeros(1, 1, 3)) == "reference"
    assert Recurrent("gru", 3, 5, engine="torch").used_engine(torch.zeros(1, 1, 3)) == "torch"
    monkeypatch.setenv("THROUGHTIME_ENGINE", "torhc")
    with pytest.raises(UsageError, match='unknown engine in THROUGHTIME_ENGINE "torhc"; did you mean "torch"?'):
        Recurrent("gru", 3, 5)


def test_an_unknown_engine_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match='unknown engine "refrence"; did you mean "reference"?'):
        Recurrent("gru", 3, 5, engine="refrence")
