"""A decoder learns to write letters backwards, and as they are; and it looks where it must."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from throughtime.batch import Sequences, valid_mask
from throughtime.cells.cell import form
from throughtime.cells.recurrent import Recurrent
from throughtime.data.vocabulary import SPECIALS, Vocabulary
from throughtime.models.decoder import Decoder, Source
from throughtime.models.decoding import Beam, Ends, beam_search, greedy
from throughtime.models.encoders import Shape
from throughtime.models.settings import NetworkSettings, TransduceSettings

SOS, EOS, LETTERS, LONGEST = 2, 3, 8, 7
SIZE = len(SPECIALS) + LETTERS


class Reader(nn.Module):
    """Letters to what a decoder looks at."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(SIZE, 16, generator=generator) / 4)
        self.layers = Recurrent("gru", 16, 24, bidirectional=True, generator=generator)

    def forward(self, letters: Sequences) -> Source:
        hidden, states = self.layers(self.embedding[letters.data], letters.lengths)
        return Source(hidden, letters.lengths, [states], letters.data)


def letters_of(rows: int, generator: torch.Generator, backwards: bool) -> tuple[Sequences, Sequences, Tensor]:
    """What is read; what the decoder is given of the answer, and what follows."""
    letters = torch.randint(len(SPECIALS), SIZE, (rows, LONGEST), generator=generator)
    lengths = torch.randint(1, LONGEST + 1, (rows,), generator=generator)
    answer = torch.full((rows, LONGEST + 2), EOS)
    answer[:, 0] = SOS
    for row, length in enumerate(lengths.tolist()):
        word = letters[row, :length]
        answer[row, 1 : length + 1] = word.flip(0) if backwards else word
    return Sequences(letters, lengths), Sequences(answer[:, :-1], lengths + 1), answer[:, 1:]


def learned(backwards: bool, updates: int) -> tuple[Reader, Decoder]:
    chance = torch.Generator().manual_seed(0)
    reader = Reader(chance)
    decoder = Decoder(
        Vocabulary((*SPECIALS, *"abcdefgh")),
        reader.layers.output_size,
        [Shape.of(reader.layers)],
        NetworkSettings(hidden_size=32, embedding_size=16, dropout=0.0),
        TransduceSettings(attention="general", label_smoothing=0.0),
        cell=form("gru"),
        generator=chance,
    )
    optimiser = torch.optim.Adam([*reader.parameters(), *decoder.parameters()], 0.01)
    for _ in range(updates):
        letters, read, following = letters_of(64, chance, backwards)
        optimiser.zero_grad()
        decoder.loss(read, following, reader(letters)).backward()
        optimiser.step()
    return reader.eval(), decoder.eval()


@pytest.mark.parametrize("backwards", [True, False])
def test_letters_are_written_and_looked_at_in_their_order(backwards: bool) -> None:
    reader, decoder = learned(backwards, 250)
    letters, read, following = letters_of(100, torch.Generator().manual_seed(9), backwards)
    source, ends = reader(letters), Ends(SOS, EOS, 12)
    paths = greedy(decoder.step, decoder.begin(source), 100, ends)
    beams = beam_search(decoder.step, decoder.begin(source), 100, ends, Beam(3))
    weights, right, straight, steps = decoder.look(read, source).weights, 0, 0, 0
    for row, length in enumerate(letters.lengths.tolist()):
        truth = tuple(following[row, :length].tolist())
        right += (paths[row].ids == truth and paths[row].finished) + (beams[row][0].ids == truth)
        places = torch.arange(length)
        straight += int((weights[row, :length].argmax(1) == (places.flip(0) if backwards else places)).sum())
        steps += length
    assert right >= 0.95 * 200
    assert straight >= 0.9 * steps
    assert not weights.masked_fill(valid_mask(letters.lengths, LONGEST)[:, None], 0).any()
