"""From a hidden sequence to one vector, knowing each row's length: last, mean, max, attention, or several joined."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from throughtime.batch import valid_mask
from throughtime.errors import unknown

POOLINGS = ("last", "mean", "max", "attention")


class Pooling(nn.Module):
    """Pools ``hidden (B, T, F)`` with ``lengths (B,)`` to ``(B, output_size)``; a row without steps gives 0.

    ``kinds`` joins names with +: ``"last"``, ``"mean+max"``. The last step of a bidirectional layer is the last of
    its forward half and the first of its backward half. Attention is the mean weighted by
    ``softmax(v · tanh(W h + b))`` over the valid steps (Yang et al. 2016).

    >>> pool = Pooling("mean+max", 3)
    >>> pool(torch.ones(2, 4, 3), torch.tensor([4, 0])).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """

    def __init__(
        self, kinds: str, size: int, *, bidirectional: bool = False, generator: Generator | None = None
    ) -> None:
        super().__init__()
        self.kinds, self.size, self.bidirectional = tuple(kinds.split("+")), size, bidirectional
        for kind in self.kinds:
            if kind not in POOLINGS:
                raise unknown("pooling", kind, POOLINGS)
        if "attention" in self.kinds:
            bound = size**-0.5
            self.weight = nn.Parameter(torch.empty(size, size).uniform_(-bound, bound, generator=generator))
            self.bias = nn.Parameter(torch.zeros(size))
            self.score = nn.Parameter(torch.empty(size).uniform_(-bound, bound, generator=generator))

    @property
    def output_size(self) -> int:
        return self.size * len(self.kinds)

    def forward(self, hidden: Tensor, lengths: Tensor) -> Tensor:
        if hidden.shape[1] == 0:
            return hidden.new_zeros(len(hidden), self.output_size)
        valid = valid_mask(lengths, hidden.shape[1])
        hidden = hidden.masked_fill(~valid[..., None], 0)
        return torch.cat([getattr(self, f"_{kind}")(hidden, lengths, valid) for kind in self.kinds], 1)

    def _last(self, hidden: Tensor, lengths: Tensor, valid: Tensor) -> Tensor:
        last = hidden[torch.arange(len(hidden), device=hidden.device), (lengths - 1).clamp(min=0)]
        if not self.bidirectional:
            return last
        half = self.size // 2
        return torch.cat([last[:, :half], hidden[:, 0, half:]], 1)

    def _mean(self, hidden: Tensor, lengths: Tensor, valid: Tensor) -> Tensor:
        return hidden.sum(1) / lengths.clamp(min=1)[:, None]

    def _max(self, hidden: Tensor, lengths: Tensor, valid: Tensor) -> Tensor:
        largest = hidden.masked_fill(~valid[..., None], -torch.inf).amax(1)
        return torch.where(lengths[:, None] > 0, largest, 0)

    def _attention(self, hidden: Tensor, lengths: Tensor, valid: Tensor) -> Tensor:
        scores = torch.tanh(hidden @ self.weight.T + self.bias) @ self.score
        weights = torch.softmax(scores.masked_fill(~valid, torch.finfo(hidden.dtype).min), 1)
        return (weights[..., None] * hidden).sum(1)
