"""What an answer would be without one of the tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from throughtime.batch import Batch
from throughtime.data.fields import Field
from throughtime.models.encoders import steps_of
from throughtime.models.model import Model
from throughtime.use.inspect.explain.asked import Asked, Reading, flips, readings

ROWS = 64  # shortened inputs that are answered at once


@dataclass(frozen=True)
class Without:
    """The answer without one step: what is predicted then, the probability of the class that is asked about (or the
    number itself), and whether the answer is another one (None for numbers)."""

    predicted: Any
    value: float
    flips: bool | None


@torch.no_grad()
def without_each(
    model: Model, row: Mapping[str, Any], fields: Mapping[str, Field], output: Field, question: Asked, before: Reading
) -> dict[str, list[Without | None]]:
    """The answer without each step of each input column; ``row`` holds its encoded values.

    A step is cut out, so the rest moves together, as if it had never been written. Where every step is answered, all
    columns with steps lose it at once, and there is no answer (None) without the very step that is asked about. A
    column without time cannot be cut out: its vector is set to 0, which is the training mean of a number, and no class.
    """
    trial = _Trial(model, row, fields, output, question, before)
    timed = [column for column, field in fields.items() if field.stepwise]
    found: dict[str, list[Without | None]] = {}
    for group in [timed] if output.stepwise else [[column] for column in timed]:
        answers = trial.shortened(group)
        found |= {column: answers for column in group}
    return found | {column: [trial.without_value(column)] for column in fields if column not in timed}


@dataclass(frozen=True)
class _Trial:
    """One row, what is asked of it, and what was answered before anything was left out."""

    model: Model
    row: Mapping[str, Any]
    fields: Mapping[str, Field]
    output: Field
    question: Asked
    before: Reading

    def shortened(self, group: Sequence[str]) -> list[Without | None]:
        """The answer without each step of these columns, which lose it together."""
        steps = self.fields[group[0]].length(self.row[group[0]])
        kept = [k for k in range(steps) if k != self.question.step]
        found: list[Without | None] = [None] * steps
        for some in in_parts(kept):
            rows = [{**self.row, **{column: np.delete(self.row[column], k, 0) for column in group}} for k in some]
            moved = [replace(self.question, step=_moved(self.question.step, k)) for k in some]
            answers = readings(self.model.head, self.model(self._batch(rows)), self.output, moved)
            for k, after in zip(some, answers, strict=True):
                found[k] = self._without(after)
        return found

    def without_value(self, column: str) -> Without:
        """The answer with the vector of a column without time set to 0."""
        model, batch = self.model, self._batch([self.row])
        vectors = [x * 0 if name == column else x for name, x in zip(model.inputs, model.vectors(batch), strict=True)]
        result = model.over(vectors, [steps_of(batch[name]) for name in model.inputs])
        (after,) = readings(model.head, result, self.output, [self.question])
        return self._without(after)

    def _without(self, after: Reading) -> Without:
        return Without(after.predicted, after.value, flips(self.output, self.before, after, self.question.answer))

    def _batch(self, rows: Sequence[Mapping[str, Any]]) -> Batch:
        where = next(self.model.parameters()).device
        columns = {column: field.collate([row[column] for row in rows]) for column, field in self.fields.items()}
        return Batch(columns, torch.arange(len(rows))).to(where)


def _moved(step: int | None, left_out: int) -> int | None:
    """Where the step that is asked about stands once another is gone."""
    return step if step is None or left_out > step else step - 1


def in_parts(steps: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at a time as are answered at once."""
    return (steps[begin : begin + ROWS] for begin in range(0, len(steps), ROWS))
