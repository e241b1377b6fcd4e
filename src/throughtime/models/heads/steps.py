"""What the heads that answer every step share: join all encodings step by step, drop, and one linear map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from throughtime.batch import Draw, Sequences
from throughtime.cells.dropout import dropout
from throughtime.cells.pooling import Pooling
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.settings import NetworkSettings, refuse_idle


class Steps(nn.Module):
    """Encodings, each ``(B, T, F)``, to sequences of ``(B, T, outputs)``.

    A column without time, an encoding of one step, says the same at every step.
    """

    def __init__(
        self, encoders: Sequence[Encoder], outputs: int, settings: NetworkSettings, generator: Generator | None
    ) -> None:
        super().__init__()
        refuse_idle(settings, ("pooling", "bag"), "every step is answered, and none is pooled")
        self.rate, self.locked = settings.dropout, settings.locked_dropout
        self.stepwise = [encoder.stepwise for encoder in encoders]
        size = sum(encoder.output_size for encoder in encoders)
        bound = (6 / (size + outputs)) ** 0.5
        self.weight = nn.Parameter(torch.empty(outputs, size).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, encodings: Sequence[Encoding], draw: Draw | None) -> Sequences:
        joined = self.joined(encodings)
        x = dropout(joined.data, self.rate, draw, "head", locked=self.locked)
        return Sequences(F.linear(x, self.weight, self.bias), joined.lengths)

    def joined(self, encodings: Sequence[Encoding]) -> Sequences:
        """What the linear map reads at every step ``(B, T, F)``."""
        leading = encodings[self.stepwise.index(True)]
        steps = leading.hidden.shape[1]
        parts = [
            encoding.hidden if with_time else encoding.hidden.expand(-1, steps, -1)
            for encoding, with_time in zip(encodings, self.stepwise, strict=True)
        ]
        return Sequences(torch.cat(parts, 2), leading.lengths)

    def mean(self, encodings: Sequence[Encoding]) -> Tensor:
        """The same as one vector a row ``(B, F)``, the mean over its steps; 0 for a row without steps."""
        joined = self.joined(encodings)
        return Pooling("mean", joined.data.shape[2])(joined.data, joined.lengths)


def mean_of_rows(values: Tensor, lengths: Tensor) -> Tensor:
    """Values of all valid steps ``(N,)`` to their mean in each row ``(B,)``; 0 for a row without steps."""
    rows = torch.repeat_interleave(torch.arange(len(lengths), device=values.device), lengths)
    return values.new_zeros(len(lengths)).index_add(0, rows, values) / lengths.clamp(min=1)
