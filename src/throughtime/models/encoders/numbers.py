"""Measurements a step: recurrent layers right over the scaled numbers."""

from __future__ import annotations

from torch import Tensor

from throughtime.batch import Draw, Sequences
from throughtime.data.fields.numbers import Numbers
from throughtime.models.encoders.encoder import Encoder, Encoding, Shape, Surroundings, encoders
from throughtime.models.encoders.layers import recurrent


@encoders.named("numbers")
class NumbersEncoder(Encoder):
    """Scaled numbers ``(B, T, F)`` to hidden states ``(B, T, output_size)``."""

    def __init__(self, field: Numbers, around: Surroundings) -> None:
        super().__init__()
        self.recurrent = recurrent(len(field.scalings), around)
        self.stepwise, self.output_size, self.shape = True, self.recurrent.output_size, Shape.of(self.recurrent)
        self.bidirectional = around.settings.bidirectional
        self.pooling = "mean" if around.settings.pooling == "auto" else around.settings.pooling

    def vectors(self, column: Sequences, draw: Draw | None) -> Tensor:
        return column.data.to(next(self.recurrent.parameters()).dtype)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        hidden, states = self.recurrent(vectors, lengths, draw=draw)
        return Encoding(hidden, lengths, states)
