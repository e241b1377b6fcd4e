"""Scores that also see where the query before looked, so that the next place can be found from the last one."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Generator, Tensor

from throughtime.models.attention.attention import Attention, Memory, attentions, step_by_step, uniform
from throughtime.models.attention.scoring import AdditiveScore

FILTERS = 8
WIDTH = 7  # steps of the memory that a filter sees


@attentions.named("location")
class Location(Attention):
    """score(q, m) = v · tanh(W q + U m + V f + b), f = K * weights of the query before (Chorowski et al. 2015).

    K holds 8 filters over 7 steps (theirs are wider: frames of speech are many); before the first query, weights are 0.

    >>> import torch
    >>> attention = Location(3, 5)
    >>> memory, lengths = torch.randn(2, 6, 5), torch.tensor([6, 2])
    >>> _, weights = attention(torch.ones(2, 2, 3), memory, lengths)
    >>> earlier = attention.after(None, weights[:, :1])
    >>> torch.equal(attention(torch.ones(2, 1, 3), memory, lengths, earlier)[1], weights[:, 1:])
    True
    """

    stepwise = True

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()
        self.score = AdditiveScore(query_size, memory_size, generator)
        self.filters = uniform(FILTERS, WIDTH, generator=generator)
        self.weight_location = uniform(query_size, FILTERS, generator=generator)
        self.context_size = memory_size

    def keys(self, values: Tensor) -> Tensor:
        return self.score.keys(values)

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return step_by_step(self, self._scores, queries, memory, earlier)

    def after(self, earlier: Tensor | None, weights: Tensor) -> Tensor:
        return weights[:, -1]

    def _scores(self, query: Tensor, keys: Tensor, earlier: Tensor) -> Tensor:
        # one window more than there are steps: torch makes none of a memory without steps
        windows = F.pad(earlier, (WIDTH // 2, WIDTH // 2 + 1)).unfold(1, WIDTH, 1)[:, : earlier.shape[1]]
        return self.score(query, keys, F.linear(F.linear(windows, self.filters), self.weight_location))
