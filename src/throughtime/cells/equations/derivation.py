"""What follows from a cell's equations for one unit: how a quantity goes into a later one, and what becomes of a state.

Results are nodes behind those of the graph, so that they are written, and put into numbers, as the equations are.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import replace

from throughtime.cells.equations.graph import BINARY, LEAVES, UNARY, Graph, Node
from throughtime.cells.equations.language import Recorder, Symbol
from throughtime.cells.equations.printing import OPAQUE, Values

COMPUTE: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "sigmoid": lambda v: 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v)),
    "tanh": math.tanh,
    "relu": lambda v: max(v, 0.0),
    "exp": math.exp,
    "sqrt": math.sqrt,
}
Term = Symbol | float | None  # None: nothing, a number: a plain factor


class Derivation:
    """New nodes over a graph, for one unit whose ``values`` of all nodes are known (None: it has none there).

    The language knows no steps, so the slope of a relu is the number 1 or 0 that it is at this unit.
    """

    def __init__(self, graph: Graph, values: Values) -> None:
        self.recorder = Recorder(graph.nodes)
        self._graph, self._numbers = graph, list(values)
        self.names = {index: name for name, index in graph.names}

    @property
    def graph(self) -> Graph:
        """The graph with what was derived behind its nodes; for printing alone."""
        return replace(self._graph, nodes=tuple(self.recorder.nodes))

    @property
    def values(self) -> Values:
        """Numbers for the nodes of :attr:`graph`."""
        return self._numbers + [None] * (len(self.recorder.nodes) - len(self._numbers))

    def quantity(self, name: str, value: float) -> Symbol:
        """A quantity that the cell does not have, such as a derivative that is known from elsewhere."""
        symbol = self.recorder.symbol(Node("parameter", name=name))
        self._numbers += [None] * (symbol.index + 1 - len(self._numbers))
        self._numbers[symbol.index] = value
        return symbol

    def value(self, index: int) -> float:
        """The number of a node, from those that it is made of."""
        node = self.recorder.nodes[index]
        known = self._numbers[index] if index < len(self._numbers) else None
        if known is not None:
            return known
        if node.op == "constant":
            return node.value
        return COMPUTE[node.op](*(self.value(arg) for arg in node.args))

    def slope(self, of: int, by: int) -> Term:
        """∂of/∂by by pointwise operations alone, every other named quantity held fixed; None where there is none."""
        return self._slope(of, by, top=True)

    def _slope(self, of: int, by: int, top: bool = False) -> Term:
        node = self.recorder.nodes[of]
        if of == by:
            return 1.0
        if node.op in LEAVES or node.op in OPAQUE or (not top and of in self.names):
            return None
        slopes = [self._slope(arg, by) for arg in node.args]
        if all(slope is None for slope in slopes):
            return None
        if node.op in UNARY:
            return times(slopes[0], self._own_slope(of, node))
        left, right = (Symbol(self.recorder, arg) for arg in node.args)
        if node.op in ("add", "sub"):
            return plus(slopes[0], slopes[1] if node.op == "add" else times(-1.0, slopes[1]))
        if node.op == "mul":
            return plus(times(slopes[0], right), times(slopes[1], left))
        of_divisor = None if slopes[1] is None else times(slopes[1], -(left / (right * right)))
        return plus(None if slopes[0] is None else times(slopes[0], 1 / right), of_divisor)

    def _own_slope(self, of: int, node: Node) -> Term:
        """Of a function by what it is applied to."""
        itself = Symbol(self.recorder, of)
        if node.op == "neg":
            return -1.0
        if node.op == "sigmoid":
            return itself * (1 - itself)
        if node.op == "tanh":
            return 1 - itself * itself
        if node.op == "relu":
            return 1.0 if self.value(node.args[0]) > 0 else None
        return itself if node.op == "exp" else 0.5 / itself

    def kept_and_written(self, state: str) -> tuple[Term, Term] | None:
        """``(a, b)`` of a new state that is ``a ∘ state' + b``, where a does not hold the state's unit itself.

        What goes through functions and linear maps, as in a gate, counts as given. None where there is no such form.
        """
        new = self._graph.new_states[self._graph.states.index(state)]
        leaf = next((i for i, node in enumerate(self._graph.nodes) if node == Node("state", name=state)), None)
        if leaf is None or new == leaf:
            return None
        found = self._split(new, leaf)
        return None if found is None or found[0] is None else found

    def _split(self, index: int, leaf: int) -> tuple[Term, Term] | None:
        """A node as a ∘ leaf + b; None where it is not linear in the leaf."""
        node, whole = self.recorder.nodes[index], Symbol(self.recorder, index)
        if index == leaf:
            return 1.0, None
        if node.op not in BINARY and node.op != "neg":
            return None, whole
        parts = [self._split(arg, leaf) for arg in node.args]
        if any(part is None for part in parts):
            return None
        (a, b), *rest = (part for part in parts if part is not None)
        if a is None and all(part[0] is None for part in rest):
            return None, whole
        if node.op == "neg":
            return times(-1.0, a), times(-1.0, b)
        ((c, d),) = rest
        if node.op in ("add", "sub"):
            sign = 1.0 if node.op == "add" else -1.0
            return plus(a, times(sign, c)), plus(b, times(sign, d))
        if (a is not None and c is not None) or (node.op == "div" and c is not None):
            return None
        if node.op == "div":
            return over(a, d), over(b, d)
        return plus(times(a, d), times(c, b)), times(b, d)

    def let_out(self) -> tuple[Symbol, Symbol] | None:
        """``(gate, what)`` of an output that is a gate times a function of another new state; None for any other."""
        node = self._graph.nodes[self._graph.output]
        others = {new for new in self._graph.new_states if new != self._graph.output}
        if node.op != "mul":
            return None
        for gate, what in (node.args, node.args[::-1]):
            if self._holds(what, others) and not self._holds(gate, others):
                return Symbol(self.recorder, gate), Symbol(self.recorder, what)
        return None

    def _holds(self, index: int, wanted: set[int]) -> bool:
        """Whether a part of an equation holds one of these nodes, under no other name and behind no linear map."""
        node = self._graph.nodes[index]
        if index in wanted:
            return True
        if index in self.names or node.op == "product":
            return False
        return any(self._holds(arg, wanted) for arg in node.args)

    def reached_from(self, index: int) -> list[int]:
        """The nodes of :data:`OPAQUE` into whose operand a quantity goes without passing another named one."""
        return [
            i for i, node in enumerate(self._graph.nodes) if node.op in OPAQUE and self._goes_into(index, node.args[-1])
        ]

    def _goes_into(self, index: int, operand: int) -> bool:
        if index == operand:
            return True
        node = self._graph.nodes[operand]
        if operand in self.names or node.op in OPAQUE:
            return False
        return any(self._goes_into(index, arg) for arg in node.args)


def times(a: Term, b: Term) -> Term:
    """The product; 1 is left out and -1 is a sign."""
    if a is None or b is None:
        return None
    if isinstance(a, float):
        a, b = b, a  # a number stands second here, and first in print
    if isinstance(a, float) or not isinstance(b, float):
        return a * b
    return _negative(a) if b == -1 else b * a


def plus(a: Term, b: Term) -> Term:
    """The sum; what is negative comes second, as a difference."""
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, float) and isinstance(b, float):
        return a + b
    if _is_negative(a) and not _is_negative(b):
        a, b = b, a
    return a - _negative(b) if _is_negative(b) else a + b


def _is_negative(term: Symbol | float) -> bool:
    return term < 0 if isinstance(term, float) else term.node.op == "neg"


def _negative(term: Symbol | float) -> Symbol | float:
    """-term; two signs are none."""
    if isinstance(term, float) or not _is_negative(term):
        return -term
    return Symbol(term.recorder, term.node.args[0])


def over(a: Term, b: Term) -> Term:
    """The quotient."""
    if a is None:
        return None
    assert b is not None
    return a / b
