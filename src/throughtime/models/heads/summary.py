"""What the many-to-one heads share: pool every encoding, join them, drop, and one linear map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from throughtime.batch import Draw
from throughtime.cells.dropout import dropout
from throughtime.cells.pooling import Pooling
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.settings import NetworkSettings


class Summary(nn.Module):
    """Encodings, each ``(B, T, F)``, to ``(B, outputs)``; a bag of embeddings is joined as its mean."""

    def __init__(
        self, encoders: Sequence[Encoder], outputs: int, settings: NetworkSettings, generator: Generator | None
    ) -> None:
        super().__init__()
        self.rate = settings.dropout
        poolings = [
            Pooling(
                encoder.pooling,
                encoder.output_size,
                bidirectional=encoder.bidirectional,
                generator=generator,
            )
            for encoder in encoders
        ]
        self.poolings = nn.ModuleList(poolings)
        self.mean = Pooling("mean", 0)
        size = sum(pooling.output_size for pooling in poolings) + sum(encoder.bag_size for encoder in encoders)
        bound = (6 / (size + outputs)) ** 0.5
        self.weight = nn.Parameter(torch.empty(outputs, size).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Tensor:
        return F.linear(dropout(self.pooled(encodings), self.rate, draw, "head"), self.weight, self.bias)

    def pooled(self, encodings: Sequence[Encoding]) -> Tensor:
        """What the linear map reads ``(B, F)``: each encoding pooled, then the means of the bags."""
        parts = [
            pool(encoding.hidden, encoding.lengths) for pool, encoding in zip(self.poolings, encodings, strict=True)
        ]
        parts += [self.mean(encoding.bag, encoding.lengths) for encoding in encodings if encoding.bag is not None]
        return torch.cat(parts, 1)
