"""What the gates and states of a network did over the steps of one input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from throughtime.cells.engine.contract import State
from throughtime.cells.equations import Graph
from throughtime.cells.recurrent import Recurrent


@dataclass(frozen=True)
class OverTime:
    """One named quantity of one layer and direction, summarised at every step ``(T,)``, in the order of the input.

    ``measure`` is ``"mean"`` over the units, of a gate, which lies between 0 and 1; else ``"norm"``, the length of the
    vector.
    """

    layer: int  # from 0
    backward: bool
    name: str
    measure: Literal["mean", "norm"]
    values: np.ndarray

    def to_json(self) -> dict[str, Any]:
        return {
            "layer": self.layer,
            "backward": self.backward,
            "name": self.name,
            "measure": self.measure,
            "values": [round(value, 5) for value in self.values.tolist()],
        }


@torch.no_grad()
def recorded(
    layer: Recurrent, vectors: Tensor, state: State | None = None, names: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Named quantities, all by default, while reading ``vectors (T, F)``: ``{"l0.f": (T, units), ...}``."""
    kept = layer.record(vectors[None], state=state, names=names)
    return {name: values[0].cpu().numpy() for name, values in kept.items()}


def over_time(graph: Graph, quantities: Mapping[str, np.ndarray]) -> list[OverTime]:
    """Each of the quantities that :func:`recorded` gives as one figure a step."""
    nodes, found = dict(graph.names), []
    for key, values in quantities.items():
        way, _, name = key.partition(".")
        gate = name in nodes and name not in graph.states and is_gate(graph, nodes[name])
        layer, backward = int(way[1:].partition("_")[0]), way.endswith("_reverse")
        figures = values.mean(1) if gate else np.sqrt(np.square(values).sum(1))
        found.append(OverTime(layer, backward, name, "mean" if gate else "norm", figures))
    return found


def is_gate(graph: Graph, index: int) -> bool:
    """Whether a quantity of the cell lies between 0 and 1 whatever the input: a sigmoid, 1 less a gate, or a product.

    >>> from throughtime.cells.cell import form
    >>> lstm = form("lstm")
    >>> [name for name, index in lstm.names if is_gate(lstm, index)]
    ['i', 'f', 'o']
    """
    node = graph.nodes[index]
    if node.op == "sigmoid":
        return True
    if node.op == "sub":
        first = graph.nodes[node.args[0]]
        return first.op == "constant" and first.value == 1.0 and is_gate(graph, node.args[1])
    return node.op == "mul" and all(is_gate(graph, argument) for argument in node.args)
