"""The steps before a value that is not finite: one sample in one layer and direction, step by step.

A layer's quantities come from its record, which the reference makes whatever engine trained; its gradients are those of
the states, each a coordinate of its own (:meth:`throughtime.Recurrent.watching`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.batch import Batch
from throughtime.cells.layers import Direction
from throughtime.cells.recurrent import Recurrent
from throughtime.training.asking import loss_of

BEFORE = 20  # steps that are shown before the one that failed


@dataclass(frozen=True)
class Call:
    """A recurrent module that read the batch, by name: what it was given, and the row of its largest output."""

    name: str
    layer: Recurrent
    given: Mapping[str, Any]
    largest: int

    def steps(self, row: int) -> int:
        lengths = self.given.get("lengths")
        return int(self.given["x"].shape[1] if lengths is None else lengths[row])


@dataclass(frozen=True)
class Site:
    """The place from which a trail goes back: a row of a call, and the step as the direction runs.

    ``exact`` is False where the failure lies behind the layers, and the trail shows what they handed on.
    """

    call: Call
    layer: int
    backward: bool
    row: int
    running: int
    exact: bool

    @property
    def way(self) -> str:
        return f"l{self.layer}" + ("_reverse" if self.backward else "")

    def time(self, running: int) -> int:
        """The step in the order of the text, from 0, within the batch."""
        return self.call.steps(self.row) - 1 - running if self.backward else running


@dataclass(frozen=True)
class Trail:
    """One sample in one layer and direction, the steps in the order in which its values, or gradients, came about.

    ``steps`` are times from 0, the last one failed. ``sizes`` hold by quantity the largest absolute value of its units
    at each step, ``gradients`` by state the length of its gradient: empty where the way forward failed.
    """

    module: str
    layer: int
    backward: bool
    sample: int
    exact: bool
    steps: tuple[int, ...]
    sizes: Mapping[str, tuple[float, ...]]
    gradients: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    tokens: tuple[str, ...] | None = None

    @property
    def failing(self) -> int:
        """The time of the step that failed."""
        return self.steps[-1]

    @property
    def finite(self) -> bool:
        """Whether all that is shown is."""
        columns = (*self.sizes.values(), *self.gradients.values())
        return all(math.isfinite(value) for column in columns for value in column)

    def header(self) -> list[str]:
        gradients = [f"|dF/d{name}|" for name in self.gradients]
        return ["step", *(["token"] if self.tokens else []), *gradients, *self.sizes]

    def rows(self) -> list[list[str]]:
        """A row a step: its time, the token where it is known, and the figures under their names."""
        shown = []
        for k, step in enumerate(self.steps):
            figures = [f"{values[k]:.3g}" for values in (*self.gradients.values(), *self.sizes.values())]
            shown.append([str(step), *([self.tokens[k]] if self.tokens else []), *figures])
        return shown

    def title(self) -> str:
        direction = "backward" if self.backward else "forward"
        where = f"{self.module}, layer {self.layer}, {direction}, sample {self.sample}"
        sizes = "the largest absolute value of each quantity"
        lengths = ", and the length of each state's gradient, as it goes back" if self.gradients else ""
        behind = "" if self.exact else "; what failed lies outside this layer's steps"
        return f"{where}: {sizes}{lengths}{behind}"

    def lines(self) -> list[str]:
        """The title and a table."""
        table = [self.header(), *self.rows()]
        widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
        return [self.title()] + ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in table]

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title(),
            "header": self.header(),
            "rows": self.rows(),
            "steps": list(self.steps),
            "largest": {name: _plain(values) for name, values in self.sizes.items()},
            "gradients": {name: _plain(values) for name, values in self.gradients.items()},
        }


def calls(model: nn.Module, batch: Batch) -> list[Call]:
    """The recurrent modules that read the batch's samples, in the order in which they ran."""
    made: list[Call] = []

    def look(name: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        given = dict(zip(("x", "lengths", "state", "draw"), args, strict=False)) | kwargs
        if isinstance(module, Recurrent) and len(given["x"]) == len(batch):
            sizes = output[0].abs().flatten(1).nan_to_num(nan=math.inf).amax(1) if output[0].numel() else None
            made.append(Call(name, module, given, 0 if sizes is None else int(sizes.argmax())))

    with ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            hooks.callback(module.register_forward_hook(partial(look, name), with_kwargs=True).remove)
        loss_of(model, batch)
    return made


def before_forward(model: nn.Module, batch: Batch, site: Site, tokens: Sequence[str] | None) -> Trail:
    """The steps that led to the site on the way forward, and its own."""
    return _trail(batch, site, range(max(0, site.running - BEFORE), site.running + 1), {}, tokens)


def before_gradient(model: nn.Module, batch: Batch, site: Site, tokens: Sequence[str] | None) -> Trail:
    """The steps through which the gradient came to the site, the latest first."""
    last = min(site.running + BEFORE, site.call.steps(site.row) - 1)
    steps = range(last, site.running - 1, -1)
    lengths = _gradient_lengths(model, batch, site)
    states = site.call.layer.graph.states
    gradients = {name: tuple(lengths.get((step, name), 0.0) for step in steps) for name in states}
    return _trail(batch, site, steps, gradients, tokens)


def _trail(
    batch: Batch,
    site: Site,
    steps: Iterable[int],
    gradients: Mapping[str, tuple[float, ...]],
    tokens: Sequence[str] | None,
) -> Trail:
    times = [site.time(step) for step in steps]
    return Trail(
        site.call.name,
        site.layer,
        site.backward,
        int(batch.sample_ids[site.row]),
        site.exact,
        tuple(time + batch.offset for time in times),
        _sizes(site, times),
        gradients,
        None if tokens is None else tuple(tokens[time] for time in times),
    )


@torch.no_grad()
def _sizes(site: Site, times: Sequence[int]) -> dict[str, tuple[float, ...]]:
    found = {}
    for key, values in site.call.layer.record(**site.call.given).items():
        way, _, name = key.partition(".")
        if way == site.way:
            found[name] = tuple(_largest(values[site.row, time]) for time in times)
    return found


def _largest(values: Tensor) -> float:
    """Of the absolute values; NaN where one is NaN."""
    return float(values.abs().max())


def _gradient_lengths(model: nn.Module, batch: Batch, site: Site) -> dict[tuple[int, str], float]:
    """By step as the direction runs, and state."""
    found: dict[tuple[int, str], float] = {}

    def watch(direction: Direction, step: int, state: str, values: Tensor) -> None:
        def keep(gradient: Tensor) -> None:
            found[step, state] = float(torch.linalg.vector_norm(gradient[site.row], dtype=torch.float64))

        if (direction.layer, direction.backward) == (site.layer, site.backward) and values.requires_grad:
            values.register_hook(keep)

    model.zero_grad(set_to_none=True)
    with site.call.layer.watching(watch):
        loss, _ = loss_of(model, batch)
    loss.backward()
    model.zero_grad(set_to_none=True)
    return found


def _plain(values: Iterable[float]) -> list[float | str]:
    return [value if math.isfinite(value) else str(value) for value in values]
