"""A module of torch.nn and ours with the same distinct random weights, and what both say of the same call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.cells.forms import NATIVE, assert_near, numbers, weighted
from throughtime import nn

KINDS: dict[str, dict[str, Any]] = {"RNN": {}, "RNN relu": {"nonlinearity": "relu"}, "LSTM": {}, "GRU": {}}
ENGINES = ("auto", "reference")
OURS = "auto" if NATIVE else "reference"  # under which torch's own forward has no part in the work
DEEP = {"num_layers": 2, "bidirectional": True}

Run = Callable[[torch.nn.Module, Tensor, Any], tuple[Tensor, ...]]


def made(space: Any, kind: str, *sizes: int, **options: Any) -> torch.nn.RNNBase:
    """A kind of module of torch.nn or of ours."""
    return getattr(space, kind.split()[0])(*(sizes or (3, 5)), **KINDS[kind], **options)


def pair(kind: str, dtype: torch.dtype = torch.float64, **options: Any) -> tuple[torch.nn.RNNBase, torch.nn.RNNBase]:
    """Torch's and ours; every parameter random and distinct, both biases too."""
    theirs, ours = made(torch.nn, kind, dtype=dtype, **options), made(nn, kind, dtype=dtype, **options)
    fill(theirs)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


@torch.no_grad()
def fill(module: torch.nn.Module, spread: float = 0.4) -> torch.nn.Module:
    for index, parameter in enumerate(module.parameters()):
        parameter.copy_(spread * numbers(*parameter.shape, seed=300 + index))
    return module


def initial(module: Any, *batch: int, dtype: torch.dtype = torch.float64) -> Any:
    """A random first state as the module takes it: ``(rows, *batch, H)``, one or a tuple of two."""
    rows = module.num_layers * (2 if module.bidirectional else 1)
    states = [numbers(rows, *batch, module.hidden_size, seed=9 + k, dtype=dtype) for k in range(2)]
    return tuple(states) if module.mode == "LSTM" else states[0]


def flat(result: Any) -> tuple[Tensor, ...]:
    """Output and states of a call, one after the other; of a pack its data."""
    output, state = result
    output = output.data if isinstance(output, torch.nn.utils.rnn.PackedSequence) else output
    return (output, *(state if isinstance(state, tuple) else (state,)))


def leaves(hx: Any) -> Any:
    if hx is None:
        return None
    return tuple(map(leaves, hx)) if isinstance(hx, tuple) else hx.detach().clone().requires_grad_()


def simply(module: torch.nn.Module, x: Tensor, hx: Any) -> tuple[Tensor, ...]:
    return flat(module(x) if hx is None else module(x, hx))


def assert_same(theirs: Any, ours: Any, x: Tensor, hx: Any, run: Run = simply, their_run: Run | None = None) -> None:
    """Outputs, states and every gradient are equal."""
    found = []
    for module, go in ((theirs, their_run or run), (ours, run)):
        its_x, its_hx = leaves(x), leaves(hx)
        module.zero_grad()
        results = go(module, its_x, its_hx)
        weighted(*results).backward()
        states = its_hx if isinstance(its_hx, tuple) else () if its_hx is None else (its_hx,)
        gradients = {"x": its_x.grad, **{f"hx {k}": part.grad for k, part in enumerate(states)}}
        gradients |= {name: parameter.grad for name, parameter in module.named_parameters()}
        found.append((results, gradients))
    (expected, wanted), (results, gradients) = found
    assert len(results) == len(expected) and list(gradients) == list(wanted)
    for number, (ours_, theirs_) in enumerate(zip(results, expected, strict=True)):
        assert_near(ours_, theirs_, f"result {number}")
    for name, gradient in gradients.items():
        assert (gradient is None) == (wanted[name] is None), name
        if gradient is not None:
            assert_near(gradient, wanted[name], f"gradient of {name}")
