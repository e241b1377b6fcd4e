"""One step of one unit in numbers: its equations forwards, its derivatives backwards, and what became of its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from throughtime.cells.equations.derivation import Derivation, Term, plus, times
from throughtime.cells.equations.graph import Graph, Node
from throughtime.cells.equations.language import Symbol
from throughtime.cells.equations.parameters import dimensions
from throughtime.cells.equations.printing import expression, figure, in_numbers
from throughtime.cells.layers import Direction
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError
from throughtime.use.inspect.step.answer import Answering

ROUNDING = 1e-6  # of a sum in float32: what is less is nothing


@dataclass(frozen=True)
class Line:
    """An equation three times: in symbols, with the numbers put in, and what comes out; and a remark, where needed."""

    left: str
    symbols: str
    numbers: str
    value: float
    remark: str = ""

    def __str__(self) -> str:
        result = figure(self.value)
        middle = [part for part in (self.symbols, self.numbers) if part and part != result]
        remark = f"    ({self.remark})" if self.remark else ""
        return " = ".join([self.left, *middle, result]) + remark

    def to_json(self) -> dict[str, Any]:
        return {
            "text": str(self),
            "left": self.left,
            "symbols": self.symbols,
            "numbers": self.numbers,
            "value": self.value,
            "remark": self.remark,
        }


@dataclass(frozen=True)
class StepInNumbers:
    """One unit of one layer and direction at one step (from 0); F is the answer's score, in words ``score``.

    ``forward`` are the cell's equations in order of computation, ``backward`` the derivatives of F in the opposite one,
    ``words`` what was kept, written and let out where the cell has such quantities. ``why`` says why this unit.
    """

    step: int
    layer: int
    reverse: bool
    unit: int
    units: int
    why: str
    forward: tuple[Line, ...]
    backward: tuple[Line, ...]
    words: tuple[str, ...]
    score: str = "F"
    score_value: float = 0.0
    token: str = ""

    def title(self) -> str:
        reads = f" reads {self.token!r}" if self.token else ""
        direction = ", backward" if self.reverse else ""
        return f"step {self.step}{reads}: layer {self.layer}{direction}, unit {self.unit} of {self.units} ({self.why})"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """For a terminal; steps and units count from 0."""
        words = ["", *self.words] if self.words else []
        answer = f"{self.score} = {figure(self.score_value)}"
        return [self.title(), "", *map(str, self.forward), *words, "", answer, *map(str, self.backward)]

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title(),
            "step": self.step,
            "token": self.token,
            "layer": self.layer,
            "reverse": self.reverse,
            "unit": self.unit,
            "units": self.units,
            "why": self.why,
            "score": {"of": self.score, "value": self.score_value},
            "forward": [line.to_json() for line in self.forward],
            "backward": [line.to_json() for line in self.backward],
            "words": list(self.words),
        }


@dataclass(frozen=True)
class _Unit:
    """The numbers of one unit at one step: of every node, and dF by every named one; all units share the ``shared``."""

    graph: Graph
    values: Sequence[float | None]
    gradients: Mapping[str, float]
    shared: frozenset[int]

    @property
    def names(self) -> dict[int, str]:
        return {index: name for name, index in self.graph.names}

    @property
    def quantities(self) -> list[tuple[str, int]]:
        """Those that the unit has, in order of computation."""
        return [(name, index) for name, index in self.graph.names if self.values[index] is not None]


def step_in_numbers(
    layers: Recurrent,
    score: Callable[[], Tensor],
    step: int,
    *,
    layer: int = 0,
    reverse: bool = False,
    unit: int | None = None,
) -> StepInNumbers:
    """Look into a step (from 0) of a layer while ``score()`` runs it on one sequence and gives one number, F.

    Without ``unit``, that one is shown of which |dF/dh h| is the largest, h the first state: about what F would lose if
    the unit were 0. Raises UsageError for a step, layer, direction or unit that there is not, and for convolutional
    cells, whose units have a value at every place.
    """
    require_unit(layers, layer, reverse, unit)
    kept, found = _look(layers, score, layer, reverse)
    if not 0 <= step < len(kept):
        raise UsageError(f"step {step}: the sequence has {len(kept)} steps, 0 to {len(kept) - 1}")
    nodes = kept[len(kept) - 1 - step if reverse else step]
    gradients = _gradients(layers.graph, nodes, found)
    chosen, why = _chosen(layers.graph, nodes, gradients) if unit is None else (unit, "as asked")
    numbers = _unit(layers.graph, nodes, gradients, chosen)
    forward = (*_forward(numbers), *_after(layers, numbers))
    backward = tuple(_backward(numbers))
    score_value = float(found.detach())
    return StepInNumbers(
        step,
        layer,
        reverse,
        chosen,
        layers.hidden_size,
        why,
        forward,
        backward,
        tuple(_words(numbers)),
        score_value=score_value,
    )


def step_of(
    read: Answering, step: int, *, layer: int = 0, reverse: bool = False, unit: int | None = None
) -> StepInNumbers:
    """The same of a text that a run's model reads; steps are those of its tokens, from 0."""
    require_unit(read.layers, layer, reverse, unit)
    read.require(step)
    said: list[str] = []

    def score() -> Tensor:
        found, words = read.score(step)
        said.append(words)
        return found

    found = step_in_numbers(read.layers, score, read.before + step, layer=layer, reverse=reverse, unit=unit)
    return replace(found, step=step, token=read.tokens[step], score=said[-1])


def require_unit(layers: Recurrent, layer: int, reverse: bool, unit: int | None) -> None:
    """Raise UsageError for a layer, direction or unit that there is not, and for convolutional cells."""
    if layers.graph.convolution:
        raise UsageError(
            f"the cell {layers.graph.cell} is convolutional: a unit of it has a value at every place of a frame, "
            "and one step of it is no list of numbers"
        )
    if not 0 <= layer < layers.num_layers:
        raise UsageError(f"layer {layer}: there are {layers.num_layers}, 0 to {layers.num_layers - 1}")
    if reverse and not layers.bidirectional:
        raise UsageError("there is no backward direction: the run reads forwards alone")
    if unit is not None and not 0 <= unit < layers.hidden_size:
        raise UsageError(f"unit {unit}: there are {layers.hidden_size}, 0 to {layers.hidden_size - 1}")


def _look(
    layers: Recurrent, score: Callable[[], Tensor], layer: int, reverse: bool
) -> tuple[list[Sequence[Any]], Tensor]:
    """The values of all nodes at each step as the direction runs, in the last run that ``score`` made, and F."""
    kept: list[Sequence[Any]] = []

    def look(direction: Direction, step: int, values: Sequence[Any]) -> None:
        if (direction.layer, direction.backward) == (layer, reverse):
            del kept[step:]
            kept.append(values)

    with torch.enable_grad(), layers.looking(look):
        found = score()
    return kept, found


def _gradients(graph: Graph, nodes: Sequence[Any], score: Tensor) -> dict[str, Tensor]:
    """dF by each named quantity at this step, all ways to F together; 0 where there is none."""
    named = {name: nodes[index] for name, index in graph.names if isinstance(nodes[index], Tensor)}
    learned = {name: value for name, value in named.items() if value.requires_grad}
    found = torch.autograd.grad(score, list(learned.values()), allow_unused=True) if learned else ()
    by_name = dict(zip(learned, found, strict=True))
    return {name: torch.zeros_like(v) if by_name.get(name) is None else by_name[name] for name, v in named.items()}


def _chosen(graph: Graph, nodes: Sequence[Any], gradients: Mapping[str, Tensor]) -> tuple[int, str]:
    """The unit on which the answer hangs most, and that in words."""
    state = graph.states[0]
    gradient, value = gradients.get(state), nodes[graph.new_states[0]]
    if gradient is None:
        return 0, "the first"
    shares = _first(gradient * value).detach().reshape(-1).abs()
    unit = int(shares.argmax())
    return unit, f"its |dF/d{state} {state}| is the largest: {figure(float(shares[unit]))}"


def _unit(graph: Graph, nodes: Sequence[Any], gradients: Mapping[str, Tensor], unit: int) -> _Unit:
    sizes = dimensions(graph)
    values = [None if sizes[k] == "input" or node.is_map else _of(nodes[k], unit) for k, node in enumerate(graph.nodes)]
    shared = frozenset(k for k, value in enumerate(nodes) if isinstance(value, Tensor) and value.shape == (1, 1))
    return _Unit(graph, values, {name: _of(found, unit) or 0.0 for name, found in gradients.items()}, shared)


def _first(value: Tensor) -> Tensor:
    """Of several sequences that are read at once, as the two strands of DNA are, the first: as it was given."""
    return value[:1] if value.dim() > 1 else value


def _of(value: Any, unit: int) -> float | None:
    """The number of a unit in (1, H), in a parameter (H,), or in one number a sample; None where it has none."""
    if not isinstance(value, Tensor):
        return None if value is None else float(value)
    numbers = _first(value).detach().reshape(-1)
    if len(numbers) == 1:
        return float(numbers[0])
    return float(numbers[unit]) if unit < len(numbers) else None


def _forward(unit: _Unit) -> list[Line]:
    """The cell's equations."""
    graph, names = unit.graph, unit.names
    found = []
    for name, index in unit.quantities:
        numbers = in_numbers(graph, index, names, unit.values)
        value = unit.values[index]
        assert value is not None
        found.append(Line(written(name), expression(graph, index, names), numbers, value))
    return found


def _after(layers: Recurrent, unit: _Unit) -> list[Line]:
    """What a bound on states and zoneout make of the new states, which the next step goes on from."""
    bound, share, graph = layers.state_clip, layers.zoneout, unit.graph
    found = []
    for state, new in zip(graph.states, graph.new_states, strict=True):
        value, name, old = unit.values[new], written(state), Node("state", name=state)
        if value is None:
            continue
        if bound is not None:
            value = max(-bound, min(bound, value))
            found.append(Line(name, "", "", value, f"as it goes on, within {figure(-bound)} and {figure(bound)}"))
        if share and old in graph.nodes:
            before = unit.values[graph.nodes.index(old)]
            assert before is not None
            symbols = f"{share:g} {name}' + {1 - share:g} {name}"
            numbers = f"{share:g} · {_bracketed(before)} + {1 - share:g} · {_bracketed(value)}"
            found.append(
                Line(name, symbols, numbers, share * before + (1 - share) * value, "as it goes on, by zoneout")
            )
    return found


def _bracketed(value: float) -> str:
    return figure(value) if value >= 0 else f"({figure(value)})"


def _backward(unit: _Unit) -> list[Line]:
    """The derivatives of F, the last quantity first: the ways through later quantities of the step, and the rest."""
    found = []
    for place, (name, index) in reversed(list(enumerate(unit.quantities))):
        derivation = Derivation(unit.graph, unit.values)
        total = unit.gradients.get(name, 0.0)
        chain = _chain(unit, derivation, place, index)
        within = 0.0 if chain is None else _number(derivation, chain)
        remark = _rest(unit, derivation, index)
        if remark and chain is not None:
            noise = ROUNDING * (abs(total) + abs(within))
            chain = plus(chain, derivation.quantity("rest", total - within if abs(total - within) > noise else 0.0))
        left = f"dF/d{written(name)}"
        if chain is None:
            found.append(Line(left, "", "", total, remark))
        else:
            found.append(Line(left, *_written(derivation, chain), total, f"rest: {remark}" if remark else ""))
    return found


def _chain(unit: _Unit, derivation: Derivation, place: int, index: int) -> Term:
    """The sum of dF/dr ∘ ∂r/∂q over the later quantities r that hold q by pointwise operations."""
    chain: Term = None
    for name, later in unit.quantities[place + 1 :]:
        slope = derivation.slope(later, index)
        if slope is not None:
            outer = derivation.quantity(f"dF/d{written(name)}", unit.gradients.get(name, 0.0))
            chain = plus(chain, times(outer, slope))
    return chain


def _rest(unit: _Unit, derivation: Derivation, index: int) -> str:
    """Which other ways lead from a quantity to F, in words; none where the chain is all."""
    graph = unit.graph
    ways = [expression(graph, node, derivation.names) for node in derivation.reached_from(index)]
    found = [f"through all units of {', '.join(ways)}"] if ways else []
    found += ["through the other units, which share it"] if index in unit.shared else []
    found += ["by later steps"] if index in graph.new_states else []
    found += ["by what reads the layer"] if index == graph.output else []
    return ", ".join(found)


def _number(derivation: Derivation, term: Symbol | float) -> float:
    return term if isinstance(term, float) else derivation.value(term.index)


def _written(derivation: Derivation, term: Symbol | float) -> tuple[str, str]:
    """In symbols and in numbers."""
    if isinstance(term, float):
        return f"{term:g}", f"{term:g}"
    graph, names = derivation.graph, {k: name for k, name in derivation.names.items() if k != term.index}
    return expression(graph, term.index, names), in_numbers(graph, term.index, names, derivation.values)


def _words(unit: _Unit) -> list[str]:
    """What was kept of each state, written into it and let out, where the equations have that form."""
    derivation = Derivation(unit.graph, unit.values)
    said = []
    for state, new in zip(unit.graph.states, unit.graph.new_states, strict=True):
        found = derivation.kept_and_written(state)
        if found is None or unit.values[new] is None:
            continue
        kept, added = found
        assert kept is not None
        share, name = _number(derivation, kept), written(state)
        by = _equation(derivation, kept)
        if 0 <= share <= 1:
            said.append(f"{name}: forgotten {100 * (1 - share):.0f} %, kept {100 * share:.0f} % of {name}', by {by}")
        else:
            said.append(f"{name}: {name}' is multiplied by {by}")
        if added is not None:
            said.append(f"{name}: written {_equation(derivation, added)}")
    out = derivation.let_out()
    if out is not None and unit.values[unit.graph.output] is not None:
        gate, what = out
        share = derivation.value(gate.index)
        amount = f"{100 * share:.0f} %" if 0 <= share <= 1 else f"{figure(share)} times what is"
        said.append(f"let out {amount} of {_equation(derivation, what)}, by {_equation(derivation, gate)}")
    return said


def _equation(derivation: Derivation, term: Symbol | float) -> str:
    """``f = 0.88``, ``i ∘ g = 0.453 · 0.3 = 0.1359``, or a number alone."""
    if isinstance(term, float):
        return f"{term:g}"
    name, value = derivation.names.get(term.index), figure(derivation.value(term.index))
    if name is not None:
        return f"{written(name)} = {value}"
    symbols, numbers = _written(derivation, term)
    return " = ".join([symbols, *([numbers] if numbers not in (value, symbols) else []), value])


def written(name: str) -> str:
    """A quantity's name as equations have it."""
    return name.removesuffix("_tilde") + "~" if name.endswith("_tilde") else name
