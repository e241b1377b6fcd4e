"""The greatest values of long rows, found faster than by sorting them."""

from __future__ import annotations

import torch
from torch import Tensor

LANES = 8  # values of which only the greatest is looked at first
SHORT = 64  # times as many values as are wanted: below it nothing is gained


def likeliest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The ``count`` greatest of each row ``(N, V)``, the greatest first, and their places, as of ``torch.topk``.

    A row is laid out in eight lines, one below the other: its greatest values stand in the columns with the greatest
    maxima, which are found in one pass.

    >>> likeliest(torch.tensor([[0.1, 0.7, 0.2]]), 2)[1].tolist()
    [[1, 2]]
    """
    rows, size = values.shape
    if size < SHORT * count:
        return torch.topk(values, count, 1)
    width = size // LANES
    columns = values[:, : width * LANES].reshape(rows, LANES, width).amax(1).topk(count, 1).indices
    lines = torch.arange(LANES, device=values.device)[:, None] * width
    rest = torch.arange(width * LANES, size, device=values.device).expand(rows, -1)
    places = torch.cat([(columns[:, None] + lines).flatten(1), rest], 1)
    found, which = values.gather(1, places).topk(count, 1)
    return found, places.gather(1, which)
