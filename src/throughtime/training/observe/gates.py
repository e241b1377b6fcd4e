"""What gates, candidates and states do over time: whether a unit is saturated, whether it moves, whether it is dead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import valid_mask
from throughtime.cells.equations.graph import Graph
from throughtime.training.observe.watched import Call

# Where a squashing is called saturated: its slope there is 0.36 of its largest for the sigmoid (the bounds of Karpathy,
# Johnson and Li 2015) and 0.19 for tanh.
BOUNDS = {"sigmoid": (0.1, 0.9), "tanh": (-0.9, 0.9), "relu": (0.0, np.inf)}
STILL = 1e-3  # standard deviation over all rows and steps, below which a unit does not move


@dataclass(frozen=True)
class Units:
    """One named quantity over the valid steps of some rows; every entry holds a number for each unit.

    ``low`` and ``high`` are the shares of steps at which it is at or beyond the bounds of its squashing; a quantity
    without one, a state say, has neither.
    """

    place: str
    name: str
    squashing: str | None
    mean: np.ndarray
    spread: np.ndarray
    low: np.ndarray | None
    high: np.ndarray | None

    @property
    def saturated(self) -> float:
        """Share of all its values that are saturated, of ReLU those that are 0; 0 without a squashing."""
        return 0.0 if self.low is None or self.high is None else float((self.low + self.high).mean())

    @property
    def still(self) -> float:
        """Share of the units that do not move."""
        return float((self.spread < STILL).mean())

    @property
    def dead(self) -> float:
        """Of a ReLU, the share of units that are never above 0; else 0."""
        return float((self.low >= 1).mean()) if self.squashing == "relu" and self.low is not None else 0.0


def squashings(graph: Graph) -> dict[str, str]:
    """The quantities that a squashing gives, by name: ``{"i": "sigmoid", "g": "tanh", ...}`` for the LSTM."""
    return {name: graph.nodes[index].op for name, index in graph.names if graph.nodes[index].op in BOUNDS}


def units(call: Call) -> list[Units]:
    """Every named quantity and state of a call, in every layer and direction."""
    recorded = record_call(call)
    places = {direction.suffix[1:]: call.place(direction) for direction in call.layer.directions}
    kinds = squashings(call.layer.graph)
    found = []
    for key, values in recorded.items():
        way, _, name = key.partition(".")
        steps = valid_mask(call.lengths, values.shape[1])
        found.append(_measured(places[way], name, kinds.get(name), values[steps].flatten(1)))
    return found


def record_call(call: Call) -> Mapping[str, Tensor]:
    """The quantities of a call ``(B, T, H, ...)`` by ``l0.f``; the layer is run once more, with the same masks."""
    with torch.no_grad():
        return call.layer.record(**call.given)


def _measured(place: str, name: str, squashing: str | None, values: Tensor) -> Units:
    """``values (N, units)``."""
    values = values.double()
    low = high = None
    if squashing is not None:
        below, above = BOUNDS[squashing]
        low, high = (part.double().mean(0).cpu().numpy() for part in (values <= below, values >= above))
    mean, spread = values.mean(0), values.std(0, correction=0)
    return Units(place, name, squashing, mean.cpu().numpy(), spread.cpu().numpy(), low, high)
