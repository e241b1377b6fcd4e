"""The adding problem: of many numbers two are marked, and at the end their sum is asked for."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from throughtime.synthetic.problem import Examples, Problem, last, problems

NEAR = 0.08


def draw(count: int, lag: int, generator: Generator) -> Examples:
    """``lag`` steps of a number, uniform in 0 to 1, and a mark; one mark falls into each half."""
    numbers = torch.rand(count, lag, generator=generator)
    early = torch.randint(0, lag // 2, (count,), generator=generator)
    late = torch.randint(lag // 2, lag, (count,), generator=generator)
    marks, rows = torch.zeros(count, lag), torch.arange(count)
    marks[rows, early] = marks[rows, late] = 1
    return Examples(torch.stack([numbers, marks], 2), torch.full((count,), lag), (numbers * marks).sum(1))


def loss(outputs: Tensor, examples: Examples) -> Tensor:
    """The mean squared error of the last step's output."""
    return (last(outputs, examples.lengths)[:, 0] - examples.target).square().mean()


def right(outputs: Tensor, examples: Examples) -> Tensor:
    return (last(outputs, examples.lengths)[:, 0] - examples.target).abs() < NEAR


problems.add(
    "adding",
    Problem(
        name="adding",
        title="Add the two numbers that are marked",
        source="Hochreiter and Schmidhuber 1997, experiment 4, with the numbers of Le, Jaitly and Hinton 2015 and a "
        "mark in each half, as Arjovsky, Shah and Bengio 2016 have it",
        input_size=2,
        output_size=1,
        shortest=2,
        draw=draw,
        loss=loss,
        right=right,
        criterion=f"the sum, between 0 and 2, is off by less than {NEAR} (in 1997, between 0 and 1, by less than 0.04)",
        chance=lambda lag: 1 / 6,  # the variance of the sum of two uniform numbers: always answering 1
    ),
)
