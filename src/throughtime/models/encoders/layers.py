"""What the encoders share: first vectors of tokens, and the recurrent layers over them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from throughtime.cells.recurrent import Recurrent
from throughtime.data.vectors import read_vectors
from throughtime.data.vocabulary import Vocabulary
from throughtime.errors import UsageError
from throughtime.models.encoders.encoder import Surroundings

MADE_HERE = ("learned", "one-hot", "skipgram")


def embedding(vocabulary: Vocabulary, usual_size: int, around: Surroundings) -> nn.Parameter | None:
    """A vector for each token ``(V, E)`` as the settings say; None for one-hot vectors, which are not learned."""
    settings = around.settings
    if settings.frozen_embeddings and settings.embeddings in ("learned", "one-hot"):
        raise UsageError(
            "frozen_embeddings: only vectors from a file or of skipgram can be kept as they are; "
            "give --set embeddings=FILE"
        )
    if settings.embeddings == "learned" or (settings.embeddings == "skipgram" and around.vectors is None):
        size = settings.embedding_size or usual_size
        matrix = torch.empty(len(vocabulary), size).normal_(std=size**-0.5, generator=around.generator)
        return nn.Parameter(matrix, requires_grad=not settings.frozen_embeddings)
    if settings.embeddings == "skipgram":
        assert around.vectors is not None
        return nn.Parameter(torch.from_numpy(around.vectors), requires_grad=not settings.frozen_embeddings)
    if settings.embedding_size is not None:
        raise UsageError(
            f"embedding_size: the embeddings are {settings.embeddings}, which have a size of their own; leave it out"
        )
    if settings.embeddings == "one-hot":
        return None
    vectors = read_vectors(Path(settings.embeddings), vocabulary)
    matrix = torch.from_numpy(vectors.matrix)
    unknown_rows = torch.from_numpy(~vectors.known)
    spread = float(matrix[~unknown_rows].std()) if vectors.known.any() else 1.0
    drawn = torch.empty(int(unknown_rows.sum()), matrix.shape[1])
    matrix[unknown_rows] = drawn.normal_(std=spread, generator=around.generator)
    return nn.Parameter(matrix, requires_grad=not settings.frozen_embeddings)


def recurrent(input_size: int, around: Surroundings) -> Recurrent:
    """The recurrent layers that the settings describe."""
    settings = around.settings
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
        state_clip=settings.state_clip,
        residual=settings.residual,
        learned_state=settings.learned_state,
        initialisation=settings.initialisation,
        forget_bias=settings.forget_bias,
        checkpoint_time=around.execution.checkpoint_time,
        bf16=around.execution.bf16,
        engine=around.execution.engine,
        place=f"{around.place}.recurrent",
        generator=around.generator,
    )
