"""Where the frames of a pass lie: channels side by side, padded to whole panels of the engine."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.native.convolution.layer import Layer, Sized
from throughtime.cells.engine.native.convolution.pointwise import Buffer
from throughtime.cells.engine.native.workspace import workspaces

NOWHERE: Buffer = (0, 0, 0, 0)


def at(tensor: Tensor) -> Buffer:
    """Rows one after the other, padded."""
    return (tensor.data_ptr(), 0, 0, 0)


def by_channel(frames: Tensor, units: int) -> Buffer:
    """``(n, height, width, H)``, without padding."""
    return (frames.data_ptr(), 0, units, frames.stride(0))


def diagonal_buffers(sized: Sized, stored: Sequence[Tensor]) -> tuple[dict[str, Buffer], list[Tensor]]:
    """The diagonals, the same for all samples; and what must stay alive."""
    sides = {name: sized.member(stored, name).permute(1, 2, 0).contiguous() for name in sized.recipe.diagonals}
    return {f"diagonal_{name}": (side.data_ptr(), 0, sized.units, 0) for name, side in sides.items()}, [*sides.values()]


def mask_buffers(layer: Layer, begin: int) -> dict[str, Buffer]:
    """Masks of a step, the same for all places of a frame."""
    return {f"mask_{name}": (mask[begin:].data_ptr(), 0, 0, mask.stride(0)) for name, mask in layer.masks.items()}


def tape_buffers(kept: Tensor, begin: int) -> dict[str, Buffer]:
    """What is kept of a step, each quantity in a buffer of its own."""
    return {f"tape_{k}": at(quantity[begin:]) for k, quantity in enumerate(kept)}


def thinned(frames: Tensor, thinning: Tensor | None) -> Tensor:
    """``frames (n, height, width, padded)`` after dropout of the same units at every place."""
    return frames if thinning is None else frames * thinning[: len(frames)]


def empty(frames: int, space: tuple[int, ...], width: int, like: Tensor) -> Tensor:
    """(frames, *space, width), to be written."""
    return workspaces.empty(frames * space[0] * space[1], width, like.dtype).view(frames, *space, width)


def channels_last(values: Tensor) -> Tensor:
    """(..., C, height, width) to (..., height, width, C)."""
    return values.movedim(-3, -1)


def channels_first(frames: Tensor, units: int) -> Tensor:
    """And back, without padding."""
    return frames[..., :units].movedim(-1, -3).contiguous()


def padded(frames: Tensor, width: int) -> Tensor:
    """The last axis up to this width, with 0."""
    return F.pad(frames, (0, width - frames.shape[-1])).contiguous()
