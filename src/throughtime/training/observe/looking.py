"""One look into a network: gradients by distance, the step's Jacobian, and the gates, of every recurrent layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from throughtime.batch import Batch, Sequences
from throughtime.cells.equations import Graph
from throughtime.cells.recurrent import Direction
from throughtime.training.observe.distances import Distances, distances
from throughtime.training.observe.gates import Units, units
from throughtime.training.observe.jacobian import MOST, spectral_norms
from throughtime.training.observe.watched import Call, watched

FEW = 8  # iterations


@dataclass(frozen=True)
class Look:
    """What one recurrent layer does in one direction with the rows of a batch.

    ``distances`` is None where no gradient enters; ``jacobian`` is ‖∂s_t/∂s_{t-1}‖, the mean over the rows at the last
    step that all of them have, None where they have one step only.
    """

    place: str
    graph: Graph
    distances: Distances | None
    jacobian: float | None
    units: tuple[Units, ...]


def look(model: nn.Module, batch: Batch, *, roughly: bool = False) -> list[Look]:
    """Run ``model.loss(batch)`` and look into every recurrent layer and direction, in their order.

    ``roughly``: the norm of the Jacobian from a few iterations, to some hundredths.
    """
    seen = watched(model, batch)
    reached = {entry.place: entry for entry in distances(seen)}
    found = []
    for call in seen.calls:
        measured = units(call)
        for direction in call.states:
            place = call.place(direction)
            mine = tuple(entry for entry in measured if entry.place == place)
            norm = _jacobian(call, direction, FEW if roughly else MOST)
            found.append(Look(place, call.layer.graph, reached.get(place), norm, mine))
    return found


def _jacobian(call: Call, direction: Direction, most: int) -> float | None:
    last = int(call.lengths.min()) - 1
    if last < 1:
        return None
    before, after = ([kept[step] for kept in call.states[direction].values()] for step in (last - 1, last))
    return float(spectral_norms(before, after, most).mean())


def longest_rows(batch: Batch, count: int, most: int | None = None) -> Batch | None:
    """So many rows of a batch, the longest of at most ``most`` steps; None if it has none of these."""
    lengths = [column.lengths for column in batch.columns.values() if isinstance(column, Sequences)]
    if not lengths:
        return batch.rows(torch.arange(min(count, len(batch))))
    longest = torch.stack([part.cpu() for part in lengths]).amax(0)
    fitting = (longest <= most if most is not None else longest >= 0) & (longest > 0)
    order = torch.argsort(longest.where(fitting, -1), descending=True, stable=True)[: min(count, int(fitting.sum()))]
    return batch.rows(order.sort().values) if len(order) else None
