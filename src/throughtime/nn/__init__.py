"""torch.nn with recurrent layers that our engine runs: ``from throughtime import nn``, not ``from torch import nn``.

``RNN``, ``LSTM`` and ``GRU`` are torch's own, with one keyword more (``lengths=``). Every other registered cell is here
under its name in torch's way of writing (``LSTMPeephole``, ``GRUResetBefore``, ``MGU``), a reader's own cell too, and
:class:`Layer` takes any cell in any form. Every other name is torch.nn's.

>>> import torch
>>> from throughtime import nn
>>> class Tagger(nn.Module):
...     def __init__(self):
...         super().__init__()
...         self.recurrent = nn.LSTM(3, 5, batch_first=True, bidirectional=True)
...         self.linear = nn.Linear(10, 2)
...     def forward(self, x, lengths):
...         return self.linear(self.recurrent(x, lengths=lengths)[0])
>>> Tagger()(torch.randn(2, 7, 3), torch.tensor([4, 7])).shape
torch.Size([2, 7, 2])
"""

from __future__ import annotations

from typing import Any

from torch import nn as _torch

from throughtime.cells import cells as _cells
from throughtime.nn.generic import Layer as Layer
from throughtime.nn.like_torch import GRU as GRU
from throughtime.nn.like_torch import LSTM as LSTM
from throughtime.nn.like_torch import RNN as RNN
from throughtime.nn.named import class_name as _class_name
from throughtime.nn.named import class_of as _class_of

_OURS = ("GRU", "LSTM", "RNN", "Layer")


def __getattr__(name: str) -> Any:
    """A name of torch.nn, or the class of a registered cell."""
    if name == "__all__":  # for ``from throughtime.nn import *``
        return [public for public in __dir__() if not public.startswith("_")]
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if hasattr(_torch, name):
        return getattr(_torch, name)
    for cell in _cells:
        if _class_name(cell) == name:
            return _class_of(_cells[cell])
    raise AttributeError(f"neither torch.nn nor a registered cell is called {name!r}")


def __dir__() -> list[str]:
    return sorted({*_OURS, *map(_class_name, _cells), *dir(_torch)})
