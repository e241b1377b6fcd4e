"""Measurements a step, or the notes of a frame: recurrent layers right over the numbers."""

from __future__ import annotations

from torch import Tensor

from throughtime.batch import Draw, Sequences
from throughtime.data.fields.notes import Notes
from throughtime.data.fields.numbers import Numbers
from throughtime.models.encoders.encoder import Encoder, Encoding, Shape, Surroundings, encoders
from throughtime.models.encoders.layers import recurrent


@encoders.named("numbers")
class NumbersEncoder(Encoder):
    """Scaled numbers, or the zeros and ones of notes, ``(B, T, F)`` to hidden states ``(B, T, output_size)``."""

    def __init__(self, field: Numbers | Notes, around: Surroundings) -> None:
        super().__init__()
        self.recurrent = recurrent(field.size, around)
        self.stepwise, self.output_size, self.shape = True, self.recurrent.output_size, Shape.of(self.recurrent)
        self.bidirectional = around.settings.bidirectional
        self.pooling = "mean" if around.settings.pooling == "auto" else around.settings.pooling

    def vectors(self, column: Sequences, draw: Draw | None) -> Tensor:
        return column.data.to(next(self.recurrent.parameters()).dtype)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        hidden, states = self.recurrent(vectors, lengths, draw=draw)
        return Encoding(hidden, lengths, states)


encoders.add("notes", NumbersEncoder)
