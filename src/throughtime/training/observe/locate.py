"""Where a non-finite value comes from: the tensor, the layer, the time step and the sample.

The batch is run again, which gives the same numbers, since nothing random is drawn outside it.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.batch import Batch, Sequences, without_padding
from throughtime.cells.recurrent import Direction, Recurrent
from throughtime.training.asking import loss_of


@dataclass(frozen=True)
class Inside:
    """Where in recurrent layers: the module by name, its layer and direction, and the cell's quantity or state.

    ``running`` is the step in the order in which the direction runs, from 0, within the batch.
    """

    module: str
    layer: int
    backward: bool
    quantity: str
    running: int
    gradient: bool = False


@dataclass(frozen=True)
class Located:
    """The first non-finite value: which tensor, and, where they are known, time step (from 0) and sample.

    ``inside`` says it for values of recurrent layers, in parts.
    """

    tensor: str
    value: float
    step: int | None = None
    sample: int | None = None
    inside: Inside | None = None

    def __str__(self) -> str:
        step = "" if self.step is None else f" at time step {self.step}"
        sample = "" if self.sample is None else f" of sample {self.sample}"
        return f"the first value that is not finite is {self.value} in {self.tensor}{step}{sample}"


def locate(model: nn.Module, batch: Batch) -> Located | None:
    """Search the batch, the weights, the way forward and the way back of ``model.loss(batch)``.

    None if all is finite. The model's gradients are gone afterwards.
    """
    return _in_inputs(batch) or _in_weights(model) or _forward(model, batch) or _backward(model, batch)


def _in_inputs(batch: Batch) -> Located | None:
    for name, column in batch.columns.items():
        data, lengths = (column.data, column.lengths) if isinstance(column, Sequences) else (column, None)
        if here := _first(f'the column "{name}"', _without_padding(data, lengths), batch, lengths is not None):
            return here
    return None


def _in_weights(model: nn.Module) -> Located | None:
    for name, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            return Located(f"the weight {name}", _example(weight.detach()))
    return None


def _forward(model: nn.Module, batch: Batch) -> Located | None:
    """The first module whose output is not finite; of a recurrent one, the first quantity of the first step."""
    found: list[Located] = []

    def look(name: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if found:
            return
        here = None
        hidden = getattr(output, "hidden", output)  # an encoder's output is more than a tensor
        if isinstance(module, Recurrent):
            given = dict(zip(("x", "lengths", "state", "draw"), args, strict=False)) | kwargs
            here = _look_inside(name, module, given, batch)
        elif isinstance(hidden, Tensor):
            here = _first(f"the output of {name}" if name else "the output", hidden, batch, hidden.dim() > 2)
        if here is not None:
            found.append(here)

    with ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            hooks.callback(module.register_forward_hook(partial(look, name), with_kwargs=True).remove)
        loss, _ = loss_of(model, batch)
    if not found and not bool(torch.isfinite(loss)):
        return Located("the loss", float(loss))
    return found[0] if found else None


def _look_inside(name: str, layer: Recurrent, given: dict[str, Any], batch: Batch) -> Located | None:
    """The lowest layer that goes wrong; there the first step as it runs, and there the first quantity computed."""
    lengths = given.get("lengths")
    if here := _first(f"the input of {name}", _without_padding(given["x"], lengths), batch, True):
        return here
    found: dict[str, list[Located]] = {}
    for key, values in layer.record(**given).items():
        way, _, quantity = key.partition(".")
        layer_number = way[1:].partition("_")[0]
        where = f"{quantity} of the cell in {name}, layer {layer_number}{', backward' if _runs_back(way) else ''}"
        if here := _first(where, _without_padding(values, lengths), batch, True, from_end=_runs_back(way)):
            running = _running(here, batch, lengths, values.shape[1], _runs_back(way))
            inside = Inside(name, int(layer_number), _runs_back(way), quantity, running)
            found.setdefault(way, []).append(replace(here, inside=inside))
    for way, places in found.items():
        return (max if _runs_back(way) else min)(places, key=lambda place: place.step or 0)
    return None


def _runs_back(way: str) -> bool:
    return way.endswith("_reverse")


def _running(here: Located, batch: Batch, lengths: Tensor | None, steps: int, backward: bool) -> int:
    """The step within the batch, counted as the direction runs: a backward one begins at the sample's last step."""
    assert here.step is not None and here.sample is not None
    step = here.step - batch.offset
    if not backward:
        return step
    row = batch.sample_ids.tolist().index(here.sample)
    return (steps if lengths is None else int(lengths[row])) - 1 - step


def _backward(model: nn.Module, batch: Batch) -> Located | None:
    """The first gradient, on its way back from the loss, that is not finite."""
    layers = {name: module for name, module in model.named_modules() if isinstance(module, Recurrent)}
    found: list[Located] = []

    def watcher(layer_name: str) -> Any:
        def watch(direction: Direction, step: int, state: str, values: Tensor) -> None:
            way = ", counted from the end" if direction.backward else ""
            what = f"the gradient of {state} in {layer_name}, layer {direction.layer}{way}"

            def look(gradient: Tensor) -> None:
                if not found and (here := _first(what, gradient, batch, False)):
                    inside = Inside(layer_name, direction.layer, direction.backward, state, step, gradient=True)
                    time = step if direction.backward else step + batch.offset
                    found.append(replace(here, step=time, inside=inside))

            if values.requires_grad:
                values.register_hook(look)

        return watch

    model.zero_grad(set_to_none=True)
    with ExitStack() as stack:
        for name, layer in layers.items():
            stack.enter_context(layer.watching(watcher(name)))
        loss, _ = loss_of(model, batch)
    loss.backward()
    gradients = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad(set_to_none=True)
    if found:
        return found[0]
    for name, gradient in gradients.items():
        if not bool(torch.isfinite(gradient).all()):
            return Located(f"the gradient of the weight {name}", _example(gradient))
    return None


def _without_padding(values: Tensor, lengths: Tensor | None) -> Tensor:
    return values if lengths is None else without_padding(values, lengths)


def _first(name: str, values: Tensor, batch: Batch, has_time: bool, *, from_end: bool = False) -> Located | None:
    """The first non-finite value of ``(B, T, ...)`` or ``(B, ...)``: the earliest step, or the latest; then the row."""
    if values.dim() == 0 or len(values) != len(batch):
        return None
    bad = ~torch.isfinite(values.detach())
    if not bool(bad.any()):
        return None
    step = None
    if has_time:
        step = int(bad.reshape(*bad.shape[:2], -1).any(2).any(0).nonzero()[-1 if from_end else 0])
        bad, values = bad[:, step], values[:, step]
    row = int(bad.reshape(len(bad), -1).any(1).nonzero()[0])
    time = None if step is None else step + batch.offset
    return Located(name, _example(values[row].detach()), time, int(batch.sample_ids[row]))


def _example(values: Tensor) -> float:
    return float(values.flatten()[~torch.isfinite(values.flatten())][0])
