"""A cell: a step written as equations, with its source and its forms."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.language import ACTIVATIONS
from throughtime.cells.equations.record import Step, record
from throughtime.errors import UsageError, unknown
from throughtime.registry import Registry


@dataclass(frozen=True)
class Cell:
    """A registered step. Its forms are the step's keyword-only arguments, and ``bias``, which every cell has."""

    name: str
    step: Step
    source: str = ""
    differences: str = ""
    convolution: bool = False

    @cached_property
    def title(self) -> str:
        """The first line of the step's docstring."""
        return (inspect.getdoc(self.step) or self.name).splitlines()[0]

    @cached_property
    def options(self) -> dict[str, Any]:
        """The cell's forms by name, with their defaults; activations by their names."""
        arguments = inspect.signature(self.step).parameters.values()
        options = {a.name: _plain(a.default) for a in arguments if a.kind is inspect.Parameter.KEYWORD_ONLY}
        return {**options, "bias": True}

    def graph(self, **options: Any) -> Graph:
        """Record the cell in the form given by ``options``.

        >>> cells["rnn"].graph(activation="relu", bias=False).parameters
        ('W', 'U')
        """
        chosen = {}
        for name, value in options.items():
            if name not in self.options:
                raise unknown(f"option of the cell {self.name}", name, self.options)
            chosen[name] = self._value(name, value)
        bias = bool(chosen.pop("bias", True))
        for name, default in self.options.items():
            if name != "bias":
                chosen.setdefault(name, self._value(name, default))
        label = ":".join((self.name, ",".join(f"{k}={_word(v)}" for k, v in options.items()))) if options else self.name
        return record(self.step, bias=bias, convolution=self.convolution, name=label, **chosen)

    def _value(self, name: str, value: Any) -> Any:
        default = self.options[name]
        if isinstance(default, bool):
            words = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
            found = value if isinstance(value, bool) else words.get(str(value).lower())
            if found is None:
                raise UsageError(f'cell {self.name}: {name} is yes or no, not "{value}"')
            return found
        if default in ACTIVATIONS:
            if value in ACTIVATIONS.values():
                return value
            if value not in ACTIVATIONS:
                raise unknown("activation", str(value), ACTIVATIONS)
            return ACTIVATIONS[value]
        try:
            return type(default)(value)
        except (TypeError, ValueError):
            raise UsageError(f'cell {self.name}: {name} is {type(default).__name__}, not "{value}"') from None


cells: Registry[Cell] = Registry("cell", "throughtime.cells.library")


@overload
def cell(step: Step) -> Step: ...
@overload
def cell(*, source: str = "", differences: str = "", convolution: bool = False) -> Callable[[Step], Step]: ...
def cell(
    step: Step | None = None, *, source: str = "", differences: str = "", convolution: bool = False
) -> Step | Callable[[Step], Step]:
    """Register the decorated step as a cell under the function's name; also plainly, as ``@cell``.

    >>> @cell(source="this example")
    ... def leaky(p, x, h):
    ...     "An Elman cell that leaks."
    ...     return 0.5 * h + 0.5 * tanh(p.W @ x + p.U @ h + p.b)
    >>> from throughtime.cells import tanh
    >>> cells["leaky"].graph().parameters
    ('W', 'U', 'b')

    A cell that is defined in a notebook may be defined again there: the later one stands.
    """

    def register(step: Step) -> Step:
        entry = Cell(step.__name__, step, source, differences, convolution)
        again = (
            step.__module__ == "__main__" and entry.name in cells and cells[entry.name].step.__module__ == "__main__"
        )
        (cells.replace if again else cells.add)(entry.name, entry)
        return step

    return register if step is None else register(step)


def form(text: str | Cell | Graph) -> Graph:
    """The graph of a cell in a form: ``"lstm"``, ``"lstm:activation=sigmoid,bias=no"``, a cell, or a graph as it is.

    Raises UsageError for an unknown cell, option or value.
    """
    if isinstance(text, Graph):
        return text
    if isinstance(text, Cell):
        return text.graph()
    if not isinstance(text, str):
        known_as = getattr(text, "__name__", "lstm")  # type: ignore[unreachable]
        raise UsageError(f'cell {text!r}: give the name under which it is registered, for instance "{known_as}"')
    name, _, rest = text.partition(":")
    options = {}
    for part in filter(None, rest.split(",")):
        key, sign, value = part.partition("=")
        if not sign:
            raise UsageError(f'cell option "{part}": write it as name=value, for instance {name}:activation=relu')
        if key.strip() in options:
            raise UsageError(f'cell option "{key.strip()}" is given twice in {text}; give it once')
        options[key.strip()] = value.strip()
    return cells[name.strip()].graph(**options)


def _plain(value: Any) -> Any:
    return next((name for name, function in ACTIVATIONS.items() if function is value), value)


def _word(value: Any) -> str:
    plain = _plain(value)
    return {True: "yes", False: "no"}[plain] if isinstance(plain, bool) else str(plain)
