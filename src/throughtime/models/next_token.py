"""From hidden states to the probabilities of the next token: one map, the vectors that read tokens, or clusters."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

CUTOFFS = (2_000, 10_000, 60_000)  # ranks at which the clusters of the adaptive softmax begin


class NextToken(nn.Module):
    """Hidden states ``(N, H)`` to a distribution over the vocabulary.

    ``tied``: the vectors that read the tokens also predict them (Press and Wolf 2017), behind a linear map where sizes
    differ. ``adaptive``: rare tokens in clusters of their own (Grave et al. 2017). Else one linear map.
    """

    def __init__(
        self, hidden: int, size: int, adaptive: bool, tied: bool, width: int, generator: Generator | None
    ) -> None:
        super().__init__()
        self.narrow: nn.Parameter | None = None
        self.adaptive: nn.AdaptiveLogSoftmaxWithLoss | None = None
        if adaptive:
            cutoffs = [cut for cut in CUTOFFS if cut < size - 1] or [max(1, size // 2)]
            self.adaptive = nn.AdaptiveLogSoftmaxWithLoss(hidden, size, cutoffs)
            for weight in self.adaptive.parameters():
                _uniform(weight, generator)
            return
        if tied and width != hidden:
            self.narrow = nn.Parameter(torch.empty(width, hidden))
            _uniform(self.narrow, generator)
        if not tied:
            self.weight = nn.Parameter(torch.empty(size, hidden))
            _uniform(self.weight, generator)
        self.bias = nn.Parameter(torch.zeros(size))

    @torch.no_grad()
    def expect(self, counts: np.ndarray) -> None:
        """Begin with the frequencies of the tokens ``(V,)``; the clusters of the adaptive softmax have no bias."""
        if self.adaptive is None:
            logs = torch.from_numpy(counts + 1.0).log()
            self.bias.copy_(logs - logs.mean())

    def surprise(self, hidden: Tensor, target: Tensor, shared: Tensor | None) -> Tensor:
        """-log P(target) ``(N,)``, in nats."""
        if self.adaptive is not None:
            return -self.adaptive(hidden, target).output
        return F.cross_entropy(self._scores(hidden, shared), target, reduction="none")

    def log_probabilities(self, hidden: Tensor, shared: Tensor | None) -> Tensor:
        """(N, V)."""
        if self.adaptive is not None:
            return self.adaptive.log_prob(hidden)
        return torch.log_softmax(self._scores(hidden, shared), 1)

    def _scores(self, hidden: Tensor, shared: Tensor | None) -> Tensor:
        if shared is None:
            return F.linear(hidden, self.weight, self.bias)
        return F.linear(hidden if self.narrow is None else F.linear(hidden, self.narrow), shared, self.bias)


@torch.no_grad()
def _uniform(weight: Tensor, generator: Generator | None) -> None:
    bound = (6 / sum(weight.shape)) ** 0.5 if weight.dim() > 1 else 0.0
    weight.uniform_(-bound, bound, generator=generator) if bound else weight.zero_()
