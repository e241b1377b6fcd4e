"""The latch problem: the first steps say which of two classes it is, then comes noise, then the question."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from throughtime.batch import valid_mask
from throughtime.synthetic.problem import Examples, Problem, last, problems

SAID = 3  # steps that say the class
VARIANCE = 0.2  # of the noise


def draw(count: int, lag: int, generator: Generator) -> Examples:
    """1 or -1 for three steps, then noise; each row is ``lag`` to 1.1 ``lag`` steps long, as in the paper."""
    target = torch.randint(0, 2, (count,), generator=generator)
    lengths = torch.randint(lag, lag + lag // 10 + 1, (count,), generator=generator)
    steps = lag + lag // 10
    x = torch.randn(count, steps, generator=generator) * VARIANCE**0.5
    x[:, :SAID] = (2.0 * target - 1)[:, None]
    return Examples((x * valid_mask(lengths, steps))[..., None], lengths, target)


def loss(outputs: Tensor, examples: Examples) -> Tensor:
    """The cross entropy of the last step's output, the log odds of class 1."""
    return F.binary_cross_entropy_with_logits(last(outputs, examples.lengths)[:, 0], examples.target.to(outputs.dtype))


def right(outputs: Tensor, examples: Examples) -> Tensor:
    return (last(outputs, examples.lengths)[:, 0] > 0) == (examples.target == 1)


problems.add(
    "latch",
    Problem(
        name="latch",
        title="Hold a bit through noise",
        source="Bengio, Simard and Frasconi 1994; in the form of Hochreiter and Schmidhuber 1997, experiment 3a",
        input_size=1,
        output_size=1,
        shortest=SAID + 1,
        draw=draw,
        loss=loss,
        right=right,
        criterion="the class of the row has the greater probability",
        chance=lambda lag: math.log(2),
    ),
)
