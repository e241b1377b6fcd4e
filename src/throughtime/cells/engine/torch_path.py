"""Torch's own recurrent layers (oneDNN on the CPU, cuDNN on CUDA) for the cells that they compute.

A cell fits if its graph says the same as one of torch's and is stored in the same way, whatever else is named. Unequal
lengths go by padding and masking, never by packing, which costs several times more. While a row is padded, one more
input column holds what would do harm. For the LSTM the cell state after a row's last step is needed, which torch does
not hand out: the column drives the forget gate to 1 and the input gate to 0, so that the cell state stands still until
the end. A relu could grow without bound in the padding, and infinity times a gradient of 0 is not 0: the column drives
it to 0.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.autograd import forward_ad

from throughtime.batch import valid_mask
from throughtime.cells.cell import cells
from throughtime.cells.engine.contract import Result, Work
from throughtime.cells.engine.native.untraced import untraced
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import stacks

# beyond every sum of a gate that is still a sensible number; the sigmoids of it and its opposite are exactly 1 and 0
_HOLD = 1e4
# far below every sum that is still a sensible number, in float32 too
_FLOOR = -1e30


@cache
def _forms() -> dict[object, str]:
    forms: dict[object, str] = {}
    for bias in (True, False):
        forms[_stored(cells["lstm"].graph(bias=bias))] = "lstm"
        forms[_stored(cells["gru"].graph(bias=bias))] = "gru"
        for activation in ("tanh", "relu"):
            forms[_stored(cells["rnn"].graph(activation=activation, bias=bias))] = f"rnn_{activation}"
    return forms


def _stored(graph: Graph) -> object:
    """What the cell computes and under which names its parameters are stored."""
    return graph.signature, tuple((stack.name, len(stack.members)) for stack in stacks(graph))


def torch_form(graph: Graph) -> str | None:
    """The function of torch that computes this cell: lstm, gru, rnn_tanh or rnn_relu; None if there is none."""
    return _forms().get(_stored(graph))


def why_not(work: Work) -> str | None:
    """Why torch cannot do this work, in words; None if it can."""
    if torch_form(work.graph) is None:
        return f"torch has no layer that computes the cell {work.graph.cell}"
    if work.noise.recurrent is not None:
        return "torch's layers have no recurrent dropout"
    if work.noise.zoneout is not None:
        return "torch's layers have no zoneout"
    if work.clip is not None:
        return "torch's layers do not bound their states"
    if work.looked_into:
        return "torch's layers hand out no intermediate quantities"
    if torch._C._functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0:
        return "torch's layers know no vmap, and not all of them forward-mode derivatives"
    return None


@untraced
def run(work: Work) -> Result:
    """The same as the reference's ``run``, by torch; ``why_not(work)`` must be None."""
    name = torch_form(work.graph)
    weights = torch_weights(name or "", work)
    if 0 in work.x.shape[:2]:
        return Result(work.x.new_zeros(*work.x.shape[:2], work.sizes.hidden_size), work.state)
    x, padding = work.x, None
    if work.lengths is not None and bool((work.lengths < x.shape[1]).any()):
        padding = ~valid_mask(work.lengths, x.shape[1])
        x = x.masked_fill(padding[..., None], 0)
    if padding is not None and name in ("lstm", "rnn_relu"):
        x = torch.cat([x, padding[..., None].to(x.dtype)], 2)
        weights = [torch.cat([weights[0], _hold_column(name, weights[0])], 1), *weights[1:]]
    state = tuple(part[None].contiguous() for part in work.state)
    output, *new = getattr(torch, name or "")(
        x,
        state if name == "lstm" else state[0],
        weights,
        len(weights) == 4,
        1,
        0.0,
        torch.is_grad_enabled(),
        False,
        True,
    )
    if padding is None:
        return Result(output, tuple(part[0] for part in new))
    h = _last(output, work)
    return Result(output.masked_fill(padding[..., None], 0), (h, *(part[0] for part in new[1:])))


def torch_weights(name: str, work: Work) -> list[Tensor]:
    """``weight_ih weight_hh [bias_ih bias_hh]`` as torch wants them.

    torch's second bias is 0, but for the GRU's n gate.
    """
    weights = [work.weights["weight_ih"], work.weights["weight_hh"]]
    if "bias" not in work.weights:
        return weights
    bias = work.weights["bias"]
    gates = weights[0].shape[0]
    second = torch.zeros_like(bias[:gates])
    if name == "gru":
        second = torch.cat([second[: -work.sizes.hidden_size], bias[gates:]])
    return [*weights, bias[:gates], second]


def _hold_column(name: str, weight: Tensor) -> Tensor:
    column = weight.new_zeros(len(weight), 1)
    if name == "rnn_relu":
        return column + _FLOOR
    size = len(weight) // 4
    column[:size] = -_HOLD  # the input gate
    column[size : 2 * size] = _HOLD  # the forget gate
    return column


def _last(output: Tensor, work: Work) -> Tensor:
    """The output at each row's last step; the state before for a row without steps."""
    lengths = work.lengths
    assert lengths is not None
    last = output[torch.arange(len(lengths), device=output.device), (lengths - 1).clamp(min=0)]
    return torch.where(lengths[:, None] > 0, last, work.state[0])
