"""Weights to and from torch's own layers: ``nn.RNN``, ``nn.LSTM`` and ``nn.GRU``.

torch keeps two biases where the equations need one (they are only ever added, but for the GRU's n gate): reading
adds them, writing puts 0 into the second.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from throughtime.cells.engine.torch_path import torch_form
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError

_CLASSES = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn_tanh": nn.RNN, "rnn_relu": nn.RNN}


def to_torch_state(layer: Recurrent) -> dict[str, Tensor]:
    """The layer's weights as torch's ``state_dict`` names and shapes them; UsageError if torch has no such layer."""
    name, state = _form(layer), {}
    for direction in layer.directions:
        for stack, weight in layer.weights(direction).items():
            weight = weight.detach().clone()
            if stack != "bias":
                state[stack + direction.suffix] = weight
                continue
            gates = 3 * layer.hidden_size if name == "gru" else len(weight)
            second = torch.zeros_like(weight[:gates])
            if name == "gru":
                second[2 * layer.hidden_size :] = weight[gates:]
            state["bias_ih" + direction.suffix] = weight[:gates].clone()
            state["bias_hh" + direction.suffix] = second
    return state


@torch.no_grad()
def load_torch_state(layer: Recurrent, state: Mapping[str, Tensor]) -> None:
    """Fill the layer from torch's ``state_dict``; UsageError names what is missing, left over or of another shape."""
    name, wanted = _form(layer), to_torch_state(layer)
    if set(wanted) != set(state):
        missing, extra = sorted(set(wanted) - set(state)), sorted(set(state) - set(wanted))
        raise UsageError(f"torch's weights do not fit: missing {missing or 'none'}, left over {extra or 'none'}")
    for key, weight in state.items():
        if weight.shape != wanted[key].shape:
            needed = tuple(wanted[key].shape)
            raise UsageError(f"torch's {key} has shape {tuple(weight.shape)}; this layer needs {needed}")
    for direction in layer.directions:
        for stack, weight in layer.weights(direction).items():
            if stack != "bias":
                weight.copy_(state[stack + direction.suffix])
                continue
            first, second = state["bias_ih" + direction.suffix], state["bias_hh" + direction.suffix]
            weight.copy_(joined_bias(name, first, second))


def joined_bias(name: str, first: Tensor, second: Tensor) -> Tensor:
    """The bias of the cell for ``bias_ih`` and ``bias_hh`` of torch's lstm, gru, rnn_tanh or rnn_relu."""
    if name != "gru":
        return first + second
    shared = len(first) // 3 * 2  # of r and z; the n gate keeps both, for the reset acts between them
    return torch.cat([first[:shared] + second[:shared], first[shared:], second[shared:]])


def to_torch(layer: Recurrent) -> nn.RNNBase:
    """A layer of torch that computes the same (``batch_first``); UsageError if there is none.

    >>> to_torch(Recurrent("gru", 3, 5))
    GRU(3, 5, batch_first=True)
    """
    name = _form(layer)
    for option in ("residual", "learned_state", "locked", "recurrent_dropout", "zoneout", "drop_connect"):
        if getattr(layer, option):
            raise UsageError(f"torch's layers have no {option}")
    extra = {"nonlinearity": name.removeprefix("rnn_")} if name.startswith("rnn_") else {}
    module = _CLASSES[name](
        layer.input_size,
        layer.hidden_size,
        num_layers=layer.num_layers,
        bias=any(stack.startswith("bias") for stack in layer.weights(layer.directions[0])),
        batch_first=True,
        dropout=layer.dropout,
        bidirectional=layer.bidirectional,
        **extra,
    ).to(next(layer.parameters()))
    module.load_state_dict(to_torch_state(layer))
    return module.train(layer.training)


def from_torch(module: nn.RNNBase) -> Recurrent:
    """A layer that computes the same as torch's; UsageError for projections, which no cell here has.

    >>> from_torch(torch.nn.LSTM(3, 5)).graph.cell
    'lstm'
    """
    if module.proj_size:
        raise UsageError("projections (proj_size) have no counterpart among the cells; use a layer without")
    name, _, activation = module.mode.lower().partition("_")
    options = [] if module.bias else ["bias=no"]
    options += [f"activation={activation}"] if activation == "relu" else []
    cell = name + (":" + ",".join(options) if options else "")
    layer = Recurrent(
        cell,
        module.input_size,
        module.hidden_size,
        num_layers=module.num_layers,
        bidirectional=module.bidirectional,
        dropout=module.dropout if module.num_layers > 1 else 0.0,
    ).to(next(module.parameters()))
    load_torch_state(layer, module.state_dict())
    return layer.train(module.training)


def _form(layer: Recurrent) -> str:
    name = torch_form(layer.graph)
    if name is None:
        raise UsageError(f"torch has no layer that computes the cell {layer.graph.cell}")
    return name
