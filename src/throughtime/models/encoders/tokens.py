"""Texts: embeddings, then recurrent layers."""

from __future__ import annotations

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Draw, Sequences
from throughtime.cells.dropout import Masks, dropout
from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.models.encoders.both_strands import BothStrands
from throughtime.models.encoders.encoder import Encoder, Encoding, Shape, Surroundings, encoders
from throughtime.models.encoders.layers import embedding, recurrent


@encoders.named("tokens")
def tokens(field: Tokens, around: Surroundings) -> Encoder:
    """An encoder of texts; of DNA on both strands, where the field says so."""
    encoder = TokensEncoder(field, around)
    if field.strands is None or not field.strands.tied:
        return encoder
    assert field.partners is not None
    return BothStrands(encoder, field.partners)


class TokensEncoder(Encoder):
    """Ids ``(B, T)`` to hidden states ``(B, T, output_size)``: embedding, dropout, recurrent layers."""

    def __init__(self, field: Tokens, around: Surroundings) -> None:
        super().__init__()
        settings = around.settings
        self.place, self.settings = around.place, settings
        self.vocabulary, self.size = field.vocabulary, len(field.vocabulary)
        self.embedding = embedding(field.vocabulary, 64 if field.unit in LETTERS else 128, around)
        input_size = self.size if self.embedding is None else self.embedding.shape[1]
        self.recurrent = recurrent(input_size, around)
        self.stepwise, self.output_size, self.shape = True, self.recurrent.output_size, Shape.of(self.recurrent)
        self.bidirectional = settings.bidirectional
        by_unit = "max" if field.unit in (*LETTERS, "kmers") else "mean"
        self.pooling = by_unit if settings.pooling == "auto" else settings.pooling
        joined = settings.bag == "yes" or (settings.bag == "auto" and field.unit not in LETTERS)
        self.bag_size = input_size if joined else 0

    def vectors(self, column: Sequences, draw: Draw | None) -> Tensor:
        x = self._looked_up(column.data)
        settings = self.settings
        if draw is not None and settings.token_dropout:
            kept = Masks(draw, f"{self.place}.token").each_step(x.shape[1], 1, settings.token_dropout)
            x = x * kept.to(x.dtype)
        return dropout(x, settings.dropout, draw, f"{self.place}.embedding", locked=settings.locked_dropout)

    def forward(self, column: Sequences, draw: Draw | None) -> Encoding:
        return replace(super().forward(column, draw), ids=column.data)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        hidden, states = self.recurrent(vectors, lengths, draw=draw)
        return Encoding(hidden, lengths, states, vectors if self.bag_size else None)

    def _looked_up(self, ids: Tensor) -> Tensor:
        """(B, T, F): a row of the embedding for each id, or 1 at the id's place."""
        if self.embedding is None:
            return F.one_hot(ids, self.size).to(next(self.recurrent.parameters()).dtype)
        return F.embedding(ids, self.embedding)
