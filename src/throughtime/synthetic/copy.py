"""The copy problem: ten symbols are read, long after that a sign is given, and they are to be said again in order."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from throughtime.synthetic.problem import Examples, Problem, problems

SYMBOLS, LENGTH = 8, 10
BLANK, SIGN = SYMBOLS, SYMBOLS + 1


def draw(count: int, lag: int, generator: Generator) -> Examples:
    """Ten symbols, ``lag - 1`` blanks, the sign, ten blanks; the answer is ``lag + 10`` blanks and the ten symbols."""
    said = torch.randint(0, SYMBOLS, (count, LENGTH), generator=generator)
    steps = lag + 2 * LENGTH
    read = torch.full((count, steps), BLANK)
    read[:, :LENGTH] = said
    read[:, LENGTH + lag - 1] = SIGN
    answer = torch.full((count, steps), BLANK)
    answer[:, -LENGTH:] = said
    return Examples(F.one_hot(read, SYMBOLS + 2).float(), torch.full((count,), steps), answer)


def loss(outputs: Tensor, examples: Examples) -> Tensor:
    """The cross entropy of all steps."""
    return F.cross_entropy(outputs.flatten(0, 1), examples.target.flatten())


def right(outputs: Tensor, examples: Examples) -> Tensor:
    return (outputs.argmax(2) == examples.target)[:, -LENGTH:].all(1)


problems.add(
    "copy",
    Problem(
        name="copy",
        title="Say ten symbols again",
        source="Hochreiter and Schmidhuber 1997; the form of Arjovsky, Shah and Bengio 2016",
        input_size=SYMBOLS + 2,
        output_size=SYMBOLS + 1,
        shortest=1,
        draw=draw,
        loss=loss,
        right=right,
        criterion="all ten symbols are right",
        chance=lambda lag: LENGTH * math.log(SYMBOLS) / (lag + 2 * LENGTH),  # blanks till the sign, then any symbol
    ),
)
