"""Scores by a small network that reads query and memory."""

from __future__ import annotations

from torch import Generator, Tensor

from throughtime.models.attention.attention import Attention, Memory, attentions, looked
from throughtime.models.attention.scoring import AdditiveScore


@attentions.named("additive")
class Additive(Attention):
    """score(q, m) = v · tanh(W q + U m + b) (Bahdanau, Cho and Bengio 2015, who ask with the state before the step).

    >>> import torch
    >>> context, weights = Additive(3, 5)(torch.ones(2, 4, 3), torch.ones(2, 6, 5), torch.tensor([0, 1]))
    >>> context.shape, context[0].any().item()
    (torch.Size([2, 4, 5]), False)
    """

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()
        self.score = AdditiveScore(query_size, memory_size, generator)
        self.context_size = memory_size

    def keys(self, values: Tensor) -> Tensor:
        return self.score.keys(values)

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return looked(self.score(queries, memory.keys), memory)
