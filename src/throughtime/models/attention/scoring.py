"""The additive score, which several ways of attention share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from throughtime.models.attention.attention import uniform


class AdditiveScore(nn.Module):
    """v · tanh(W q + U m + more + b), with as many units as a query has."""

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None) -> None:
        super().__init__()
        self.weight_query = uniform(query_size, query_size, generator=generator)
        self.weight_memory = uniform(query_size, memory_size, generator=generator)
        self.bias = nn.Parameter(torch.zeros(query_size))
        self.weight_score = uniform(query_size, generator=generator)

    def keys(self, values: Tensor) -> Tensor:
        """U m, ``(B, T, F)`` to ``(B, T, H)``."""
        return F.linear(values, self.weight_memory)

    def forward(self, queries: Tensor, keys: Tensor, more: Tensor | None = None) -> Tensor:
        """Queries ``(B, S, H)`` and keys ``(B, T, H)`` to ``(B, S, T)``; ``more (B, T, H)`` is added to the keys."""
        keys = keys if more is None else keys + more
        asked = F.linear(queries, self.weight_query, self.bias)
        return torch.tanh(asked[:, :, None] + keys[:, None]) @ self.weight_score
