"""Words: a vector of the word, of its shape and of its letters, then recurrent layers over the sentence."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from throughtime.batch import Draw, Sequences, valid_mask
from throughtime.cells.dropout import Masks, dropout
from throughtime.cells.pooling import Pooling
from throughtime.cells.recurrent import Recurrent
from throughtime.data.fields.words import Words
from throughtime.errors import UsageError
from throughtime.models.encoders.encoder import Encoder, Encoding, Shape, Surroundings, encoders
from throughtime.models.encoders.layers import embedding, recurrent

LETTER_SIZE = 32  # features of a letter
SHAPE_SIZE = 16  # features of a shape
WIDTH = 3  # letters that a convolution sees at once


class Letters(nn.Module):
    """Spelt words ``(N, L)``, ids padded with 0, to vectors ``(N, output_size)``; each word must have a letter.

    ``recurrent``: the cell over the letters in both directions, the two last states joined (Ling et al. 2015).
    ``convolutional``: windows of three letters, the maximum over all places (Ma and Hovy 2016).
    """

    def __init__(self, letters: int, around: Surroundings) -> None:
        super().__init__()
        self.way, size = around.settings.letters, around.settings.letters_size
        self.output_size = 2 * size if self.way == "recurrent" else size
        matrix = torch.empty(letters, LETTER_SIZE).normal_(std=LETTER_SIZE**-0.5, generator=around.generator)
        self.letters = nn.Parameter(matrix)
        if self.way == "recurrent":
            place = f"{around.place}.letters"
            self.recurrent = Recurrent(
                around.cell,
                LETTER_SIZE,
                size,
                bidirectional=True,
                bf16=around.execution.bf16,
                engine=around.execution.engine,
                place=place,
                generator=around.generator,
            )
            self.pooling = Pooling("last", self.output_size, bidirectional=True, generator=around.generator)
        else:
            bound = (6 / (WIDTH * (LETTER_SIZE + size))) ** 0.5
            kernel = torch.empty(size, LETTER_SIZE, WIDTH).uniform_(-bound, bound, generator=around.generator)
            self.weight, self.bias = nn.Parameter(kernel), nn.Parameter(torch.zeros(size))

    def forward(self, spelt: Tensor) -> Tensor:
        lengths = (spelt != 0).sum(1)
        x = F.embedding(spelt, self.letters)
        if self.way == "recurrent":
            hidden, _ = self.recurrent(x, lengths)
            return self.pooling(hidden, lengths)
        padding = ~valid_mask(lengths, spelt.shape[1])
        x = x.masked_fill(padding[..., None], 0)
        found = F.conv1d(x.transpose(1, 2), self.weight, self.bias, padding=WIDTH // 2)
        return torch.relu(found.masked_fill(padding[:, None], -torch.inf).amax(2))


@encoders.named("words")
class WordsEncoder(Encoder):
    """``(B, T, 2 + L)``, the ids of word, shape and letters, to hidden states ``(B, T, output_size)``.

    The letters of every different word of a batch are read once. ``token_dropout`` takes the word's own vector away, so
    that its letters and its shape must tell.
    """

    def __init__(self, field: Words, around: Surroundings) -> None:
        super().__init__()
        settings = around.settings
        self.place, self.settings = around.place, settings
        self.size = len(field.vocabulary)
        self.embedding = embedding(field.vocabulary, 128, around)
        size = self.size if self.embedding is None else self.embedding.shape[1]
        self.letters: Letters | None = None
        self.shapes: nn.Parameter | None = None
        if settings.letters == "no":
            if settings.letters_size != type(settings)().letters_size:
                raise UsageError("--set letters_size: letters=no leaves the letters out; leave one of them out")
        else:
            matrix = torch.empty(len(field.shapes), SHAPE_SIZE).normal_(
                std=SHAPE_SIZE**-0.5, generator=around.generator
            )
            self.shapes = nn.Parameter(matrix)
            self.letters = Letters(len(field.letters), around)
            size += SHAPE_SIZE + self.letters.output_size
        self.recurrent = recurrent(size, around)
        self.stepwise, self.output_size, self.shape = True, self.recurrent.output_size, Shape.of(self.recurrent)
        self.bidirectional = settings.bidirectional
        self.pooling = "mean" if settings.pooling == "auto" else settings.pooling
        self.bag_size = 0 if settings.bag == "no" else size

    def vectors(self, column: Sequences, draw: Draw | None) -> Tensor:
        settings, data = self.settings, column.data
        word = self._looked_up(data[..., 0])
        if draw is not None and settings.token_dropout:
            kept = Masks(draw, f"{self.place}.token").each_step(word.shape[1], 1, settings.token_dropout)
            word = word * kept.to(word.dtype)
        parts = [word]
        if self.letters is not None and self.shapes is not None:
            parts += [F.embedding(data[..., 1], self.shapes), self._spelt(column)]
        x, locked = torch.cat(parts, 2), settings.locked_dropout
        return dropout(x, settings.dropout, draw, f"{self.place}.embedding", locked=locked)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        hidden, states = self.recurrent(vectors, lengths, draw=draw)
        return Encoding(hidden, lengths, states, vectors if self.bag_size else None)

    def _looked_up(self, ids: Tensor) -> Tensor:
        if self.embedding is None:
            return F.one_hot(ids, self.size).to(next(self.recurrent.parameters()).dtype)
        return F.embedding(ids, self.embedding)

    def _spelt(self, column: Sequences) -> Tensor:
        """(B, T, features) of the letters; 0 in the padding."""
        assert self.letters is not None
        present = valid_mask(column.lengths, column.data.shape[1])
        result = column.data.new_zeros((*present.shape, self.letters.output_size), dtype=self.letters.letters.dtype)
        spelt = column.data[present][:, 2:]
        if len(spelt) == 0 or spelt.shape[1] == 0:
            return result
        different, back = torch.unique(spelt, dim=0, return_inverse=True)
        return result.masked_scatter(present[..., None], self.letters(different)[back])
