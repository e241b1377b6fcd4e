"""The networks that are compared: a recurrent layer of some kind, and a linear output."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from throughtime.cells.recurrent import Recurrent


@dataclass(frozen=True)
class Kind:
    """A cell in its form, how its weights begin, and its name in figures.

    ``learning_rate`` is Adam's, the better of 0.003 and 0.01 on the adding problem.
    """

    name: str
    cell: str
    initialisation: str = "orthogonal"
    learning_rate: float = 0.01


RNN = Kind("RNN", "rnn", learning_rate=0.003)
IRNN = Kind("IRNN", "rnn:activation=relu", "identity")
LSTM_1997 = Kind("LSTM 1997", "lstm_1997")
LSTM = Kind("LSTM", "lstm")
GRU = Kind("GRU", "gru")
KINDS = (RNN, IRNN, LSTM_1997, LSTM, GRU)


class Network(nn.Module):
    """``x (B, T, input_size)`` to ``(B, T, output_size)``; the same seed gives the same first weights.

    >>> network = Network(GRU, input_size=2, hidden_size=5, output_size=1, seed=1)
    >>> network(torch.zeros(4, 7, 2)).shape
    torch.Size([4, 7, 1])
    """

    def __init__(self, kind: Kind, input_size: int, hidden_size: int, output_size: int, seed: int) -> None:
        super().__init__()
        drawn = torch.Generator().manual_seed(seed)
        self.recurrent = Recurrent(
            kind.cell, input_size, hidden_size, initialisation=kind.initialisation, generator=drawn
        )
        self.output = nn.Linear(hidden_size, output_size)
        nn.init.xavier_uniform_(self.output.weight, generator=drawn)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.output(self.recurrent(x, lengths)[0])
