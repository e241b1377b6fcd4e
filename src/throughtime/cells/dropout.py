"""Random masks that are functions of (seed, epoch, sample id, layer, step, unit) and of nothing else.

So a sample's masks are the same whatever else is in its batch, however time is cut, on every device, and after a
restart. The numbers come from a 32-bit integer hash, two rounds a mask element, that a kernel can compute as well.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import torch
from torch import Tensor

from throughtime.batch import Draw

_LOW = 0xFFFFFFFF
BLOCK = 1 << 15  # elements of a mask over weights that are made at once, so that they stay in the processor's cache


def mix(value: Tensor) -> Tensor:
    """Hash 32-bit integers held in int64, any shape (lowbias32 of C. Wellons, a bijection of 32 bits)."""
    value = (value ^ (value >> 16)) * 0x7FEB352D & _LOW
    value = (value ^ (value >> 15)) * 0x846CA68B & _LOW
    return value ^ (value >> 16)


def _mix_number(value: int) -> int:
    value = (value ^ (value >> 16)) * 0x7FEB352D & _LOW
    value = (value ^ (value >> 15)) * 0x846CA68B & _LOW
    return value ^ (value >> 16)


def _key(*parts: int | str) -> int:
    """One 32-bit number from several numbers and names."""
    key = 0
    for part in parts:
        number = zlib.crc32(part.encode()) if isinstance(part, str) else part
        low, high = number & _LOW, number >> 32 & _LOW
        key = _mix_number(key ^ _mix_number(low + 0x9E3779B9 & _LOW) ^ _mix_number(high + 1 & _LOW))
    return key


@dataclass(frozen=True)
class Masks:
    """Draws the masks of one place in the network, say ``Masks(draw, "encoder.l0.zoneout")``.

    A mask is 1 with probability ``1 - rate`` and 0 otherwise; :func:`scaled` makes it keep the mean.
    """

    draw: Draw
    place: str

    def each_sample(self, units: int, rate: float) -> Tensor:
        """(B, units): the same at every step (locked dropout)."""
        return self._kept(self._rows("sample")[:, None], units, rate)

    def each_step(self, steps: int, units: int, rate: float) -> Tensor:
        """(B, steps, units): drawn anew at every step, counted from the start of the sequence."""
        return self._kept(self._at(steps)[..., None], units, rate)

    def each_weight(self, shape: tuple[int, ...], rate: float) -> Tensor:
        """(*shape): over weights, which belong to no sample; the same for the whole update."""
        number = _key(self.draw.seed, self.draw.epoch, self.draw.update, self.place)
        key = torch.tensor(number, device=self.draw.sample_ids.device)
        count = int(torch.Size(shape).numel())
        parts = [self._kept(key[None], min(BLOCK, count - begin), rate, begin) for begin in range(0, count, BLOCK)]
        return torch.cat(parts).reshape(shape)

    def uniform(self, steps: int) -> Tensor:
        """(B, steps) of float64 in [0, 1): a random number for every step, counted as in :meth:`each_step`."""
        return self._hashed(self._at(steps)[..., None], 1)[..., 0].double() / 2**32

    def _at(self, steps: int) -> Tensor:
        """(B, steps): one key a step of a sample."""
        time = torch.arange(self.draw.offset, self.draw.offset + steps, device=self.draw.sample_ids.device)
        return mix(self._rows("step")[:, None] + time * 0x85EBCA6B & _LOW)

    def _rows(self, kind: str) -> Tensor:
        """(B,): one key a sample."""
        key = _key(self.draw.seed, self.draw.epoch, self.place, kind)
        ids = self.draw.sample_ids
        return mix((ids & _LOW) ^ mix((ids >> 32 & _LOW) + key & _LOW) ^ key)

    def _kept(self, rows: Tensor, units: int, rate: float, first: int = 0) -> Tensor:
        return self._hashed(rows, units, first) >= round(rate * 2**32)

    def _hashed(self, rows: Tensor, units: int, first: int = 0) -> Tensor:
        """32 random bits for each unit ``(..., units)``, held in int64, of keys ``(..., 1)``."""
        unit = torch.arange(first, first + units, device=rows.device) * 0x9E3779B1 & _LOW
        return mix(mix(rows ^ unit) + rows & _LOW)


def scaled(mask: Tensor, rate: float, dtype: torch.dtype) -> Tensor:
    """The mask divided by the share it keeps, so that the mean is kept."""
    return mask.to(dtype) / (1 - rate)


def dropout(values: Tensor, rate: float, draw: Draw | None, place: str, *, locked: bool = False) -> Tensor:
    """Dropout on ``(B, T, F)`` or ``(B, F)``: a share ``rate`` becomes 0, the rest grows; nothing without a draw.

    ``locked`` keeps one mask over all steps of a sequence (Gal and Ghahramani 2016). Features beyond the first
    axis of F (the space of a frame) share their channel's mask.
    """
    if draw is None or rate == 0:
        return values
    masks = Masks(draw, place)
    if values.dim() == 2:
        return values * scaled(masks.each_sample(values.shape[1], rate), rate, values.dtype)
    steps, units = values.shape[1:3]
    mask = masks.each_sample(units, rate)[:, None] if locked else masks.each_step(steps, units, rate)
    return values * scaled(mask, rate, values.dtype).reshape(*mask.shape, *(1 for _ in values.shape[3:]))
