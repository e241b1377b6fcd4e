"""Of all steps that match, the latest: what was said last holds, whatever was said before."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from throughtime.batch import valid_mask
from throughtime.models.attention.attention import Attention, Memory, attentions, step_by_step, uniform

RARE = -6.0  # first bias: a step matches by chance about once in 400, so that at first the look goes far back


@attentions.named("latest")
class Latest(Attention):
    """weight_t = g_t * product of 1 - g_s over s > t; at the first step g is 1, else

    g_t = sigmoid(e_t - mean of e + b + (u · q) f_t), e_t = q · W m_t,

    f_t the weights of the query before at t and earlier steps, summed: 0 before what it found, 1 from there on. From
    the end back to the beginning, the look stays at each step with probability g, the geometric attention of Csordás,
    Irie and Schmidhuber (2022), which there goes from each step in both directions. What all steps share is taken out
    of the score by its mean over the valid steps; f lets a query look for what was before the last look, or after.
    Before the first query the look stands at the last step.
    Before the first query the look stands at the last step.

    >>> import torch
    >>> attention = Latest(3, 5)
    >>> context, weights = attention(torch.ones(2, 4, 3), torch.randn(2, 6, 5), torch.tensor([6, 1]))
    >>> context.shape, weights[1, 0].tolist()
    (torch.Size([2, 4, 5]), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """

    stepwise = True

    def __init__(self, query_size: int, memory_size: int, generator: Generator | None = None) -> None:
        super().__init__()
        self.weight = uniform(query_size, memory_size, generator=generator)
        self.bias = nn.Parameter(torch.full((), RARE))
        self.weight_found = uniform(query_size, generator=generator)
        self.context_size = memory_size

    def keys(self, values: Tensor) -> Tensor:
        return F.linear(values, self.weight)

    def read(self, queries: Tensor, memory: Memory, earlier: Tensor | None = None) -> tuple[Tensor, Tensor]:
        def scores(query: Tensor, keys: Tensor, before: Tensor) -> Tensor:
            matched = query @ keys.transpose(1, 2)  # (B, 1, T), 0 in the padding
            mean = matched.sum(2, keepdim=True) / memory.lengths.clamp(min=1)[:, None, None]
            return matched - mean + self.bias + (query @ self.weight_found)[..., None] * before.cumsum(1)[:, None]

        if earlier is None:
            steps = torch.arange(memory.values.shape[1], device=memory.values.device)
            earlier = (steps == memory.lengths[:, None] - 1).to(memory.values.dtype)
        return step_by_step(self, scores, queries, memory, earlier, from_the_end)

    def after(self, earlier: Tensor | None, weights: Tensor) -> Tensor:
        return weights[:, -1]


def from_the_end(scores: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
    """Context and weights of a look that stays at each step with probability sigmoid(score), the last step first."""
    valid = valid_mask(memory.lengths, scores.shape[2])[:, None]
    passed = F.softplus(scores).masked_fill(~valid, 0)  # -log(1 - g)
    later = passed.flip(2).cumsum(2).flip(2) - passed
    stayed = -F.softplus(-scores)  # log g
    first = torch.arange(scores.shape[2], device=scores.device) == 0
    weights = torch.exp(stayed.masked_fill(first, 0) - later).masked_fill(~valid, 0)
    return weights @ memory.values, weights
