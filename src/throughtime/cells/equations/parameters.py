"""From a graph to the parameters it needs: their shapes, and how they are stored under torch's names.

Linear maps of the input are kept one above the other in ``weight_ih``, those of the state h in ``weight_hh``
(of c: ``weight_ch``), and all biases (names that begin with ``b``) in ``bias``, in order of appearance, which the
cell files keep to be torch's: i f g o and r z n. Every other parameter is stored under its own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from throughtime.cells.equations.graph import BINARY, UNARY, Graph
from throughtime.errors import UsageError


@dataclass(frozen=True)
class Sizes:
    """The sizes of one layer. For a convolutional cell the sizes are channels; ``space`` is height and width."""

    input_size: int
    hidden_size: int
    output_size: int
    space: tuple[int, ...] = ()
    kernel_size: int = 1

    def of(self, dimension: str) -> int:
        return {"input": self.input_size, "hidden": self.hidden_size, "output": self.output_size}[dimension]


@dataclass(frozen=True)
class Parameter:
    """One of the cell's parameters. ``rows`` and ``columns`` name a dimension: input, hidden or output."""

    name: str
    kind: str  # "map", "bias" (added) or "diagonal" (multiplied)
    rows: str
    columns: str = ""

    def shape(self, sizes: Sizes) -> tuple[int, ...]:
        """A map has (rows, columns, *kernel); a diagonal of a convolutional cell has one weight for each place."""
        rows = sizes.of(self.rows)
        if self.kind == "map":
            return (rows, sizes.of(self.columns), *(sizes.kernel_size for _ in sizes.space))
        return (rows, *(sizes.space if self.kind == "diagonal" else ()))


@dataclass(frozen=True)
class Stack:
    """One stored tensor: one or more of the cell's parameters, one above the other."""

    name: str
    members: tuple[Parameter, ...]

    def shape(self, sizes: Sizes) -> tuple[int, ...]:
        return (sum(self.rows(sizes)), *self.members[0].shape(sizes)[1:])

    def rows(self, sizes: Sizes) -> list[int]:
        return [sizes.of(member.rows) for member in self.members]


@lru_cache(maxsize=256)
def stacks(graph: Graph) -> tuple[Stack, ...]:
    """All stored tensors of a cell, in order of appearance."""
    members: dict[str, list[Parameter]] = {}
    for parameter in parameters(graph):
        members.setdefault(_stack_name(graph, parameter), []).append(parameter)
    return tuple(Stack(name, tuple(found)) for name, found in members.items())


@lru_cache(maxsize=256)
def parameters(graph: Graph) -> tuple[Parameter, ...]:
    """All parameters of a cell with their dimensions, found from how the step uses them."""
    dimensions = _Dimensions(graph)
    found = []
    for index, node in enumerate(graph.nodes):
        if node.op != "parameter":
            continue
        uses = [use for use in graph.nodes if index in use.args]
        if node.is_map:
            products = (i for i, use in enumerate(graph.nodes) if use.op == "product" and use.args[0] == index)
            product = next(products, None)
            if product is None:
                raise UsageError(f'cell {graph.cell}: the linear map "{node.name}" is never applied')
            operand = graph.nodes[product].args[1]
            found.append(Parameter(node.name, "map", dimensions.of(product), dimensions.of(operand)))
        else:
            kind = "bias" if all(use.op in ("add", "sub") for use in uses) else "diagonal"
            found.append(Parameter(node.name, kind, dimensions.of(index)))
    return tuple(found)


def count(graph: Graph, sizes: Sizes) -> int:
    """How many numbers a layer of this cell learns."""
    return sum(prod(stack.shape(sizes)) for stack in stacks(graph))


@lru_cache(maxsize=256)
def dimensions(graph: Graph) -> tuple[str, ...]:
    """Of each node the dimension that its values have: input, hidden or output."""
    found = _Dimensions(graph)
    return tuple(found.of(index) for index in range(len(graph.nodes)))


def has_own_output(graph: Graph) -> bool:
    """Whether the output is something else than the first state, with a size of its own."""
    return _Dimensions(graph).of(graph.output) == "output"


@lru_cache(maxsize=256)
def recurrent_maps(graph: Graph) -> frozenset[str]:
    """The linear maps by which an old state reaches a new one; the map of an output that is not carried is none."""
    from_state: set[int] = set()
    to_state = set(graph.new_states)
    for index, node in enumerate(graph.nodes):
        if node.op == "state" or from_state.intersection(node.args):
            from_state.add(index)
    for index, node in reversed(list(enumerate(graph.nodes))):
        if index in to_state:
            to_state.update(node.args)
    hidden = {p.name for p in parameters(graph) if p.kind == "map" and p.columns == "hidden"}
    products = [(i, node) for i, node in enumerate(graph.nodes) if node.op == "product" and i in to_state]
    found = {graph.nodes[node.args[0]].name for _, node in products if node.args[1] in from_state}
    return frozenset(found & hidden)


def _stack_name(graph: Graph, parameter: Parameter) -> str:
    if parameter.kind == "bias" and parameter.name.startswith("b"):
        return "bias"
    operands = {graph.nodes[operand] for name, operand in graph.products() if name == parameter.name}
    if len(operands) == 1:
        operand = operands.pop()
        if operand.op == "input":
            return "weight_ih"
        if operand.op == "state" and operand.name != "i":
            return f"weight_{operand.name}h"
    if parameter.name == "bias" or parameter.name.startswith(("weight_", "initial_")):
        raise UsageError(f'cell {graph.cell}: a layer has a "{parameter.name}" of its own; rename the parameter')
    return parameter.name


class _Dimensions:
    """The size of every node, by joining what must be equal: both sides of a sum, a state before and after."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._parent = list(range(len(graph.nodes)))
        self._known: dict[int, str] = {}
        scalar = {i for i, node in enumerate(graph.nodes) if node.op in ("constant", "mean")}
        for index, node in enumerate(graph.nodes):
            if node.op in UNARY or node.op in BINARY or node.op == "norm":
                sides = [arg for arg in node.args if arg not in scalar]
                if not sides:
                    scalar.add(index)
                for side in sides:
                    self._join(index, side)
        by_map: dict[int, tuple[int, int]] = {}
        for index, node in enumerate(graph.nodes):
            if node.op == "product":
                rows, columns = by_map.setdefault(node.args[0], (index, node.args[1]))
                self._join(rows, index)
                self._join(columns, node.args[1])
        for state, new in zip(graph.states, graph.new_states, strict=True):
            for index, node in enumerate(graph.nodes):
                if node.op == "state" and node.name == state:
                    self._name(index, "hidden")
                    if new not in scalar:
                        self._join(index, new)
        for index, node in enumerate(graph.nodes):
            if node.op == "input":
                self._name(index, "input")
        if self._root(graph.output) not in self._known:
            self._name(graph.output, "output")
        if self.of(graph.output) == "input":
            raise UsageError(
                f"cell {graph.cell}: the output is of the input's size; "
                "bring it to a size of its own by a linear map: p.V @ x"
            )

    def of(self, index: int) -> str:
        return self._known.get(self._root(index), "hidden")

    def _root(self, index: int) -> int:
        while self._parent[index] != index:
            index = self._parent[index]
        return index

    def _join(self, a: int, b: int) -> None:
        a, b = self._root(a), self._root(b)
        if a == b:
            return
        names = {self._known[root] for root in (a, b) if root in self._known}
        if len(names) > 1:
            raise self._clash()
        self._parent[a] = b
        if names:
            self._known[b] = names.pop()

    def _name(self, index: int, name: str) -> None:
        root = self._root(index)
        if self._known.setdefault(root, name) != name:
            raise self._clash()

    def _clash(self) -> UsageError:
        return UsageError(
            f"cell {self._graph.cell}: something of the input's size meets something of the hidden size "
            "without a linear map between them; apply one: p.W @ x"
        )
