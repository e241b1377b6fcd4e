"""A layer's steps written out over the nodes of its graph, with a change put into one quantity: for finite differences.

Nothing of the engines is used, so that what they say can be compared with it.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.reference import BINARY
from throughtime.cells.equations.language import evaluate
from throughtime.cells.equations.parameters import stacks
from throughtime.cells.recurrent import Recurrent


@torch.no_grad()
def outputs(made: Recurrent, x: Tensor, name: str = "", step: int = -1, change: Tensor | float = 0.0) -> Tensor:
    """The output of one forward layer for ``x (1, T, I)``, with ``change`` added to a quantity at a step."""
    direction, graph = made.directions[0], made.graph
    parameters: dict[str, Tensor] = {}
    for stack in stacks(graph):
        parts = made.weights(direction)[stack.name].split(stack.rows(direction.sizes))
        parameters.update({member.name: part for member, part in zip(stack.members, parts, strict=True)})
    changed = dict(graph.names).get(name)
    state = {part: x.new_zeros(1, made.hidden_size) for part in graph.states}
    found = []
    for t in range(x.shape[1]):
        values: list[Any] = []
        for index, node in enumerate(graph.nodes):
            parts = [values[arg] for arg in node.args]
            value = _value(node, parts, x[:, t], state, parameters)
            values.append(value + change if (index, t) == (changed, step) else value)
        new_states = zip(graph.states, graph.new_states, strict=True)
        state = {part: values[new] + torch.zeros_like(state[part]) for part, new in new_states}
        found.append(values[graph.output])
    return torch.stack(found, 1)


def _value(node: Any, parts: list[Any], x: Tensor, state: dict[str, Tensor], parameters: dict[str, Tensor]) -> Any:
    if node.op == "input":
        return x
    if node.op == "state":
        return state[node.name]
    if node.op == "parameter":
        return parameters[node.name]
    if node.op == "constant":
        return node.value
    if node.op == "product":
        return F.linear(parts[1], parts[0])
    if node.op in BINARY:
        return BINARY[node.op](*parts)
    return -parts[0] if node.op == "neg" else evaluate(node.op, parts[0])
