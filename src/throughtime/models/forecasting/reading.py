"""What a forecaster reads: the steps behind it by recurrent layers, all else as it is given."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from throughtime.batch import Draw, Sequences
from throughtime.models.encoders import Encoder, Encoding, Shape
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.encoders.layers import recurrent


class PastReader(Encoder):
    """Steps ``(B, T, F)`` to hidden states ``(B, T, output_size)``; the steps themselves go along as the bag."""

    def __init__(self, features: int, around: Surroundings) -> None:
        super().__init__()
        self.recurrent = recurrent(features, around)
        self.stepwise, self.output_size, self.shape = True, self.recurrent.output_size, Shape.of(self.recurrent)
        self.bidirectional = around.settings.bidirectional
        self.pooling = "last"

    def vectors(self, column: Sequences, draw: Draw | None) -> Tensor:
        return column.data.to(next(self.recurrent.parameters()).dtype)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        hidden, states = self.recurrent(vectors, lengths, draw=draw)
        return Encoding(hidden, lengths, states, vectors)


class Given(Encoder):
    """What is known of each window, ``(B, F)`` or ``(B, H, F)``, as it is; it has nothing to learn."""

    bidirectional = False
    pooling = "mean"
    one: Tensor  # follows the model's type

    def __init__(self, features: int) -> None:
        super().__init__()
        self.output_size, self.shape = features, Shape(1, 1, 1, features)
        self.register_buffer("one", torch.ones(()), persistent=False)

    def vectors(self, column: Tensor, draw: Draw | None) -> Tensor:
        return (column[:, None] if column.ndim == 2 else column).to(self.one.dtype)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        return Encoding(vectors, lengths, (vectors[:, -1:].transpose(0, 1),))


class Identity(Encoder):
    """A vector for each series that training had, (B,) to ``(B, 1, size)``; 0 for one that it had not."""

    bidirectional = False
    pooling = "mean"

    def __init__(self, series: int, size: int, generator: Generator | None) -> None:
        super().__init__()
        matrix = torch.empty(series, size).normal_(std=0.1, generator=generator)
        self.embedding = nn.Parameter(matrix)
        self.output_size, self.shape = size, Shape(1, 1, 1, size)

    def vectors(self, column: Tensor, draw: Draw | None) -> Tensor:
        padded = torch.cat([self.embedding, self.embedding.new_zeros(1, self.output_size)])
        return padded[column.clamp(max=len(self.embedding))][:, None]

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        return Encoding(vectors, lengths, (vectors.transpose(0, 1),))
