"""Record a step, a plain function of ``(p, x, *states)``, into its graph."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from throughtime.cells.equations.graph import LEAVES, Graph, Node
from throughtime.cells.equations.language import Parameters, Recorder, Symbol
from throughtime.errors import UsageError

Step = Callable[..., Any]


def record(step: Step, *, bias: bool = True, convolution: bool = False, name: str = "", **options: object) -> Graph:
    """Run ``step`` once on symbols and return the graph of what it did.

    The step's arguments are ``p`` (its parameters), the input, then its states; keyword-only arguments are
    options. It returns the new states in the same order; with one value more, the first is the output,
    otherwise the first new state is.

    >>> def elman(p, x, h):
    ...     return tanh(p.W @ x + p.U @ h + p.b)
    >>> from throughtime.cells.equations import tanh
    >>> record(elman).parameters
    ('W', 'U', 'b')

    Raises UsageError if the step branches on a value, calls what cannot be recorded, or returns too much or too little.
    """
    label = name or step.__name__
    _, x_name, *states = _arguments(step, label)
    recorder = Recorder()
    x = recorder.symbol(Node("input", name=x_name))
    before = [recorder.symbol(Node("state", name=state)) for state in states]
    results, local_names = _run(step, (Parameters(recorder, bias), x, *before), options, label)
    output, new_states = _results(results, len(states), recorder, label)
    names = _names(local_names, recorder.nodes, dict(zip(states, new_states, strict=True)), output)
    graph = Graph(label, tuple(recorder.nodes), tuple(states), new_states, output, names, convolution)
    graph.check()
    return graph


def _arguments(step: Step, label: str) -> list[str]:
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [name for name, argument in inspect.signature(step).parameters.items() if argument.kind in plain]
    if len(names) < 3:
        raise UsageError(
            f"cell {label}: a step takes its parameters, its input and at least one state: def {label}(p, x, h)"
        )
    return names


def _run(step: Step, arguments: tuple[Any, ...], options: dict[str, object], label: str) -> tuple[Any, dict[str, Any]]:
    """The step's result and its local variables at its return (the only way to learn the names the author gave)."""
    local_names: dict[str, Any] = {}
    code = getattr(step, "__code__", None)

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code is code:
            local_names.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        result = step(*arguments, **options)
    except Exception as error:
        sys.setprofile(before)
        what = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
        raise UsageError(f"cell {label}{_line(error, code)}: {what}") from error
    finally:
        sys.setprofile(before)
    return result, local_names


def _line(error: Exception, code: CodeType | None) -> str:
    """The line of the step that was running when the error was raised."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is code]
    return f", {Path(code.co_filename).name} line {lines[-1]}" if code is not None and lines else ""


def _results(results: Any, count: int, recorder: Recorder, label: str) -> tuple[int, tuple[int, ...]]:
    values = results if isinstance(results, tuple) else (results,)
    if len(values) not in (count, count + 1):
        raise UsageError(
            f"cell {label}: the step returns {len(values)} values but has {count} states; return the new states "
            "in the order of the arguments, or the output and then the new states"
        )
    if not all(isinstance(value, Symbol | int | float) for value in values):
        raise UsageError(f"cell {label}: the step must return quantities that it computed")
    symbols = [value if isinstance(value, Symbol) else recorder.constant(value) for value in values]
    return symbols[0].quantity(), tuple(symbol.quantity() for symbol in symbols[-count:])


def _names(
    local_names: dict[str, Any], nodes: list[Node], new_states: dict[str, int], output: int
) -> tuple[tuple[str, int], ...]:
    """Each computed node under one name; a new state goes by the state's name, whatever the step called it."""
    by_node = {index: state for state, index in reversed(new_states.items())}
    for name, value in local_names.items():
        if isinstance(value, Symbol) and name not in new_states and not name.startswith("_"):
            by_node.setdefault(value.index, name)
    if output not in new_states.values():
        by_node.setdefault(output, "output" if "y" in by_node.values() else "y")
    return tuple((by_node[index], index) for index in sorted(by_node) if nodes[index].op not in LEAVES)
