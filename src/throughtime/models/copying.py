"""Answering with a token of the input: the vocabulary's distribution mixed with where one looks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn


class Copying(nn.Module):
    """P(w) = g P_vocabulary(w) + (1 - g) Σ a_t over the steps t of the input that hold w (See, Liu and Manning 2017).

    g = sigmoid(w · [h; context; x] + b), and 1 where nothing was looked at. A token of the input that the vocabulary of
    the output lacks is ``<unk>`` (theirs gets a number of its own).

    >>> copying = Copying(3)
    >>> logs, weights = torch.tensor([[0.5, 0.5, 0.0]]).log(), torch.tensor([[0.75, 0.25]])
    >>> copying.mixed(logs, weights, torch.tensor([[2, 0]]), torch.tensor([0.0])).exp()
    tensor([[0.3750, 0.2500, 0.3750]])
    """

    def __init__(self, size: int, generator: Generator | None = None) -> None:
        super().__init__()
        bound = (6 / (size + 1)) ** 0.5
        self.weight = nn.Parameter(torch.empty(size).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, seen: Tensor) -> Tensor:
        """g before the sigmoid ``(...)``, of ``[h; context; x] (..., F)``."""
        return seen @ self.weight + self.bias

    def mixed(self, logs: Tensor, weights: Tensor, ids: Tensor, gate: Tensor) -> Tensor:
        """Log-probabilities ``(N, V)``.

        ``logs (N, V)`` are the vocabulary's, ``weights (N, T)`` those of the steps of the input, 0 in its padding,
        ``ids (N, T)`` the tokens there, and ``gate (N,)`` is g before the sigmoid.
        """
        copied = torch.zeros_like(logs).scatter_add(1, ids, weights)
        smallest = torch.finfo(logs.dtype).tiny  # the logarithm of 0 has no gradient
        own, other = F.logsigmoid(gate)[:, None], F.logsigmoid(-gate)[:, None]
        mixed = torch.logaddexp(own + logs, other + copied.clamp(min=smallest).log())
        return torch.where((weights > 0).any(1, keepdim=True), mixed, logs)
