"""One answer and all that was found out about it, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from throughtime.use.inspect.explain.attribution import Attribution
from throughtime.use.inspect.explain.leaving_out import Without
from throughtime.use.inspect.explain.nearest import Neighbour
from throughtime.use.inspect.explain.over_time import OverTime
from throughtime.use.inspect.explain.written import WrittenText

Kind = Literal["class", "label", "number", "token"]


@dataclass(frozen=True)
class Input:
    """An input column as the network read it: a token a step, and of each what it gave and what would be without it.

    ``given (T,)`` is the token's share of the score; a column without time has one step, its value. ``words`` says that
    tokens stand apart when they are read. Of a series, ``values`` are its steps as they were given, a number each, or
    one for each of the ``channels``.
    """

    column: str
    tokens: tuple[str, ...]
    given: np.ndarray
    without: tuple[Without | None, ...]
    words: bool
    over_time: tuple[OverTime, ...] = ()
    recorded: Mapping[str, np.ndarray] = field(default_factory=dict)  # (T, units) each, by layer and quantity
    values: tuple[Any, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explained:
    """Why a network answered one input as it did.

    ``predicted`` is its answer, ``answer`` the class (or label, or token) that is explained, which is the predicted one
    unless another was asked for, and ``value`` its probability; a number is explained as it is, and is all three.
    ``step``, from 0, is the step of the answer; of a language model, that of the token which is answered. ``scored``
    says what the attributed score is. ``seen (F,)`` is what the head sees of the input. ``nearest`` are training rows,
    and ``no_nearest`` says why there are none.

    Where a text is written, ``written`` is all of it, what is explained is the token at ``step``, and the last of the
    inputs are the tokens that the decoder had read before it.
    """

    task: str
    output: str
    kind: Kind
    predicted: Any
    answer: Any
    value: float
    step: int | None
    scored: str
    attribution: Attribution
    inputs: tuple[Input, ...]
    seen: np.ndarray | None = None
    nearest: tuple[Neighbour, ...] = ()
    no_nearest: str | None = None
    written: WrittenText | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, as inspection.json keeps them and the report shows them; without the arrays of every unit."""
        found = self.attribution
        return {
            "task": self.task,
            "output": self.output,
            "kind": self.kind,
            "predicted": self.predicted,
            "answer": self.answer,
            "value": self.value,
            "step": self.step,
            "score": {
                "name": self.scored,
                "value": found.score,
                "baseline": found.baseline,
                "gap": found.gap,
                "complete": found.complete,
                "points": found.points,
            },
            "inputs": [_input(entry) for entry in self.inputs],
            "nearest": [_neighbour(entry) for entry in self.nearest],
            "no_nearest": self.no_nearest,
            **({} if self.written is None else {"written": self.written.to_json()}),
        }


def _input(entry: Input) -> dict[str, Any]:
    return {
        "column": entry.column,
        "words": entry.words,
        "tokens": list(entry.tokens),
        "given": entry.given.tolist(),
        **({"values": list(entry.values), "channels": list(entry.channels)} if entry.values else {}),
        "without": [None if out is None else _without(out) for out in entry.without],
        "over_time": [line.to_json() for line in entry.over_time],
    }


def _without(out: Without) -> dict[str, Any]:
    return {"predicted": out.predicted, "value": out.value, "flips": out.flips}


def _neighbour(row: Neighbour) -> dict[str, Any]:
    return {
        "inputs": dict(row.inputs),
        "label": row.label,
        "file": row.file,
        "row": row.row,
        "distance": row.distance,
    }
