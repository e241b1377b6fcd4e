"""Scores that are products of query and memory with a learned map between them."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Generator, Tensor

from throughtime.models.attention.attention import Attention, Memory, attentions, looked, uniform


@attentions.named("general")
class General(Attention):
    """score(q, m) = q · W m (Luong, Pham and Manning 2015).

    >>> import torch
    >>> context, weights = General(3, 5)(torch.ones(2, 4, 3), torch.ones(2, 6, 5), torch.tensor([6, 1]))
    >>> context.shape, weights[1, 0].tolist()
    (torch.Size([2, 4, 5]), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()
        self.weight = uniform(query_size, memory_size, generator=generator)
        self.context_size = memory_size

    def keys(self, values: Tensor) -> Tensor:
        return F.linear(values, self.weight)

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return looked(queries @ memory.keys.transpose(1, 2), memory)
