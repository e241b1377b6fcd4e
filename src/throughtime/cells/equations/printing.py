"""The equations in print, as plain text and as LaTeX, with the names that the cell's author gave; and in numbers.

The state before the step is ``h'`` in text and ``h_{t-1}`` in LaTeX; ``∘`` is the pointwise product and ``*`` a
convolution. In numbers, those of one unit at one step, ``∘`` becomes ``·``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from throughtime.cells.equations.graph import BINARY, LEAVES, Graph, Node

_SUM, _CONVOLUTION, _TERM, _FACTOR, _ATOM = range(5)
_PRECEDENCE = {"add": _SUM, "sub": _SUM, "mul": _TERM, "div": _TERM}

OPAQUE = ("product", "mean", "norm")  # need all units, so that in one unit's equations they stand as their number
_NEGATIVE = re.compile(r"\(-(\d[\d.e+-]*)\)")

Values = Sequence[float | None]


@dataclass(frozen=True)
class _Notation:
    """How the parts of an equation are written; with ``numbers`` between numbers in the place of names."""

    latex: bool
    numbers: bool = False

    def name(self, name: str) -> str:
        if not self.latex:
            return name.removesuffix("_tilde") + "~" if name.endswith("_tilde") else name
        if name.endswith("_tilde"):
            return rf"\tilde{{{self.name(name.removesuffix('_tilde'))}}}"
        head, _, tail = name.partition("_")
        head = head if len(head) == 1 else rf"\mathrm{{{head}}}"
        return f"{head}_{{{tail.replace('_', ',')}}}" if tail else head

    def now(self, name: str) -> str:
        return self._at(name, "t") if self.latex else self.name(name)

    def before(self, name: str) -> str:
        return self._at(name, "t-1") if self.latex else self.name(name) + "'"

    def _at(self, name: str, time: str) -> str:
        written = self.name(name)
        joined = "_{" in written and not written.startswith(r"\tilde")
        return written[:-1] + f",{time}}}" if joined else f"{written}_{{{time}}}"

    def function(self, op: str, inside: str) -> str:
        if not self.latex:
            return f"{'σ' if op == 'sigmoid' else op}({inside})"
        if op == "sqrt":
            return rf"\sqrt{{{inside}}}"
        word = {"sigmoid": r"\sigma", "tanh": r"\tanh", "exp": r"\exp"}.get(op, rf"\operatorname{{{op}}}")
        return rf"{word}\left({inside}\right)"

    def binary(self, op: str, left: str, right: str) -> str:
        if op == "div" and self.latex:
            return rf"\frac{{{left}}}{{{right}}}"
        if self.numbers and op in ("add", "sub") and (negative := _NEGATIVE.fullmatch(right)):
            op, right = "sub" if op == "add" else "add", negative[1]
        return f"{left} {self.sign(op)} {right}"

    def sign(self, op: str) -> str:
        return {"add": "+", "sub": "-", "mul": self._times(), "div": "/"}[op]

    def _times(self) -> str:
        return r"\odot" if self.latex else "·" if self.numbers else "∘"

    def product(self, left: str, right: str, convolution: bool) -> str:
        return f"{left} * {right}" if convolution else f"{left} {right}"

    def group(self, inside: str) -> str:
        return rf"\left({inside}\right)" if self.latex else f"({inside})"


def text(graph: Graph) -> list[str]:
    """One line an equation.

    >>> from throughtime.cells import cells
    >>> print(*text(cells["rnn"].graph()), sep="\\n")
    h = tanh(W x + U h' + b)
    """
    return [f"{left} = {right}" for left, right in _equations(graph, _Notation(latex=False))]


def latex(graph: Graph) -> str:
    """The equations as one aligned LaTeX block."""
    lines = [f"{left} &= {right}" for left, right in _equations(graph, _Notation(latex=True))]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def expression(graph: Graph, index: int, names: Mapping[int, str]) -> str:
    """A node in symbols; what ``names`` name stands there as its name, but for the node itself."""
    return _Writer(graph, names, _Notation(latex=False)).right_side(index)


def in_numbers(graph: Graph, index: int, names: Mapping[int, str], values: Values) -> str:
    """The same with the numbers of one unit put in: ``values`` of the nodes that have a name, and of :data:`OPAQUE`.

    >>> from throughtime.cells import cells
    >>> graph = cells["rnn"].graph()
    >>> numbers = {"W": 0.5, "U": -0.25, "b": 0.125}  # W x is the number 0.5
    >>> values = [numbers.get(node.name or graph.nodes[node.args[0]].name) for node in graph.nodes]
    >>> in_numbers(graph, graph.output, {graph.output: "h"}, values)
    'tanh(0.5 - 0.25 + 0.125)'
    """
    return _Writer(graph, names, _Notation(latex=False, numbers=True), values).right_side(index)


def figure(value: float) -> str:
    """A number of a step as it is printed, with four digits that count.

    >>> figure(0.123456), figure(-2.0), figure(1.23456e-7)
    ('0.1235', '-2', '1.235e-07')
    """
    return f"{value + 0.0:.4g}"  # no -0


def _equations(graph: Graph, notation: _Notation) -> list[tuple[str, str]]:
    writer = _Writer(graph, {index: name for name, index in graph.names}, notation)
    equations = [(notation.now(name), writer.right_side(index)) for name, index in graph.names]
    # a new state that is nothing computed, but for one that stays as it is
    for name, index in zip(graph.states, graph.new_states, strict=True):
        if graph.nodes[index].op in LEAVES and graph.nodes[index] != Node("state", name=name):
            equations.append((notation.now(name), writer.right_side(index)))
    return equations


@dataclass(frozen=True)
class _Writer:
    graph: Graph
    names: Mapping[int, str]
    notation: _Notation
    values: Values | None = None

    def right_side(self, index: int) -> str:
        return self._node(index)[0]

    def _written(self, index: int) -> tuple[str, int]:
        if index not in self.names:
            return self._node(index)
        return (self.notation.now(self.names[index]), _ATOM) if self.values is None else self._number(index)

    def _number(self, index: int) -> tuple[str, int]:
        assert self.values is not None
        value = self.values[index]
        assert value is not None, f"node {index} has no number"
        return figure(value), _ATOM if value >= 0 else _SUM

    def _node(self, index: int) -> tuple[str, int]:
        """An expression and how strongly it binds."""
        node = self.graph.nodes[index]
        if self.values is not None and (node.op in ("input", "state", "parameter") or node.op in OPAQUE):
            return self._number(index)
        if node.op == "input":
            return self.notation.now(node.name), _ATOM
        if node.op == "state":
            return self.notation.before(node.name), _ATOM
        if node.op == "parameter":
            return self.notation.name(node.name), _ATOM
        if node.op == "constant":
            return f"{node.value:g}", _ATOM if node.value >= 0 else _SUM
        if node.op == "product":
            return self._product(*node.args), _CONVOLUTION if self.graph.convolution else _FACTOR
        if node.op == "neg":
            return "-" + self._inside(node.args[0], _TERM), _SUM
        if node.op in BINARY:
            return self._binary(node)
        return self.notation.function(node.op, self._written(node.args[0])[0]), _ATOM

    def _product(self, map_index: int, operand: int) -> str:
        left, right = self._inside(map_index, _ATOM), self._inside(operand, _ATOM)
        return self.notation.product(left, right, self.graph.convolution)

    def _binary(self, node: Node) -> tuple[str, int]:
        binding = _PRECEDENCE[node.op]
        if node.op == "div" and self.notation.latex:
            left, right = (self._written(arg)[0] for arg in node.args)
        else:
            # the right side needs its own brackets at equal strength, but for a ∘ (b ∘ c)
            left = self._inside(node.args[0], binding)
            right = self._inside(node.args[1], binding + (node.op != "mul"))
        return self.notation.binary(node.op, left, right), binding

    def _inside(self, index: int, strength: int) -> str:
        written, binding = self._written(index)
        return written if binding >= strength else self.notation.group(written)
