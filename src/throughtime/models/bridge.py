"""From the last states of what reads to the first state of what writes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from throughtime.cells.engine.contract import State
from throughtime.cells.recurrent import Recurrent


@dataclass(frozen=True)
class Shape:
    """How the states of recurrent layers lie: ``count`` tensors ``(num_layers * directions, B, hidden_size)``."""

    count: int
    num_layers: int
    directions: int
    hidden_size: int

    @classmethod
    def of(cls, layers: Recurrent) -> Shape:
        return cls(len(layers.graph.states), layers.num_layers, 2 if layers.bidirectional else 1, layers.hidden_size)


class Bridge(nn.Module):
    """tanh(W s + b) for each state of each layer of the writer, s both directions of a layer of the reader, joined.

    The last layer of the writer begins from the last one of the reader, and so on downwards; what is below the first
    begins from the first. A second state (c of an LSTM) begins from the second one where the reader has it, else from
    the first. Bahdanau, Cho and Bengio (2015) take the backward direction alone.

    >>> reader, writer = Recurrent("gru", 3, 5, bidirectional=True), Recurrent("lstm", 3, 4, num_layers=2)
    >>> _, states = reader(torch.randn(2, 7, 3))
    >>> h, c = Bridge(Shape.of(reader), Shape.of(writer))(states)
    >>> h.shape, c.shape
    (torch.Size([2, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(self, reader: Shape, writer: Shape, generator: Generator | None = None) -> None:
        super().__init__()
        self.reader, self.writer = reader, writer
        rows, columns = writer.hidden_size, reader.directions * reader.hidden_size
        bound = (6 / (rows + columns)) ** 0.5
        weight = torch.empty(writer.count, writer.num_layers, rows, columns)
        self.weight = nn.Parameter(weight.uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.zeros(writer.count, writer.num_layers, rows))

    def forward(self, states: State) -> State:
        """States ``(num_layers * directions, B, H)`` of the reader to ``(num_layers, B, H)`` of the writer."""
        return tuple(
            torch.stack([self._begun(states, which, layer) for layer in range(self.writer.num_layers)])
            for which in range(self.writer.count)
        )

    def _begun(self, states: State, which: int, layer: int) -> Tensor:
        """(B, H): one state of one layer of the writer."""
        read = states[which if which < self.reader.count else 0]
        below = max(0, self.reader.num_layers - self.writer.num_layers + layer)
        width = self.reader.directions
        joined = torch.cat(read[below * width : (below + 1) * width].unbind(0), 1)
        return torch.tanh(nn.functional.linear(joined, self.weight[which, layer], self.bias[which, layer]))
