"""Decoders with random weights, and what they read and write, for tests."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from throughtime.batch import Sequences
from throughtime.cells.cell import form
from throughtime.data.vocabulary import SPECIALS, Vocabulary
from throughtime.models.decoder import Decoder, Source
from throughtime.models.encoders import Shape
from throughtime.models.settings import NetworkSettings, TransduceSettings

SIZE, MEMORY, READER = 9, 6, Shape(count=2, num_layers=1, directions=2, hidden_size=3)
NETWORK: dict[str, Any] = {"hidden_size": 6, "embedding_size": 4, "dropout": 0.0}
LENGTHS = torch.tensor([5, 0, 2, 4])
TARGETS = torch.tensor([3, 6, 0, 1])


def decoder_of(seed: int = 1, size: int = SIZE, **chosen: Any) -> Decoder:
    """In float64; all weights, biases included, are random and distinct."""
    task = {name: chosen.pop(name) for name in TransduceSettings.__struct_fields__ if name in chosen}
    network = NetworkSettings(**{**NETWORK, **chosen})
    vocabulary = Vocabulary((*SPECIALS, *(chr(97 + k) for k in range(size - len(SPECIALS)))))
    settings = TransduceSettings(**{"attention": "general", **task})
    decoder = Decoder(vocabulary, MEMORY, [READER], network, settings, cell=form(network.cell)).double()
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in decoder.parameters():
            weight.uniform_(-0.9, 0.9, generator=chance)
    return decoder


def source_of(seed: int = 2, lengths: Tensor = LENGTHS, size: int = SIZE) -> Source:
    chance = torch.Generator().manual_seed(seed)
    rows = len(lengths)
    hidden = torch.randn(rows, 5, MEMORY, generator=chance, dtype=torch.float64)
    states = tuple(torch.randn(2, rows, 3, generator=chance, dtype=torch.float64) for _ in range(2))
    return Source(hidden, lengths, [states], torch.randint(0, size, (rows, 5), generator=chance))


def rows_of(source: Source, index: Tensor) -> Source:
    assert source.states is not None and source.ids is not None
    states = [tuple(part[:, index] for part in read) for read in source.states]
    return Source(source.hidden[index], source.lengths[index], states, source.ids[index])


def target_of(seed: int = 3, lengths: Tensor = TARGETS) -> tuple[Sequences, Tensor]:
    """What is read, and what follows, ``(4, 6)`` each."""
    tokens = torch.randint(0, SIZE, (len(lengths), 7), generator=torch.Generator().manual_seed(seed))
    return Sequences(tokens[:, :-1], lengths), tokens[:, 1:]
