"""Columns without time: a number, a class, or several classes of a row, as sequences of one step."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Draw
from throughtime.data.fields.category import Category
from throughtime.data.fields.labels import Labels
from throughtime.data.fields.number import Number
from throughtime.models.encoders.encoder import Encoder, Encoding, Shape, Surroundings, encoders


class SingleEncoder(Encoder):
    """Gives ``features(column) (B, output_size)`` as one hidden step; it has nothing to learn."""

    bidirectional = False
    pooling = "mean"  # of one step: itself
    one: Tensor  # follows the model's type

    def __init__(self, output_size: int, features: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.output_size, self.features = output_size, features
        self.shape = Shape(1, 1, 1, output_size)
        self.register_buffer("one", torch.ones(()), persistent=False)

    def vectors(self, column: Tensor, draw: Draw | None) -> Tensor:
        return self.features(column)[:, None].to(self.one.dtype)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        return Encoding(vectors, lengths, (vectors.transpose(0, 1),))


@encoders.named("number")
def number(field: Number, around: Surroundings) -> SingleEncoder:
    """A scaled number (B,) as one feature."""
    return SingleEncoder(1, lambda column: column[:, None])


@encoders.named("category")
def category(field: Category, around: Surroundings) -> SingleEncoder:
    """A class (B,) as one-hot: with few classes an embedding gains nothing."""
    return SingleEncoder(len(field.classes), lambda column: F.one_hot(column, len(field.classes)))


@encoders.named("labels")
def labels(field: Labels, around: Surroundings) -> SingleEncoder:
    """Several classes of a row (B, C) of 0 and 1, as they are."""
    return SingleEncoder(len(field.classes), lambda column: column)
