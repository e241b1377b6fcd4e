"""From the last states of those who read to the first state of who writes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn

from throughtime.cells.engine.contract import State
from throughtime.models.encoders import Shape


class Bridge(nn.Module):
    """tanh(W s + b) for each state of each layer of the writer, s both directions of a layer of the reader, joined;
    with several readers, of all of them.

    The last layer of the writer begins from the last one of the reader, and so on downwards; what is below the first
    begins from the first. A second state (c of an LSTM) begins from the second one where the reader has it, else from
    the first. Bahdanau, Cho and Bengio (2015) take the backward direction alone.

    >>> from throughtime.cells.recurrent import Recurrent
    >>> reader, writer = Recurrent("gru", 3, 5, bidirectional=True), Recurrent("lstm", 3, 4, num_layers=2)
    >>> _, states = reader(torch.randn(2, 7, 3))
    >>> h, c = Bridge([Shape.of(reader)], Shape.of(writer))([states])
    >>> h.shape, c.shape
    (torch.Size([2, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(self, readers: Sequence[Shape], writer: Shape, generator: Generator | None = None) -> None:
        super().__init__()
        self.readers, self.writer = tuple(readers), writer
        rows, columns = writer.hidden_size, sum(reader.directions * reader.hidden_size for reader in readers)
        bound = (6 / (rows + columns)) ** 0.5
        weight = torch.empty(writer.count, writer.num_layers, rows, columns)
        self.weight = nn.Parameter(weight.uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.zeros(writer.count, writer.num_layers, rows))

    def forward(self, states: Sequence[State]) -> State:
        """States ``(num_layers * directions, B, H)`` of each reader to ``(num_layers, B, H)`` of the writer."""
        return tuple(
            torch.stack([self._begun(states, which, layer) for layer in range(self.writer.num_layers)])
            for which in range(self.writer.count)
        )

    def _begun(self, states: Sequence[State], which: int, layer: int) -> Tensor:
        """(B, H): one state of one layer of the writer."""
        parts: list[Tensor] = []
        for reader, given in zip(self.readers, states, strict=True):
            read = given[which if which < reader.count else 0]
            below = max(0, reader.num_layers - self.writer.num_layers + layer)
            parts += read[below * reader.directions : (below + 1) * reader.directions].unbind(0)
        return torch.tanh(nn.functional.linear(torch.cat(parts, 1), self.weight[which, layer], self.bias[which, layer]))
