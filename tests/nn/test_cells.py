"""Every other cell in torch's manner: the same as Recurrent, called in all the ways in which torch's modules are."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.cells.forms import FRAME, NAMES, assert_near, assert_same_bits, numbers, weighted
from tests.nn.pairs import fill, flat
from throughtime import nn
from throughtime.cells import Cell, cells, record, tanh
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError
from throughtime.nn.named import class_name

OTHERS = [name for name in NAMES if name not in ("rnn", "lstm", "gru")]
LENGTHS = torch.tensor([4, 7, 1, 6])


def leaky(p, x, h):  # type: ignore[no-untyped-def]
    """An Elman cell that leaks."""
    return 0.5 * h + 0.5 * tanh(p.W @ x + p.U @ h + p.b)


def both(name: str, **options: Any) -> tuple[Any, Recurrent]:
    """A module and a Recurrent with the same random weights."""
    sizes: tuple[Any, int] = (FRAME, 2) if cells[name].convolution else (3, 5)
    module = fill(getattr(nn, class_name(name))(*sizes, num_layers=2, bidirectional=True, **options)).double()
    recurrent = Recurrent(name, *sizes, num_layers=2, bidirectional=True).double()
    recurrent.load_state_dict(module.state_dict())
    return module, recurrent


def inputs(module: Any) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    sizes = module.directions[0].sizes
    x = numbers(4, 7, sizes.input_size, *sizes.space, seed=1)
    state = (numbers(4, 4, sizes.hidden_size, *sizes.space, seed=2 + k) for k in range(len(module.graph.states)))
    return x, tuple(state)


def as_taken(state: tuple[torch.Tensor, ...]) -> Any:
    return state if len(state) > 1 else state[0]


def test_their_names() -> None:
    wanted = {"LSTMPeephole", "LSTMLayerNorm", "LSTMCoupled", "LSTM1997", "GRUResetBefore", "GRUTwoGate"}
    wanted |= {"GRULayerNorm", "MGU", "IndRNN", "ConvLSTM"}
    assert wanted <= {class_name(name) for name in OTHERS}
    for name in OTHERS:
        made = getattr(nn, class_name(name))
        assert made.__name__ == class_name(name) and made is getattr(nn, class_name(name))
        assert cells[name].title in made.__doc__


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("name", OTHERS)
def test_in_every_manner_of_calling(name: str, batch_first: bool) -> None:
    module, recurrent = both(name, batch_first=batch_first)
    x, state = inputs(module)
    laid = x if batch_first else x.transpose(0, 1)
    for lengths in (None, LENGTHS):
        output, after = recurrent(x, lengths, state)
        found, *found_after = flat(module(laid, as_taken(state), lengths=lengths))
        assert_near(found if batch_first else found.transpose(0, 1), output, "output")
        for ours, expected in zip(found_after, after, strict=True):
            assert_near(ours, expected, "state")
    packed, after_packed = module(
        pack_padded_sequence(laid, LENGTHS, batch_first, enforce_sorted=False), as_taken(state)
    )
    found, *found_after = flat((pad_packed_sequence(packed, True)[0], after_packed))
    assert_near(found, output, "pack")
    for ours, expected in zip(found_after, after, strict=True):
        assert_near(ours, expected, "state after a pack")
    alone, *after_alone = flat(module(x[2], as_taken(tuple(part[:, 2] for part in state))))
    expected, expected_after = recurrent(x[2:3], None, tuple(part[:, 2:3] for part in state))
    assert_near(alone, expected[0], "one sequence")
    for ours, theirs in zip(after_alone, expected_after, strict=True):
        assert_near(ours, theirs[:, 0], "state of one sequence")


@pytest.mark.parametrize("name", OTHERS)
def test_gradients_through_a_pack(name: str) -> None:
    module, recurrent = both(name)
    x, _ = inputs(module)
    weighted(recurrent(x, LENGTHS)[0]).backward()
    packed = pack_padded_sequence(x, LENGTHS, True, enforce_sorted=False)
    weighted(pad_packed_sequence(module(packed)[0], True)[0]).backward()
    for key, parameter in module.named_parameters():
        assert_near(parameter.grad, recurrent.get_parameter(key).grad, key)


@pytest.mark.parametrize("name", OTHERS)
def test_a_form_and_no_bias(name: str) -> None:
    options = {key: "relu" for key in cells[name].options if key == "activation"}
    sizes: tuple[Any, int] = (FRAME, 2) if cells[name].convolution else (3, 5)
    module = getattr(nn, class_name(name))(*sizes, bias=False, **options)
    assert module.graph.signature == cells[name].graph(bias=False, **options).signature
    assert not any("bias" in key for key, _ in module.named_parameters())
    assert "bias=False" in repr(module) and all(f"{key}={value}" in repr(module) for key, value in options.items())
    with pytest.raises(UsageError, match="unknown option of the cell"):
        getattr(nn, class_name(name))(*sizes, actvation="relu")


@pytest.mark.parametrize("name", OTHERS)
def test_first_weights(name: str) -> None:
    made, sizes = getattr(nn, class_name(name)), ((FRAME, 4) if cells[name].convolution else (3, 4))
    torch.manual_seed(1)
    module = made(*sizes)
    torch.manual_seed(1)
    again = made(*sizes, dtype=torch.float32, device="cpu")
    torch.manual_seed(1)
    module.reset_parameters()
    for key, parameter in module.named_parameters():
        assert_same_bits(parameter, again.get_parameter(key))
        if key.startswith(("weight", "bias")):
            assert 0.1 < float(parameter.detach().abs().max()) <= 0.5, key  # in ±1/√4
    assert [len(row) for row in module.all_weights] == [len(list(module.parameters()))]
    assert module.flatten_parameters() is None


def test_the_text_of_a_module() -> None:
    assert repr(nn.MGU(3, 5)) == "MGU(3, 5)"
    text = "LSTMPeephole(3, 5, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, gate=relu)"
    assert repr(nn.LSTMPeephole(3, 5, 2, False, True, 0.5, True, gate="relu")) == text
    assert repr(nn.Layer("lstm:bias=no", 3, 5)) == "Layer(lstm, 3, 5, bias=False)"
    assert repr(nn.ConvLSTM(FRAME, 2)) == "ConvLSTM((2, 3, 4), 2)"
    assert list(inspect.signature(nn.MGU).parameters)[:3] == ["input_size", "hidden_size", "num_layers"]
    assert inspect.signature(nn.MGU).parameters["activation"].default == "tanh"


@pytest.mark.parametrize("given", ["cell", "graph", "name"])
def test_a_cell_of_ones_own(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = Cell("leaky", leaky)
    monkeypatch.setitem(cells._entries, "leaky", cell)
    graph = record(leaky, bias=True, convolution=False, name="leaky")
    module = fill(nn.Layer({"cell": cell, "graph": graph, "name": "leaky"}[given], 3, 5)).double()
    x = numbers(7, 4, 3, seed=1)
    h = torch.zeros(4, 5).double()
    for t in range(7):
        sums = x[t] @ module.weight_ih_l0.T + h @ module.weight_hh_l0.T + module.bias_l0
        h = 0.5 * h + 0.5 * sums.tanh()
    assert_near(module(x)[1][0], h)
    assert repr(nn.Leaky(3, 5)) == "Leaky(3, 5)" and "Leaky" in dir(nn)


def test_an_output_of_its_own() -> None:
    module = fill(nn.Layer("rnn", 3, 5, num_layers=2, bidirectional=True, output=True, output_size=4)).double()
    recurrent = Recurrent("rnn:output=yes", 3, 5, num_layers=2, bidirectional=True, output_size=4).double()
    recurrent.load_state_dict(module.state_dict())
    x = numbers(7, 4, 3, seed=1)
    assert_near(module(x)[0].transpose(0, 1), recurrent(x.transpose(0, 1))[0])


def test_dropout_between_layers() -> None:
    module = nn.MGU(3, 5, 2, dropout=0.5)
    x = torch.randn(7, 4, 3)
    torch.manual_seed(1)
    first, other = module(x)[0], module(x)[0]
    torch.manual_seed(1)
    assert_same_bits(module(x)[0], first)
    assert (first - other).abs().max() > 1e-3
    assert_same_bits(module.eval()(x)[0], module(x)[0])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.MGU(3, 0), ValueError, "hidden_size must be greater than zero"),
        (lambda: nn.MGU(0, 5), ValueError, "input_size must be greater than zero"),
        (lambda: nn.MGU(3, 5, 0), ValueError, "num_layers must be greater than zero"),
        (lambda: nn.MGU(3, 5, dropout=1.5), ValueError, r"dropout should be a number in range \[0, 1\]"),
        (lambda: nn.MGU(3, 2.5), TypeError, "hidden_size should be of type int, got: float"),
        (lambda: nn.MGU((3, 4, 4), 5), TypeError, "input_size should be of type int"),
        (lambda: nn.MGU(2.5, 5), TypeError, "input_size should be of type int"),
        (lambda: nn.ConvLSTM(3, 5), TypeError, r"input_size should be of type \(channels, height, width\)"),
        (lambda: nn.MGU(3, 5, bias=1), TypeError, "bias should be of type bool, got: int"),
        (lambda: nn.MGU(3, 5, batch_first="no"), TypeError, "batch_first should be of type bool"),
        (lambda: nn.MGU(3, 5, kernel_size=3), UsageError, "not convolutional"),
        (lambda: nn.ConvLSTM(FRAME, 2, kernel_size=2), UsageError, "must be odd"),
        (lambda: nn.MGU(3, 5, output_size=3), UsageError, "output_size: the output of the cell mgu is its state"),
        (lambda: nn.Layer("ltsm", 3, 5), UsageError, 'did you mean "lstm"'),
        (lambda: nn.Layer("mgu:bias=no", 3, 5, activation="relu"), UsageError, "a form of its own"),
        (lambda: nn.Layer(cells["mgu"].graph(), 3, 5, bias=False), UsageError, "bias=no"),
        (lambda: nn.Layer(leaky, 3, 5), UsageError, "give the name under which it is registered"),
        (lambda: nn.MGU(3, 5)(torch.randn(7, 4, 2)), RuntimeError, "input.size.-1. must be equal to input_size"),
        (lambda: nn.MGU(3, 5)(torch.randn(3)), ValueError, "MGU: Expected input to be 2D or 3D, got 1D instead"),
        (lambda: nn.MGU(3, 5)(torch.randn(7, 4, 3).double()), ValueError, "does not match weight dtype"),
        (lambda: nn.MGU(3, 5)(torch.randn(7, 4, 3), torch.zeros(1, 4, 4)), RuntimeError, "Expected hidden size"),
        (lambda: nn.ConvLSTM(FRAME, 2)(torch.randn(7, 4, 2, 3, 3)), RuntimeError, "frames must be of input_size"),
        (lambda: nn.ConvLSTM(FRAME, 2)(torch.randn(7, 2, 3)), ValueError, "Expected input to be 4D or 5D, got 3D"),
    ],
)
def test_what_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
