"""The linear forecast that stands beside the network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from throughtime.models.linear_autoregression import Unrolled


class LinearPath(nn.Module):
    """``y = A x + R (V a + b)`` over H steps: x (L,) the last values, a (H, K) what is known of the steps ahead.

    It is fitted before the network and stays as it is: the network learns what is left, and where nothing is left it
    adds nothing. Before it is fitted it says 0, which is what was taken off the window.
    """

    weights: Tensor
    response: Tensor
    known: Tensor
    bias: Tensor

    def __init__(self, horizon: int, lags: int, known: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.zeros(horizon, lags))
        self.register_buffer("response", torch.eye(horizon))
        self.register_buffer("known", torch.zeros(horizon, known))
        self.register_buffer("bias", torch.zeros(horizon))

    def fit(self, found: Unrolled) -> None:
        """Take over what was fitted; of fewer lags than there are, those before them count nothing."""
        lags = found.weights.shape[1]
        self.weights.zero_()[:, self.weights.shape[1] - lags :] = torch.from_numpy(found.weights)
        self.response.copy_(torch.from_numpy(found.response))
        self.known.zero_()
        if found.known.shape[1]:
            self.known.copy_(torch.from_numpy(found.known))
        self.bias.copy_(torch.from_numpy(found.bias))

    def forward(self, lags: Tensor, known: Tensor) -> Tensor:
        """``lags (B, L)`` and ``known (B, H, K)`` to (B, H)."""
        return lags @ self.weights.T + ((known * self.known).sum(-1) + self.bias) @ self.response.T

    def rolling(self, values: Tensor, known: Tensor) -> Tensor:
        """Of a path made for one step ahead: its forecasts of (B, S) steps, each from the L ``values`` before it.

        ``values (B, L + S - 1)``, ``known (B, S, K)``.
        """
        windows = values.unfold(1, self.weights.shape[1], 1)
        return windows @ self.weights[0] + known @ self.known[0] + self.bias[0]


def last_values(values: Tensor, lengths: Tensor, count: int) -> Tensor:
    """The last ``count`` of each row's values ``(B, T)``; the first one stands for those before it. (B, count).

    >>> last_values(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]), torch.tensor([3, 2]), 3).tolist()
    [[1.0, 2.0, 3.0], [4.0, 4.0, 5.0]]
    """
    at = lengths[:, None] - count + torch.arange(count, device=values.device)
    return values.gather(1, at.clamp(min=0))
