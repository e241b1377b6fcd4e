"""What every way of writing an answer shares: the step it asks, where answers begin and end, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch
from torch import Tensor

from throughtime.errors import UsageError


class Carried(Protocol):
    """The state of a model between two steps, a value with a row for each sequence that is written."""

    def select(self, index: Tensor) -> Self:
        """These rows ``(N,)``; a row may be taken several times, or not at all."""
        ...


class Covering(Carried, Protocol):
    """A state that also knows how much of the input was looked at."""

    def coverage(self) -> Tensor:
        """``(N,)``, at most 0, which it is where nothing was left out."""
        ...


Step = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""``step(ids (N,), state) -> (log-probabilities (N, V), state)``: reads one token a row"""


@dataclass(frozen=True)
class Ends:
    """Where an answer begins and ends: the tokens ``first`` and ``last``, or without the latter after ``longest``.

    ``longest`` counts all tokens but ``first``. With ``prefixes``, one a sequence, the answer begins with these ids.

    >>> Ends(2, 3, longest=1, prefixes=[[5, 6]])
    Traceback (most recent call last):
    throughtime.errors.UsageError: prefix 1 has 2 tokens; an answer has at most 1
    """

    first: int
    last: int
    longest: int
    prefixes: Sequence[Sequence[int]] | None = None

    def __post_init__(self) -> None:
        if self.longest < 1:
            raise UsageError(f"longest {self.longest}: it must be at least 1")
        for number, prefix in enumerate(self.prefixes or (), 1):
            if len(prefix) > self.longest:
                raise UsageError(f"prefix {number} has {len(prefix)} tokens; an answer has at most {self.longest}")
            if self.last in prefix:
                raise UsageError(f"prefix {number} holds the token that ends an answer; leave it out")

    def forced(self, logs: Tensor, step: int, rows: Sequence[int]) -> Tensor:
        """Log-probabilities ``(N, ..., V)`` of the sequences ``rows``: -∞ for all but what a prefix asks for."""
        if self.prefixes is None:
            return logs
        asked = [self.prefixes[row][step] if step < len(self.prefixes[row]) else -1 for row in rows]
        if max(asked, default=-1) < 0:
            return logs
        token = torch.tensor(asked, device=logs.device).reshape(-1, *(1 for _ in logs.shape[1:]))
        others = (torch.arange(logs.shape[-1], device=logs.device) != token) & (token >= 0)
        return logs.masked_fill(others, -torch.inf)


@dataclass(frozen=True)
class Hypothesis:
    """An answer: its tokens without the first and the last, its log-probability, and the score it is ranked by.

    ``finished`` says that it came to its end; else it was cut, and its log-probability has no end in it.
    """

    ids: tuple[int, ...]
    log_probability: float
    score: float
    finished: bool
