"""A problem is a value: how its sequences are drawn, what is answered, and when an answer is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Generator, Tensor

from throughtime.errors import UsageError
from throughtime.registry import Registry


@dataclass(frozen=True)
class Examples:
    """Sequences ``x (B, T, input_size)`` with ``lengths (B,)``, and their answers.

    ``target`` is ``(B,)`` where the last step answers and ``(B, T)`` where every step does. ``legal (B, T, classes)``
    says where more than one class is right.
    """

    x: Tensor
    lengths: Tensor  # (B,) int64
    target: Tensor
    legal: Tensor | None = None  # bool


@dataclass(frozen=True)
class Problem:
    """What must be remembered over ``lag`` steps, and how an answer is judged.

    ``loss`` and ``right`` are given the outputs of all steps, ``(B, T, output_size)``: a mean over the batch, and for
    each row whether it is right, ``(B,)`` of bool, by the ``criterion``. ``chance`` is the loss at some lag of who
    knows the problem and remembers nothing.

    >>> import torch
    >>> examples = problems["latch"].batch(4, 10, torch.Generator().manual_seed(1))
    >>> examples.x.shape, examples.target
    (torch.Size([4, 11, 1]), tensor([1, 1, 0, 0]))
    """

    name: str
    title: str
    source: str
    input_size: int
    output_size: int
    shortest: int  # the least lag there is
    draw: Callable[[int, int, Generator], Examples]
    loss: Callable[[Tensor, Examples], Tensor]
    right: Callable[[Tensor, Examples], Tensor]
    criterion: str
    chance: Callable[[int], float]

    def batch(self, count: int, lag: int, generator: Generator) -> Examples:
        """``count`` sequences in which something must be remembered over ``lag`` steps; UsageError for one too short.

        The same generator state gives the same examples.
        """
        if lag < self.shortest:
            raise UsageError(f"lag {lag}: the problem {self.name} needs {self.shortest} steps or more")
        return self.draw(count, lag, generator)


problems: Registry[Problem] = Registry("problem", "throughtime.synthetic")


def last(outputs: Tensor, lengths: Tensor) -> Tensor:
    """The output ``(B, F)`` at the last step that each row of ``(B, T, F)`` has."""
    return outputs[range(len(outputs)), lengths - 1]
