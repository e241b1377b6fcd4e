"""The order in which frames are run: one step after the other, of each the samples that still run, longest first."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from throughtime.cells.engine.native.rows import Rows


class Order:
    """The frames of ``x (B, T, C, height, width)`` in one direction.

    Of step t these are frames ``begin[t]`` to ``begin[t] + active[t]`` of ``count``: those of the first ``active[t]``
    samples. ``active`` ends with a 0, after the last step at which any sample runs.
    """

    def __init__(self, x: Tensor, lengths: Tensor | None, backwards: bool) -> None:
        self.batch, self.steps, self.backwards = x.shape[0], x.shape[1], backwards
        self._places: Tensor | None = None
        if lengths is None or bool((lengths == self.steps).all()):
            self.active = [self.batch] * (self.steps if self.batch else 0) + [0]
        else:
            rows = Rows(self.batch, self.steps, lengths.cpu().numpy(), backwards, False)
            self.active = rows.active[: int(lengths.max()) + 1].tolist()
            self._places = rows.places()
            self._order = torch.from_numpy(rows.order)
        self.begin = [0, *np.cumsum(self.active).tolist()][: len(self.active)]
        self.count = sum(self.active)

    def packed(self, values: Tensor) -> Tensor:
        """(B, T, ...) to (count, ...)."""
        if self._places is not None:
            return values.flatten(0, 1)[self._places].contiguous()
        values = values.flip(1) if self.backwards else values
        return values.transpose(0, 1).reshape(self.count, *values.shape[2:]).contiguous()

    def unpacked(self, frames: Tensor) -> Tensor:
        """(count, height, width, C) to (B, T, C, height, width), 0 where no sample runs."""
        frames = frames.permute(0, 3, 1, 2)
        if self._places is not None:
            whole = frames.new_zeros(self.batch * self.steps, *frames.shape[1:])
            whole[self._places] = frames
            return whole.unflatten(0, (self.batch, self.steps))
        values = frames.unflatten(0, (self.steps, self.batch))
        values = values.flip(0) if self.backwards else values
        return values.transpose(0, 1).contiguous()

    def sorted(self, values: Tensor) -> Tensor:
        """(B, ...) in the order of length."""
        return values if self._places is None else values[self._order]

    def unsorted(self, values: Tensor) -> Tensor:
        """And back."""
        return values if self._places is None else torch.empty_like(values).index_copy_(0, self._order, values)

    def before(self) -> slice | Tensor:
        """The states before all steps, among those at the start (B) and after each step (count)."""
        if self._places is None:
            return slice(self.count)
        begins = [0, *(self.batch + begin for begin in self.begin)]
        return torch.cat([torch.arange(n) + begin for n, begin in zip(self.active[:-1], begins, strict=False)])

    def samples(self) -> Tensor:
        """(count,): of each frame the sample, in the order of length."""
        return torch.cat([torch.arange(n) for n in self.active])
