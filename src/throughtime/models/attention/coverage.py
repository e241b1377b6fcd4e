"""Scores that also see how much each step has been looked at so far, so that nothing is said twice or left out."""

from __future__ import annotations

from torch import Generator, Tensor

from throughtime.models.attention.attention import Attention, Memory, attentions, step_by_step, uniform
from throughtime.models.attention.scoring import AdditiveScore


@attentions.named("coverage")
class Coverage(Attention):
    """score(q, m) = v · tanh(W q + U m + w c + b), c the sum of all earlier weights of m (See, Liu and Manning 2017).

    Tu et al. (2016) let a recurrent network sum them. There is no loss of coverage beside it.

    >>> import torch
    >>> attention = Coverage(3, 5)
    >>> memory, lengths = torch.randn(2, 6, 5), torch.tensor([6, 2])
    >>> _, weights = attention(torch.ones(2, 3, 3), memory, lengths)
    >>> earlier = attention.after(None, weights[:, :2])
    >>> torch.allclose(attention(torch.ones(2, 1, 3), memory, lengths, earlier)[1], weights[:, 2:])
    True
    """

    stepwise = True

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()
        self.score = AdditiveScore(query_size, memory_size, generator)
        self.weight_coverage = uniform(query_size, generator=generator)
        self.context_size = memory_size

    def keys(self, values: Tensor) -> Tensor:
        return self.score.keys(values)

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return step_by_step(self, self._scores, queries, memory, earlier)

    def after(self, earlier: Tensor | None, weights: Tensor) -> Tensor:
        new = weights.sum(1)
        return new if earlier is None else earlier + new

    def _scores(self, query: Tensor, keys: Tensor, earlier: Tensor) -> Tensor:
        return self.score(query, keys, earlier[..., None] * self.weight_coverage)
