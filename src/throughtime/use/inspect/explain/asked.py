"""What is asked of an answer, and how it reads: which class, at which step, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Sequences
from throughtime.data.fields import Field
from throughtime.errors import UsageError, unknown
from throughtime.models.heads import Head


@dataclass(frozen=True)
class Asked:
    """Which answer is to be explained: the number of its class (0 where it is a number), and the step it is given at.

    ``step`` counts from 0, and is None where a row has one answer.
    """

    answer: int
    step: int | None = None


@dataclass(frozen=True)
class Reading:
    """An answer in the user's terms: what is predicted, and the probability of the class that is asked about.

    Where numbers are predicted, ``value`` is the number itself.
    """

    predicted: Any
    value: float


@torch.no_grad()
def asked(head: Head, output: Tensor | Sequences, field: Field, step: int | None, answer: str | None) -> Asked:
    """What is asked of the output for one row: by default the predicted class.

    ``step`` counts from 0; without one it is the step whose answer is least sure, or the last one of
    a row of numbers. ``answer`` names another class. Of several labels the one with the greatest probability is taken.

    Raises UsageError for a step or a class that there is not.
    """
    predicted, probabilities = head.answers(output)
    place = None
    if isinstance(output, Sequences):
        place = _step(predicted, probabilities, step)
        predicted, probabilities = predicted[place:], None if probabilities is None else probabilities[place:]
    elif step is not None:
        raise UsageError(f"step {step}: a row has one answer here, not one for each step; leave it out")
    classes = getattr(field, "classes", None)
    if classes is None or probabilities is None:
        if answer is not None:
            raise UsageError(f'--answer {answer}: column "{field.column}" holds numbers, no classes; leave it out')
        return Asked(0, place)
    if answer is not None:
        if answer not in classes:
            raise unknown(f'class of column "{field.column}"', answer, classes)
        number = classes.index(answer)
        if probabilities[0][number] == 0:
            raise UsageError(f"--answer {answer}: no sequence of tags that is allowed has it there; choose another")
        return Asked(number, place)
    several = np.ndim(predicted[0]) == 1
    return Asked(int(np.argmax(probabilities[0])) if several else int(predicted[0]), place)


def _step(predicted: np.ndarray, probabilities: np.ndarray | None, step: int | None) -> int:
    count = len(predicted)
    if count == 0:
        raise UsageError("the row has no step, so there is no answer to explain; give one with steps")
    if step is not None:
        if not 0 <= step < count:
            raise UsageError(f"step {step}: the row has the steps 0 to {count - 1}")
        return step
    if probabilities is None:
        return count - 1
    return int(np.argmin(probabilities[np.arange(count), predicted]))


@torch.no_grad()
def readings(head: Head, output: Tensor | Sequences, field: Field, of: Sequence[Asked]) -> list[Reading]:
    """The answers to what is asked of each row of an output."""
    predicted, probabilities = head.answers(output)
    begins = np.zeros(len(of), dtype=int)
    if isinstance(output, Sequences):
        begins[1:] = np.cumsum(output.lengths.cpu().numpy())[:-1]
    found = []
    for row, (begin, question) in enumerate(zip(begins, of, strict=True)):
        place = row if question.step is None else int(begin) + question.step
        said = _named(field, predicted[place])
        value = float(said) if probabilities is None else float(probabilities[place][question.answer])
        found.append(Reading(said, value))
    return found


def _named(field: Field, value: Any) -> Any:
    """One answer in the user's terms, also where the field decodes whole sequences."""
    return field.decode([value])[0] if field.stepwise else field.decode(value)


def flips(field: Field, before: Reading, after: Reading, answer: int) -> bool | None:
    """Whether the answer is another one: of labels, whether the one that is asked about is in it; None for numbers."""
    classes = getattr(field, "classes", None)
    if classes is None:
        return None
    if isinstance(before.predicted, list):
        return (classes[answer] in before.predicted) != (classes[answer] in after.predicted)
    return bool(before.predicted != after.predicted)
