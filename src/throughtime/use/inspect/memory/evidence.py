"""All that a verdict on a network's memory is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from throughtime.batch import Batch
from throughtime.cells.equations.graph import Graph
from throughtime.cells.initialisation import keeping_biases
from throughtime.training.observe import Look, look
from throughtime.use.inspect.memory.context import Context


@dataclass(frozen=True)
class Evidence:
    """Looks into every layer and direction, the context that it uses, and the course of training.

    ``keeping`` names, by place, the gates that keep a state, and whether a high value keeps it (1) or a low one (-1).
    ``window``: steps after which training cut the gradient or the input,
    None where it did not. ``history`` are the run's epochs, ``observations`` the updates looked at while training.
    """

    looks: Sequence[Look]
    keeping: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    context: Context | None = None
    window: int | None = None
    window_option: str = ""
    learning_rate: float | None = None
    clip_norm: float | None = None
    history: Sequence[Mapping[str, Any]] = ()
    observations: Sequence[Mapping[str, Any]] = ()


def looked_into(model: nn.Module, batch: Batch, **known: Any) -> Evidence:
    """Evidence from one batch, with what else is known of the run."""
    looks = look(model, batch)
    return Evidence(looks, {entry.place: keeping_gates(entry.graph) for entry in looks}, **known)


def keeping_gates(graph: Graph) -> dict[str, int]:
    """Gates that keep a state: 1 if a high value keeps it, -1 if a low one does.

    >>> from throughtime.cells import cells
    >>> keeping_gates(cells["lstm"].graph()), keeping_gates(cells["rnn"].graph())
    ({'f': 1}, {})
    """
    gates = {name: index for name, index in graph.names if graph.nodes[index].op == "sigmoid"}
    found = {}
    for bias, sign in keeping_biases(graph).items():
        for name, index in gates.items():
            if bias in _parameters_under(graph, index):
                found[name] = sign
    return found


def _parameters_under(graph: Graph, index: int) -> set[str]:
    """The parameters in a quantity's own equation: down to the next squashing."""
    found, waiting = set(), list(graph.nodes[index].args)
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.op == "parameter":
            found.add(node.name)
        if node.op not in ("sigmoid", "tanh", "relu"):
            waiting += node.args
    return found
