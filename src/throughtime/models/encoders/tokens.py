"""Texts: embeddings, then recurrent layers."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from throughtime.batch import Draw, Sequences
from throughtime.cells.dropout import Masks, dropout
from throughtime.cells.recurrent import Recurrent
from throughtime.data.fields.tokens import Tokens
from throughtime.data.vectors import read_vectors
from throughtime.errors import UsageError
from throughtime.models.encoders.encoder import Encoder, Encoding, Surroundings, encoders
from throughtime.models.settings import NetworkSettings


@encoders.named("tokens")
class TokensEncoder(Encoder):
    """Ids ``(B, T)`` to hidden states ``(B, T, output_size)``: embedding, dropout, recurrent layers."""

    def __init__(self, field: Tokens, around: Surroundings) -> None:
        super().__init__()
        settings = around.settings
        self.place, self.settings = around.place, settings
        self.size = len(field.vocabulary)
        self.embedding = _embedding(field, around)
        input_size = self.size if self.embedding is None else self.embedding.shape[1]
        self.recurrent = _recurrent(settings, input_size, around)
        self.output_size = self.recurrent.output_size
        self.bidirectional = settings.bidirectional
        by_unit = "max" if field.unit == "characters" else "mean"
        self.pooling = by_unit if settings.pooling == "auto" else settings.pooling
        joined = settings.bag == "yes" or (settings.bag == "auto" and field.unit != "characters")
        self.bag_size = input_size if joined else 0

    def forward(self, column: Sequences, draw: Draw | None) -> Encoding:
        x = self._vectors(column.data)
        settings = self.settings
        if draw is not None and settings.token_dropout:
            kept = Masks(draw, f"{self.place}.token").each_step(x.shape[1], 1, settings.token_dropout)
            x = x * kept.to(x.dtype)
        x = dropout(x, settings.dropout, draw, f"{self.place}.embedding", locked=settings.locked_dropout)
        hidden, _ = self.recurrent(x, column.lengths, draw=draw)
        return Encoding(hidden, column.lengths, x if self.bag_size else None)

    def _vectors(self, ids: Tensor) -> Tensor:
        """(B, T, F): a row of the embedding for each id, or 1 at the id's place."""
        if self.embedding is None:
            return F.one_hot(ids, self.size).to(next(self.recurrent.parameters()).dtype)
        return F.embedding(ids, self.embedding)


def _embedding(field: Tokens, around: Surroundings) -> nn.Parameter | None:
    settings = around.settings
    if settings.frozen_embeddings and settings.embeddings in ("learned", "one-hot"):
        raise UsageError(
            "frozen_embeddings: only vectors from a file can be kept as they are; give --set embeddings=FILE"
        )
    if settings.embeddings == "learned":
        size = settings.embedding_size or (64 if field.unit == "characters" else 128)
        matrix = torch.empty(len(field.vocabulary), size)
        return nn.Parameter(matrix.normal_(std=size**-0.5, generator=around.generator))
    if settings.embedding_size is not None:
        raise UsageError(
            f"embedding_size: the embeddings are {settings.embeddings}, which have a size of their own; leave it out"
        )
    if settings.embeddings == "one-hot":
        return None
    vectors = read_vectors(Path(settings.embeddings), field.vocabulary)
    matrix = torch.from_numpy(vectors.matrix)
    unknown_rows = torch.from_numpy(~vectors.known)
    spread = float(matrix[~unknown_rows].std()) if vectors.known.any() else 1.0
    drawn = torch.empty(int(unknown_rows.sum()), matrix.shape[1])
    matrix[unknown_rows] = drawn.normal_(std=spread, generator=around.generator)
    return nn.Parameter(matrix, requires_grad=not settings.frozen_embeddings)


def _recurrent(settings: NetworkSettings, input_size: int, around: Surroundings) -> Recurrent:
    between = settings.dropout if settings.layers > 1 else 0.0
    return Recurrent(
        around.cell,
        input_size,
        settings.hidden_size,
        num_layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=between,
        locked=settings.locked_dropout and between > 0,
        recurrent_dropout=settings.recurrent_dropout,
        zoneout=settings.zoneout,
        drop_connect=settings.drop_connect,
        residual=settings.residual,
        learned_state=settings.learned_state,
        initialisation=settings.initialisation,
        forget_bias=settings.forget_bias,
        engine=around.engine,
        place=f"{around.place}.recurrent",
        generator=around.generator,
    )
