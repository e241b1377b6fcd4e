"""The recorded graph of one time step: a few dozen nodes, plain data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from throughtime.errors import UsageError

LEAVES = ("input", "state", "parameter", "constant")
UNARY = ("neg", "sigmoid", "tanh", "relu", "exp", "sqrt")
BINARY = ("add", "sub", "mul", "div")
ARITY = {
    **dict.fromkeys(LEAVES, 0),
    **dict.fromkeys((*UNARY, "mean", "norm"), 1),
    **dict.fromkeys((*BINARY, "product"), 2),
}

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Node:
    """One operation; ``args`` are the indices of earlier nodes.

    ========== ======== =========================================================
    op         args     meaning
    ========== ======== =========================================================
    input               the step's input x; ``name`` is the cell's own name for it
    state               a state before the step
    parameter           ``name``: a capital for a linear map, lower case for a vector
    constant            ``value``
    product    map, v   the linear map applied to a vector (a convolution in a convolutional cell)
    mean       v        the mean over the features, one number a sample
    norm       v        (v - mean) / sqrt(variance + 1e-5) over the features
    others     v [, w]  pointwise
    ========== ======== =========================================================
    """

    op: str
    args: tuple[int, ...] = ()
    name: str = ""
    value: float = 0.0

    @property
    def is_map(self) -> bool:
        return self.op == "parameter" and self.name[0].isupper()


@dataclass(frozen=True)
class Graph:
    """One time step of a cell: from the input, the states before and the parameters to the output and the new states.

    ``names`` are the step's own local names in order of computation, each with its node: what printing and
    inspection show. A graph is equal to another if it says the same; it is hashable.
    """

    cell: str
    nodes: tuple[Node, ...]
    states: tuple[str, ...]
    new_states: tuple[int, ...]
    output: int
    names: tuple[tuple[str, int], ...]
    convolution: bool = False

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Kept, since what is derived from a graph is looked up under it at every call."""
        return hash((self.cell, self.nodes, self.states, self.new_states, self.output, self.names, self.convolution))

    def __getstate__(self) -> dict[str, Any]:
        """Without the hash: those of strings differ from process to process."""
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters in order of appearance."""
        return tuple(node.name for node in self.nodes if node.op == "parameter")

    @cached_property
    def signature(self) -> tuple[object, ...]:
        """The graph without its names: equal for cells that compute the same in the same order."""
        number = {name: index for index, name in enumerate((*self.states, *self.parameters))}
        nodes = tuple((node.op, node.args, number.get(node.name, 0), node.value) for node in self.nodes)
        return nodes, self.new_states, self.output, self.convolution

    def products(self) -> Iterator[tuple[str, int]]:
        """(name of the map, index of the node it is applied to) for every product."""
        for node in self.nodes:
            if node.op == "product":
                yield self.nodes[node.args[0]].name, node.args[1]

    def to_json(self) -> dict[str, Any]:
        """Plain data; :meth:`from_json` gives back an equal graph."""
        nodes = [[node.op, *node.args, *([node.name] if node.name else []), *_number(node)] for node in self.nodes]
        return {
            "format": 1,
            "cell": self.cell,
            "convolution": self.convolution,
            "nodes": nodes,
            "states": list(self.states),
            "new_states": list(self.new_states),
            "output": self.output,
            "names": [list(pair) for pair in self.names],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Graph:
        """The graph that was written; UsageError if the data is not one (every index and name is checked)."""
        try:
            if data["format"] != 1:
                raise UsageError(f"cell.json has format {data['format']}; this version reads format 1")
            graph = cls(
                cell=str(data["cell"]),
                nodes=tuple(_node(row) for row in data["nodes"]),
                states=tuple(data["states"]),
                new_states=tuple(data["new_states"]),
                output=data["output"],
                names=tuple((name, index) for name, index in data["names"]),
                convolution=bool(data["convolution"]),
            )
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise UsageError(f"cell.json does not hold a recorded cell: {error!r}") from None
        graph.check()
        return graph

    def check(self) -> None:
        """Raise UsageError unless every operation is known and refers only to earlier nodes."""
        for index, node in enumerate(self.nodes):
            self._check_node(index, node)
        names = [name for name, _ in self.names]
        for name in (*self.states, *names):
            if not isinstance(name, str) or not name.isidentifier():
                raise UsageError(f"cell {self.cell}: {name!r} is not a name")
        for kind, found in (("state", self.states), ("parameter", self.parameters), ("name", names)):
            if len(set(found)) < len(found):
                raise UsageError(f"cell {self.cell}: a {kind} appears twice among {', '.join(found)}")
        known_states = all(node.name in self.states for node in self.nodes if node.op == "state")
        if not self.states or len(self.states) != len(self.new_states) or not known_states:
            raise UsageError(f"cell {self.cell}: states and new states do not agree")
        for end in (*self.new_states, self.output, *(index for _, index in self.names)):
            if type(end) is not int or not 0 <= end < len(self.nodes) or self.nodes[end].is_map:
                raise UsageError(f"cell {self.cell}: a result refers to node {end!r}, which has no values")

    def _check_node(self, index: int, node: Node) -> None:
        known = node.op in ARITY and len(node.args) == ARITY[node.op]
        if not known or not all(type(arg) is int and 0 <= arg < index for arg in node.args):
            raise UsageError(f"cell {self.cell}: node {index} ({node.op}) is not a valid operation")
        if node.op in ("input", "state", "parameter") and not _NAME.fullmatch(node.name):
            raise UsageError(f'cell {self.cell}: "{node.name}" is not a name')
        if not math.isfinite(node.value):
            raise UsageError(f"cell {self.cell}: node {index} is the number {node.value}")
        maps = [self.nodes[arg].is_map for arg in node.args]
        if maps != [node.op == "product" and place == 0 for place in range(len(maps))]:
            raise UsageError(f"cell {self.cell}: node {index} ({node.op}) confuses a linear map with a vector")


def _number(node: Node) -> list[float]:
    return [node.value] if node.op == "constant" else []


def _node(row: list[Any]) -> Node:
    op, *rest = row
    if not isinstance(op, str):
        raise TypeError(f"{op!r} is not an operation")
    if op == "constant":
        return Node(op, value=float(rest[0]))
    if op in LEAVES:
        return Node(op, name=str(rest[0]))
    return Node(op, tuple(rest))
