"""DNA and RNA read on both strands by the same weights, so that both are answered alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Draw, Sequences
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import UsageError
from throughtime.models.encoders.encoder import Encoder, Encoding


class BothStrands(Encoder):
    """Wraps an encoder of tokens with steps: ids ``(B, T)`` to hidden states ``(B, T, output_size)``.

    With ``H(x)`` the hidden sequence of the encoder, ``x'`` the reverse complement of ``x`` and ``~`` a sequence turned
    round within its length,

        h = max(H(x), ~H(x'))        at every step and for every unit

    so that h of x' is h of x turned round: whatever pools over the steps gives the same for both, and what is said of
    each step is mirrored (as in Shrikumar, Greenside and Kundaje 2017, where the weights of convolutions are tied). The
    last states are the means of both strands'. A step's vector ``(2 F,)`` is that of its token and that of the token
    opposite, so that an explanation gives each place what both strands have read there.

    Raises UsageError for the pooling ``last``: which step is the last depends on the strand.
    """

    partners: Tensor

    def __init__(self, strand: Encoder, partners: np.ndarray) -> None:
        super().__init__()
        self.strand = strand
        self.register_buffer("partners", torch.from_numpy(partners), persistent=False)
        self.stepwise, self.output_size, self.shape = strand.stepwise, strand.output_size, strand.shape
        self.bidirectional, self.pooling, self.bag_size = strand.bidirectional, strand.pooling, strand.bag_size
        if "last" in self.pooling.split("+"):
            raise UsageError(
                f"--set pooling={self.pooling}: with reverse_complement=tied no step is the last, as both strands are "
                "read; choose max, mean or attention"
            )

    @property
    def recurrent(self) -> Recurrent:
        """The recurrent layers, which read both strands."""
        assert isinstance(self.strand.recurrent, Recurrent)
        return self.strand.recurrent

    def vectors(self, column: Sequences, draw: Draw | None) -> Tensor:
        opposite = Sequences(self.partners[column.data], column.lengths)
        return torch.cat([self.strand.vectors(column, draw), self.strand.vectors(opposite, draw)], 2)

    def forward(self, column: Sequences, draw: Draw | None) -> Encoding:
        return replace(super().forward(column, draw), ids=column.data)

    def over(self, vectors: Tensor, lengths: Tensor, draw: Draw | None) -> Encoding:
        one, opposite = vectors.chunk(2, 2)
        turn = _turned_round(lengths, vectors.shape[1])
        rows = torch.cat([one, _taken(opposite, turn)])
        both = None if draw is None else replace(draw, sample_ids=draw.sample_ids.repeat(2))  # the same masks for both
        found = self.strand.over(rows, lengths.repeat(2), both)
        here, there = found.hidden.chunk(2)
        hidden = torch.maximum(here, _taken(there, turn))
        states = tuple((part[:, : len(one)] + part[:, len(one) :]) / 2 for part in found.states)
        return Encoding(hidden, lengths, states, (one + opposite) / 2 if self.bag_size else None)

    def entering(self, vectors: Tensor) -> Tensor:
        return self.strand.entering(vectors.chunk(2, -1)[0])


def _turned_round(lengths: Tensor, steps: int) -> Tensor:
    """``(B, T)``: the step that stands at each place once a row is turned round; in the padding the same.

    >>> _turned_round(torch.tensor([3, 1]), 4).tolist()
    [[2, 1, 0, 3], [0, 1, 2, 3]]
    """
    places = torch.arange(steps, device=lengths.device).expand(len(lengths), -1)
    return torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)


def _taken(values: Tensor, places: Tensor) -> Tensor:
    """``values (B, T, F)`` of these places ``(B, T)``."""
    return values.gather(1, places[..., None].expand(-1, -1, values.shape[2]))
