"""Sentences: each read token by token in both directions, then recurrent layers over the sentences."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from throughtime.batch import Draw, Sequences, valid_mask, without_padding
from throughtime.cells.dropout import Masks, dropout
from throughtime.cells.pooling import Pooling
from throughtime.cells.recurrent import Recurrent
from throughtime.data.fields.sentences import Sentences
from throughtime.models.encoders.encoder import Encoder, Encoding, Shape, Surroundings, encoders
from throughtime.models.encoders.layers import embedding, recurrent


class Tokenwise(nn.Module):
    """Sentences ``(N, L)``, ids padded with 0, to vectors ``(N, output_size + E)``.

    The last states of both directions, and the sum of the embeddings, which knows no order: what two sentences with
    words in common have in common.
    """

    def __init__(self, field: Sentences, around: Surroundings) -> None:
        super().__init__()
        self.vocabulary, self.size = field.tokens.vocabulary, len(field.tokens.vocabulary)
        self.embedding = embedding(field.tokens.vocabulary, 64 if field.letters else 128, around)
        self.embedding_size = self.size if self.embedding is None else self.embedding.shape[1]
        self.recurrent = Recurrent(
            around.cell,
            self.embedding_size,
            around.settings.hidden_size,
            bidirectional=True,
            bf16=around.execution.bf16,
            engine=around.execution.engine,
            place=f"{around.place}.tokens",
            generator=around.generator,
        )
        self.output_size = self.recurrent.output_size
        self.last = Pooling("last", self.output_size, bidirectional=True)

    def forward(self, ids: Tensor) -> Tensor:
        lengths = (ids != 0).sum(1)
        x = self._looked_up(ids)
        hidden, _ = self.recurrent(x, lengths)
        return torch.cat([self.last(hidden, lengths), without_padding(x, lengths).sum(1)], 1)

    def _looked_up(self, ids: Tensor) -> Tensor:
        if self.embedding is None:
            return F.one_hot(ids, self.size).to(next(self.recurrent.parameters()).dtype)
        return F.embedding(ids, self.embedding)


@encoders.named("sentences")
class SentencesEncoder(Encoder):
    """Ids ``(B, T, L)`` to hidden states ``(B, T, output_size)``, one for each sentence.

    Every different sentence of a batch is read once. ``token_dropout`` takes whole sentences away. The recurrent layers
    read what the tokens' layers made of each sentence; the bag holds the sums of the sentences' embeddings.
    """

    def __init__(self, field: Sentences, around: Surroundings) -> None:
        super().__init__()
        settings = around.settings
        self.place, self.settings = around.place, settings
        self.tokens = Tokenwise(field, around)
        self.recurrent = recurrent(self.tokens.output_size, around)
        self.stepwise, self.output_size, self.shape = True, self.recurrent.output_size, Shape.of(self.recurrent)
        self.bidirectional = settings.bidirectional
        self.pooling = "mean" if settings.pooling == "auto" else settings.pooling
        joined = settings.bag == "yes" or (settings.bag == "auto" and not field.letters)
        self.bag_size = self.tokens.embedding_size if joined else 0

    def vectors(self, column: Sequences, draw: Draw | None) -> Tensor:
        settings, x = self.settings, self._read(column)
        if draw is not None and settings.token_dropout:
            kept = Masks(draw, f"{self.place}.token").each_step(x.shape[1], 1, settings.token_dropout)
            x = x * kept.to(x.dtype)
        return dropout(x, settings.dropout, draw, f"{self.place}.embedding", locked=settings.locked_dropout)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        hidden, states = self.recurrent(self.entering(vectors), lengths, draw=draw)
        return Encoding(hidden, lengths, states, vectors[..., self.tokens.output_size :] if self.bag_size else None)

    def entering(self, vectors: Tensor) -> Tensor:
        return vectors[..., : self.tokens.output_size]

    def _read(self, column: Sequences) -> Tensor:
        """(B, T, features): a vector for each sentence; 0 in the padding."""
        present = valid_mask(column.lengths, column.data.shape[1])
        weight = next(self.parameters())
        result = weight.new_zeros(*present.shape, self.tokens.output_size + self.tokens.embedding_size)
        different, back = torch.unique(column.data[present], dim=0, return_inverse=True)
        if not len(different):
            return result
        return result.masked_scatter(present[..., None], self.tokens(different)[back])
