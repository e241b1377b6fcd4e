"""Drawing from a distribution: temperature, the k likeliest, the likeliest that make up a share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.errors import UsageError


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn. ``temperature`` 0 always takes the likeliest.

    ``top_k`` keeps the k likeliest tokens, ``top_p`` the fewest likeliest ones whose probabilities reach p together
    (Holtzman et al. 2020); both act on the distribution after the temperature.

    >>> Sampling(top_p=1.5)
    Traceback (most recent call last):
    throughtime.errors.UsageError: --top-p 1.5: it must be above 0 and at most 1
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise UsageError(f"--temperature {self.temperature:g}: it must be a number of at least 0")
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"--top-k {self.top_k}: it must be at least 1")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UsageError(f"--top-p {self.top_p:g}: it must be above 0 and at most 1")

    def probabilities(self, logs: Tensor) -> Tensor:
        """Log-probabilities ``(B, V)`` to what is drawn from ``(B, V)``; each row sums to 1.

        >>> Sampling(top_k=1).probabilities(torch.tensor([[0.2, 0.5, 0.3]]).log())
        tensor([[0., 1., 0.]])
        """
        if self.temperature == 0:
            return torch.nn.functional.one_hot(logs.argmax(1), logs.shape[1]).to(logs.dtype)
        likeliest = logs.amax(1, keepdim=True)
        shares = torch.softmax((logs - likeliest) / self.temperature, 1)
        if self.top_k is None and self.top_p is None:
            return shares
        ordered, order = shares.sort(stable=True, dim=1, descending=True)
        kept = torch.ones_like(ordered, dtype=torch.bool)
        if self.top_k is not None:
            kept[:, self.top_k :] = False
        if self.top_p is not None:
            kept &= ordered.cumsum(1) - ordered < self.top_p
        shares = torch.zeros_like(shares).scatter(1, order, ordered * kept)
        return shares / shares.sum(1, keepdim=True)

    def draw(self, logs: Tensor, uniform: Tensor) -> Tensor:
        """A token for each row ``(B,)``, by where ``uniform (B,)`` in [0, 1) falls among the summed probabilities."""
        shares = self.probabilities(logs.double())
        found = torch.searchsorted(shares.cumsum(1), uniform.double()[:, None], right=True)[:, 0]
        last = (shares > 0).long().mul(torch.arange(shares.shape[1], device=shares.device)).amax(1)
        return torch.minimum(found, last)
