"""A step in the form that the engine computes: sums of products, pointwise operations, sums over a row.

A recorded graph has a product wherever its author wrote one. Here products that are only ever added are one sum, which
begins as its bias; normalisation is spelled out; dropout and zoneout are part of the step; equal quantities are one.
"""

from __future__ import annotations

from dataclasses import dataclass

from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.language import NORM_EPSILON
from throughtime.cells.equations.parameters import recurrent_maps

LEAVES = (
    *("input", "state", "mask", "after", "saved", "output_gradient", "carried", "vector", "constant"),
    *("given", "diagonal", "total"),
)
FORWARD_LEAVES = ("state", "mask", "vector", "constant", "diagonal")


@dataclass(frozen=True)
class Quantity:
    """One quantity of a step; ``args`` are the indices of earlier ones.

    =============== ========== =====================================================================
    op              args       meaning
    =============== ========== =====================================================================
    input                      x, which only products read
    state                      ``name``: a state before the step
    mask                       ``name``: numbers from outside, which have no gradient
    vector                     ``name``: a parameter with a number for each unit
    constant                   ``value``
    sum             operands   each of ``maps`` applied to its operand, summed; ``name``: begins as this vector
    rowsum          v [, w]    the sum over a row's units, of v or of v w: a number a row
    mean            rowsum     it over the number of units, for each unit
    rstd            rowsum     1 / sqrt(its mean + ``value``), for each unit
    normed          v, c, s    c s, where c is v less its mean, and s one over the deviation: v normalised
    others          v [, w]    pointwise
    *in a derivative:*
    saved                      ``number``: a quantity of the forward step, kept
    after                      ``name``: a state after the step
    output_gradient            dL/dy at the step
    carried                    ``name``: dL/d of a state after the step, from later steps
    back            gradients  each of ``maps``, transposed, applied to the gradient of its sum, summed
    dsigmoid dtanh  g, y       g times the derivative of the squashing where its value is y; also drelu
    *over frames:*
    given                      part ``number`` of the buffer ``name``, which comes from outside
    diagonal                   ``name``: a parameter with a number for each unit of each place
    total                      ``name``: what the samples before this one add to its gradient
    =============== ========== =====================================================================
    """

    op: str
    args: tuple[int, ...] = ()
    name: str = ""
    value: float = 0.0
    maps: tuple[str, ...] = ()
    number: int = -1


@dataclass(frozen=True)
class Variant:
    """What a layer adds to a step: ``recurrent`` dropout, ``zoneout`` by a mask or by shares, a bound on the states."""

    recurrent: bool = False
    zoneout: tuple[float, ...] | str = ()
    clip: float | None = None


@dataclass(frozen=True)
class Step:
    """All quantities of a step, and which of them are the output and the new states."""

    quantities: tuple[Quantity, ...]
    output: int
    new_states: tuple[int, ...]


class Builder:
    """Collects quantities; equal ones are kept once."""

    def __init__(self) -> None:
        self.quantities: list[Quantity] = []
        self._index: dict[Quantity, int] = {}

    def add(self, quantity: Quantity) -> int:
        if quantity not in self._index:
            self._index[quantity] = len(self.quantities)
            self.quantities.append(quantity)
        return self._index[quantity]

    def __call__(self, op: str, *args: int) -> int:
        return self.add(Quantity(op, args))

    def constant(self, value: float) -> int:
        return self.add(Quantity("constant", value=value))


def lowered(graph: Graph, variant: Variant = Variant()) -> Step:
    """The step of a recorded graph.

    >>> from throughtime.cells.cell import form
    >>> [quantity.op for quantity in lowered(form("rnn")).quantities]
    ['input', 'state', 'sum', 'tanh']
    """
    return _Lowering(graph, variant).step()


class _Lowering:
    def __init__(self, graph: Graph, variant: Variant) -> None:
        self.graph, self.variant, self.build = graph, variant, Builder()
        self.dropped = recurrent_maps(graph) if variant.recurrent else frozenset()
        self.uses = [0] * len(graph.nodes)
        for node in graph.nodes:
            for arg in node.args:
                self.uses[arg] += 1
        for end in (*graph.new_states, graph.output):
            self.uses[end] += 1
        self.made: dict[int, int] = {}

    def step(self) -> Step:
        graph = self.graph
        new = [self._quantity(index) for index in graph.new_states]
        if self.variant.clip is not None:
            new = [self._clipped(index) for index in new]
        if self.variant.zoneout:
            new = [self._zoned_out(k, index) for k, index in enumerate(new)]
        output = new[graph.new_states.index(graph.output)] if graph.output in graph.new_states else -1
        if output < 0:
            output = self._quantity(graph.output)
        return Step(tuple(self.build.quantities), output, tuple(new))

    def _clipped(self, new: int) -> int:
        """v - relu(v - bound) + relu(-v - bound): v between -bound and bound."""
        build, bound = self.build, self.build.constant(self.variant.clip or 0.0)
        above = build("relu", build("sub", new, bound))
        below = build("relu", build("sub", build("neg", new), bound))
        return build("add", build("sub", new, above), below)

    def _zoned_out(self, k: int, new: int) -> int:
        """share * old + (1 - share) * new."""
        build, name = self.build, self.graph.states[k]
        shares = self.variant.zoneout
        if isinstance(shares, str):
            share = build.add(Quantity("mask", name=f"zoneout_{name}"))
        else:
            share = build.constant(shares[k])
        old = build.add(Quantity("state", name=name))
        rest = build("sub", build.constant(1.0), share)
        return build("add", build("mul", share, old), build("mul", rest, new))

    def _quantity(self, index: int) -> int:
        """The quantity that stands for a node of the graph."""
        if index not in self.made:
            self.made[index] = self._make(index)
        return self.made[index]

    def _make(self, index: int) -> int:
        node, build = self.graph.nodes[index], self.build
        if node.op in ("input", "state"):
            return build.add(Quantity(node.op, name=node.name))
        if node.op == "parameter":
            return build.add(Quantity("vector", name=node.name))
        if node.op == "constant":
            return build.constant(node.value)
        if node.op in ("add", "product"):
            return self._sum(index)
        args = [self._quantity(arg) for arg in node.args]
        if node.op == "mean":
            return build("mean", build("rowsum", args[0]))
        if node.op == "norm":
            centred = build("sub", args[0], build("mean", build("rowsum", args[0])))
            squares = build("rowsum", centred, centred)
            return build("normed", args[0], centred, build.add(Quantity("rstd", (squares,), value=NORM_EPSILON)))
        return build(node.op, *args)

    def _sum(self, index: int) -> int:
        """Of what is added, the products and one vector become one ``sum``; the rest is added to it."""
        nodes = self.graph.nodes
        terms = self._terms(index)
        products = [term for term in terms if nodes[term].op == "product"]
        vectors = [term for term in terms if nodes[term].op == "parameter"] if products else []
        found = []
        if products:
            operands = tuple(self._operand(product) for product in products)
            maps = tuple(nodes[nodes[product].args[0]].name for product in products)
            bias = nodes[vectors[0]].name if vectors else ""
            found.append(self.build.add(Quantity("sum", operands, bias, maps=maps)))
        found += [self._quantity(term) for term in terms if term not in products and term not in vectors[:1]]
        total = found[0]
        for term in found[1:]:
            total = self.build("add", total, term)
        return total

    def _operand(self, product: int) -> int:
        name, operand = (self.graph.nodes[product].args[0], self.graph.nodes[product].args[1])
        quantity = self._quantity(operand)
        if self.graph.nodes[name].name in self.dropped:
            return self.build("mul", quantity, self.build.add(Quantity("mask", name="recurrent")))
        return quantity

    def _terms(self, index: int) -> list[int]:
        """What a chain of additions adds; a sum that others read too is one term."""
        node = self.graph.nodes[index]
        if node.op != "add":
            return [index]
        terms = []
        for arg in node.args:
            terms += self._terms(arg) if self.uses[arg] == 1 and self.graph.nodes[arg].op == "add" else [arg]
        return terms
