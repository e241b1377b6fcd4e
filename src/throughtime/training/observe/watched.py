"""A batch run with every recurrent state in its place in autograd's graph, so that any gradient can be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.batch import Batch
from throughtime.cells.recurrent import Direction, Recurrent
from throughtime.training.asking import loss_of


@dataclass(frozen=True)
class Call:
    """One call of recurrent layers: what went in, what came out, and the states of each direction after every step.

    ``states[direction][name]`` has a tensor ``(B, H, *space)`` for each step in the order in which the direction runs:
    for one that runs backwards the first is that of each row's last valid step. ``handed`` are the last states as they
    were handed on, each ``(num_layers * directions, B, H, *space)``.
    """

    name: str
    layer: Recurrent
    given: Mapping[str, Any]
    states: dict[Direction, dict[str, list[Tensor]]] = field(default_factory=dict)
    output: list[Tensor] = field(default_factory=list)
    handed: list[Tensor] = field(default_factory=list)

    @property
    def lengths(self) -> Tensor:
        """Valid steps of each row ``(B,)``."""
        x, lengths = self.given["x"], self.given.get("lengths")
        return lengths if lengths is not None else torch.full(x.shape[:1], x.shape[1], device=x.device)

    def place(self, direction: Direction) -> str:
        """The direction in words."""
        return f"{self.name}, layer {direction.layer}" + (", backward" if direction.backward else "")


@dataclass(frozen=True)
class Watched:
    """The loss of a batch, and the calls of recurrent layers that it came from, in their order."""

    loss: Tensor
    calls: tuple[Call, ...]


def watched(model: nn.Module, batch: Batch) -> Watched:
    """Run ``model.loss(batch)`` by the reference, every state watched; nothing is added to the weights' gradients.

    Layers go by their names as modules, or by what ``model.called(name)`` makes of them.
    """
    calls: list[Call] = []
    called = getattr(model, "called", str)
    with ExitStack() as hooks, torch.enable_grad(), torch.random.fork_rng(devices=[]):
        for name, layer in model.named_modules():
            if isinstance(layer, Recurrent):
                hooks.enter_context(_kept(called(name), layer, calls))
        loss, _ = loss_of(model, batch)
    return Watched(loss, tuple(calls))


@contextmanager
def _kept(name: str, layer: Recurrent, calls: list[Call]) -> Iterator[None]:
    """Inside the block every call of ``layer`` is appended to ``calls``."""

    def begin(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = dict(zip(("x", "lengths", "state", "draw"), args, strict=False)) | kwargs
        calls.append(Call(name, layer, given))

    def keep(direction: Direction, step: int, state: str, values: Tensor) -> None:
        calls[-1].states.setdefault(direction, {}).setdefault(state, []).append(values)

    def end(_: nn.Module, args: tuple[Any, ...], output: tuple[Tensor, Any]) -> None:
        calls[-1].output.append(output[0])
        calls[-1].handed.extend(output[1])

    with ExitStack() as hooks:
        hooks.enter_context(layer.watching(keep))
        hooks.callback(layer.register_forward_pre_hook(begin, with_kwargs=True).remove)
        hooks.callback(layer.register_forward_hook(end).remove)
        yield
