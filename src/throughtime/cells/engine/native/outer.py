"""A cell whose output is more than its state: the state goes through time, the output follows from it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.contract import Work
from throughtime.cells.engine.reference import BINARY
from throughtime.cells.engine.rounding import rounded_product
from throughtime.cells.equations.graph import LEAVES, Graph, Node
from throughtime.cells.equations.language import evaluate
from throughtime.cells.equations.parameters import Sizes, stacks


@lru_cache(maxsize=256)
def _behind(graph: Graph) -> tuple[int, ...]:
    """The nodes of the output that are not part of its first state's own computation, in order."""
    todo, found = [graph.output], set()
    while todo:
        index = todo.pop()
        if index not in found and index != graph.new_states[0]:
            found.add(index)
            todo += graph.nodes[index].args
    return tuple(sorted(found))


def reaches_only_the_state(graph: Graph) -> bool:
    """Whether the output follows from the first new state and parameters alone."""
    return all(graph.nodes[index].op not in ("input", "state") for index in _behind(graph))


@lru_cache(maxsize=256)
def _without_output(graph: Graph) -> Graph:
    """The cell whose output is its first state, without the nodes that only the old output needs."""
    todo, kept = list(graph.new_states), set()
    while todo:
        index = todo.pop()
        if index not in kept:
            kept.add(index)
            todo += graph.nodes[index].args
    number = {old: new for new, old in enumerate(sorted(kept))}
    nodes = tuple(
        Node(node.op, tuple(number[arg] for arg in node.args), node.name, node.value)
        for node in (graph.nodes[old] for old in sorted(kept))
    )
    new_states = tuple(number[index] for index in graph.new_states)
    names = tuple((name, number[index]) for name, index in graph.names if index in number)
    return Graph(graph.cell, nodes, graph.states, new_states, new_states[0], names, graph.convolution)


def inner(graph: Graph, sizes: Sizes, weights: Mapping[str, Tensor]) -> tuple[Graph, Mapping[str, Tensor]]:
    """What goes through time, and its share of the weights."""
    if graph.output in graph.new_states:
        return graph, weights
    smaller, own = _without_output(graph), _members(graph, sizes, weights)
    return smaller, {stack.name: torch.cat([own[member.name] for member in stack.members]) for stack in stacks(smaller)}


def outer_output(work: Work, hidden: Tensor) -> Tensor:
    """``hidden (B, T, H)`` to the output ``(B, T, O)``, 0 after a row's end."""
    own = _members(work.graph, work.sizes, work.weights)
    values: dict[int, Tensor | float] = {work.graph.new_states[0]: hidden}
    for index in _behind(work.graph):
        node = work.graph.nodes[index]
        args = [values[arg] for arg in node.args]
        if node.op in LEAVES:
            values[index] = node.value if node.op == "constant" else own[node.name]
        elif node.op == "product":
            weight, operand = args
            linear = partial(rounded_product, in_loop=True) if work.bf16 else F.linear
            values[index] = linear(operand, weight)  # type: ignore[arg-type]
        elif node.op == "neg":
            values[index] = -args[0]
        elif node.op in BINARY:
            values[index] = BINARY[node.op](*args)
        else:
            values[index] = evaluate(node.op, args[0].flatten(0, 1)).unflatten(0, hidden.shape[:2])  # type: ignore[union-attr]
    output = values[work.graph.output]
    assert isinstance(output, Tensor)
    if work.lengths is None:
        return output
    padding = torch.arange(hidden.shape[1]) >= work.lengths[:, None]
    return output.masked_fill(padding[..., None], 0)


def _members(graph: Graph, sizes: Sizes, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        member.name: part
        for stack in stacks(graph)
        for member, part in zip(stack.members, weights[stack.name].split(stack.rows(sizes)), strict=True)
    }
