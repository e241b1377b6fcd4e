"""A cell in words: its equations, parameters, forms and source."""

from __future__ import annotations

from dataclasses import dataclass

from throughtime.cells.cell import Cell, cells, form
from throughtime.cells.equations import printing
from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.parameters import parameters


@dataclass(frozen=True)
class Description:
    """What ``throughtime cells NAME`` prints."""

    cell: Cell
    graph: Graph

    @property
    def latex(self) -> str:
        return printing.latex(self.graph)

    def __str__(self) -> str:
        options = ", ".join(f"{name}={_word(value)}" for name, value in self.cell.options.items())
        star = ", * a convolution" if self.graph.convolution else ""
        before = ", ".join(f"{name}'" for name in self.graph.states)
        lines = [
            f"{self.graph.cell}: {self.cell.title}",
            "",
            *(f"    {line}" for line in printing.text(self.graph)),
            "",
            f"x the input, {before} before the step, σ the sigmoid, ∘ pointwise{star}",
            f"parameters of a layer (I inputs, H units): {size_formula(self.graph)}",
            f"forms: {options}",
            f"source: {self.cell.source}",
            f"differences: {self.cell.differences}",
        ]
        return "\n".join(lines)


def describe(name: str) -> Description:
    """The description of a cell in a form, such as ``lstm`` or ``gru:bias=no``."""
    return Description(cells[name.partition(":")[0].strip()], form(name))


def size_formula(graph: Graph) -> str:
    """How many numbers a layer learns.

    >>> size_formula(form("lstm"))
    '4 H I + 4 H H + 4 H'
    """
    letters = {"input": "I", "hidden": "H", "output": "O", "": ""}
    terms: dict[str, int] = {}
    for parameter in parameters(graph):
        kernel = "k k" if graph.convolution and parameter.kind == "map" else ""
        space = "height width" if graph.convolution and parameter.kind == "diagonal" else ""
        term = " ".join(filter(None, (letters[parameter.rows], letters[parameter.columns], kernel, space)))
        terms[term] = terms.get(term, 0) + 1
    largest_first = sorted(terms.items(), key=lambda item: -len(item[0]))
    return " + ".join(f"{count} {term}" if count > 1 else term for term, count in largest_first)


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
