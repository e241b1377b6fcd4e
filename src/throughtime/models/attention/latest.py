"""Of all steps that match, the latest: what was said last holds, whatever was said before."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from throughtime.batch import valid_mask
from throughtime.models.attention.attention import Attention, Memory, attentions, uniform

RARE = -4.0  # first bias: a step matches by chance about once in 55, so that at first the look goes far back


@attentions.named("latest")
class Latest(Attention):
    """weight_t = g_t * product of 1 - g_s over s > t, g = sigmoid(q · W m + b); at the first step g is 1.

    From the end back to the beginning, the look stays at each step with probability g, the geometric attention of
    Csordás, Irie and Schmidhuber (2022), which there goes from each step in both directions.

    >>> import torch
    >>> attention = Latest(3, 5)
    >>> context, weights = attention(torch.ones(2, 4, 3), torch.randn(2, 6, 5), torch.tensor([6, 1]))
    >>> context.shape, weights[1, 0].tolist()
    (torch.Size([2, 4, 5]), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()
        self.weight = uniform(query_size, memory_size, generator=generator)
        self.bias = nn.Parameter(torch.full((), RARE))
        self.context_size = memory_size

    def keys(self, values: Tensor) -> Tensor:
        return F.linear(values, self.weight)

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        scores = queries @ memory.keys.transpose(1, 2) + self.bias  # (B, S, T)
        valid = valid_mask(memory.lengths, scores.shape[2])[:, None]
        passed = F.softplus(scores).masked_fill(~valid, 0)  # -log(1 - g)
        later = passed.flip(2).cumsum(2).flip(2) - passed
        stayed = -F.softplus(-scores)  # log g
        first = torch.arange(scores.shape[2], device=scores.device) == 0
        weights = torch.exp(stayed.masked_fill(first, 0) - later).masked_fill(~valid, 0)
        return weights @ memory.values, weights
