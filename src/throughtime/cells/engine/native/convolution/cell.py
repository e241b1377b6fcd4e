"""A convolutional cell as products from outside and a pointwise step between them, forward and backward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from throughtime.cells.engine.native.derivative import Derivative, derivative
from throughtime.cells.engine.native.layout import buffer, program_over_frames
from throughtime.cells.engine.native.program import Place
from throughtime.cells.engine.native.quantities import Builder, Quantity, Step, Variant, lowered
from throughtime.cells.engine.native.words import Compiled
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import has_own_output, parameters, recurrent_maps


@lru_cache(maxsize=256)
def why_not_cell(graph: Graph) -> str | None:
    """Why a convolutional cell cannot run in this way, in words; None if it can."""
    nodes = graph.nodes
    if any(node.op in ("mean", "norm") for node in nodes):
        return f"the cell {graph.cell} takes the mean over a whole frame"
    if any(node.op != "product" and nodes[arg].op == "input" for node in nodes for arg in node.args):
        return f"the cell {graph.cell} computes with its input before a convolution is applied to it"
    if any(nodes[operand].op not in ("input", "state") for _, operand in graph.products()):
        return f"the cell {graph.cell} convolves what its step computes"
    if has_own_output(graph):
        return f"the output of the cell {graph.cell} has a size of its own"
    return None


class Operand(NamedTuple):
    """What convolutions are applied to: a state before the step, ``thinned`` by dropout, or the input (``""``)."""

    state: str
    thinned: bool


class Product(NamedTuple):
    """A convolution of an operand by a map; that of the input brings the ``bias`` of its sum along."""

    map: str
    bias: str


Columns = dict[Operand, dict[Product, int]]


class Recipe:
    """What follows from the equations alone: which products every operand has, and the programs.

    Those of operand k come as parts of the buffer ``products_k``, one for each of ``products[k]``; their gradients
    go into the buffer ``gradients_s``, ``s = gradients[k]``, in the same order. Operands whose products are only ever
    added have the same gradients, and share a buffer.
    """

    def __init__(self, graph: Graph, variant: Variant) -> None:
        self.graph = graph
        diagonals = {parameter.name for parameter in parameters(graph) if parameter.kind == "diagonal"}
        dropped = recurrent_maps(graph) if variant.recurrent else frozenset()
        self.step, columns = _apart(lowered(graph, replace(variant, recurrent=False)), diagonals, dropped)
        self.operands = tuple(columns)
        self.products = tuple(tuple(products) for products in columns.values())
        self.own_output = self.step.output not in self.step.new_states
        found = derivative(self.step, graph.states)
        self.kept = found.saved
        adjoints = self._adjoints(found)
        sets = {own: s for s, own in enumerate(dict.fromkeys(adjoints))}
        self.gradients = tuple(sets[own] for own in adjoints)
        self.widths = tuple(len(own) for own in sets)
        self.diagonals = tuple(name for name, *_ in found.vectors if name in diagonals)
        zero = Quantity("constant", value=0.0)
        ends = zip(graph.states, found.state_gradients, strict=True)
        self.pointwise_ends = {name: k for name, k in ends if found.quantities[k] != zero}
        pairs = [
            pair
            for own, products in zip(adjoints, self.products, strict=True)
            for pair in zip(products, own, strict=True)
        ]
        self.backward = self._backward(found, tuple(sets), [(p.bias, k, None) for p, k in pairs if p.bias])
        self._forward: dict[bool, Compiled] = {}

    def forward(self, training: bool) -> Compiled:
        """Buffers: products_k, state_NAME, mask_NAME, diagonal_NAME, new_NAME, tape_k, and y if that is no state."""
        if training not in self._forward:
            targets: dict[int, list[Place]] = {}
            for column, quantity in enumerate(self.kept if training else ()):
                targets.setdefault(quantity, []).append(buffer(f"tape_{column}"))
            for name, quantity in zip(self.graph.states, self.step.new_states, strict=True):
                targets.setdefault(quantity, []).append(buffer(f"new_{name}"))
            if self.own_output:
                targets.setdefault(self.step.output, []).append(buffer("y"))
            parts = {f"products_{k}": len(own) for k, own in enumerate(self.products)}
            self._forward[training] = Compiled(program_over_frames(self.step.quantities, targets, (), parts))
        return self._forward[training]

    def _from_tape(self, number: int) -> Quantity:
        return Quantity("given", name=f"tape_{self.kept.index(number)}", number=0)

    def _adjoints(self, found: Derivative) -> list[tuple[int, ...]]:
        """For each operand the gradients of its products."""
        by_column = {
            (quantity.name, quantity.number): found.gradients[k]
            for k, quantity in enumerate(self.step.quantities)
            if quantity.op == "given"
        }
        return [tuple(by_column[f"products_{k}", c] for c in range(len(own))) for k, own in enumerate(self.products)]

    def _backward(
        self, found: Derivative, sets: Sequence[tuple[int, ...]], biases: list[tuple[str, int, int | None]]
    ) -> Compiled:
        """Buffers: dy, tape_k, state_NAME, after_NAME, mask_NAME, diagonal_NAME, carried_NAME, carried_out_NAME,
        gradients_s, and total_NAME and total_out_NAME of each diagonal.
        """
        build, targets = Builder(), dict[int, list[Place]]()
        for quantity in found.quantities:
            kept = quantity.op == "saved"
            build.add(self._from_tape(quantity.number) if kept else quantity)
        for s, adjoints in enumerate(sets):
            for column, k in enumerate(adjoints):
                targets.setdefault(k, []).append(buffer(f"gradients_{s}", column))
        for name, k in self.pointwise_ends.items():
            targets.setdefault(k, []).append(buffer(f"carried_out_{name}"))
        for name, a, b in found.vectors:
            if name in self.diagonals:
                more = a if b is None else build("mul", a, b)
                total = build("add", build.add(Quantity("total", name=name)), more)
                targets.setdefault(total, []).append(buffer(f"total_out_{name}"))
        biases = biases + [row for row in found.vectors if row[0] not in self.diagonals]
        parts = {f"gradients_{s}": len(adjoints) for s, adjoints in enumerate(sets)}
        return Compiled(program_over_frames(tuple(build.quantities), targets, biases, parts))


@lru_cache(maxsize=256)
def recipe(graph: Graph, variant: Variant) -> Recipe:
    return Recipe(graph, variant)


def _apart(step: Step, diagonals: set[str], dropped: frozenset[str]) -> tuple[Step, Columns]:
    """The step with products from outside in place of its sums, and which part of an operand's buffer each one is."""
    build, made, columns = Builder(), list[int](), Columns()
    for quantity in step.quantities:
        if quantity.op == "sum":
            made.append(_sum(step, quantity, build, columns, diagonals, dropped))
        elif quantity.op == "vector" and quantity.name in diagonals:
            made.append(build.add(replace(quantity, op="diagonal")))
        elif quantity.op == "input":
            made.append(-1)  # only products read it
        else:
            made.append(build.add(replace(quantity, args=tuple(made[arg] for arg in quantity.args))))
    return Step(tuple(build.quantities), made[step.output], tuple(made[k] for k in step.new_states)), columns


def _sum(
    step: Step, quantity: Quantity, build: Builder, columns: Columns, diagonals: set[str], dropped: frozenset[str]
) -> int:
    """Products, one after the other; what the sum begins as goes with one of the input, if it is a bias."""
    bias, terms = quantity.name, list[int]()
    for name, arg in zip(quantity.maps, quantity.args, strict=True):
        read = step.quantities[arg]
        operand = Operand(read.name if read.op == "state" else "", name in dropped)
        product = Product(name, "" if operand.state or bias in diagonals else bias)
        bias = "" if product.bias else bias
        mine = columns.setdefault(operand, {})
        column = mine.setdefault(product, len(mine))
        terms.append(build.add(Quantity("given", name=f"products_{list(columns).index(operand)}", number=column)))
    if bias:
        terms.insert(0, build.add(Quantity("diagonal" if bias in diagonals else "vector", name=bias)))
    total = terms[0]
    for term in terms[1:]:
        total = build("add", total, term)
    return total
