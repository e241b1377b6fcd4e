"""Convolutions of frames whose channels lie side by side, and the kernels in which a cell's maps are stacked for them.

Channels of a state are padded to whole panels of the engine, with kernels of 0 for those that are not there.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.cells.engine.native.convolution.layer import Sized


def convolved(frames: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """``frames (n, height, width, C)`` and a kernel ``(O, C, k, k)`` to ``(n, height, width, O)``."""
    found = F.conv2d(frames.permute(0, 3, 1, 2), kernel, bias, padding=kernel.shape[-1] // 2)
    return found.permute(0, 2, 3, 1).contiguous()


def turned(kernel: Tensor) -> Tensor:
    """``(O, C, k, k)`` to ``(C, O, k, k)``: convolved with it, gradients of the result are those of the operand."""
    return _channels_side_by_side(kernel.transpose(0, 1).flip(2, 3))


def kernel_gradient(gradients: Tensor, frames: Tensor, size: int) -> Tensor:
    """``gradients (n, height, width, O)`` and ``frames (n, height, width, C)`` to ``(O, C, size, size)``."""
    kernel = _channels_side_by_side(frames.new_empty(gradients.shape[-1], frames.shape[-1], size, size))
    around, mask = size // 2, [False, True, False]
    given = (gradients.permute(0, 3, 1, 2), frames.permute(0, 3, 1, 2), kernel, None)
    return torch.ops.aten.convolution_backward(*given, [1, 1], [around, around], [1, 1], False, [0, 0], 1, mask)[1]


def kernels(sized: Sized, stored: Sequence[Tensor]) -> list[Tensor]:
    """For each operand its maps, one above the other: ``(maps * padded, C, k, k)``."""
    found = []
    for operand, products in zip(sized.recipe.operands, sized.recipe.products, strict=True):
        columns = sized.padded if operand.state else sized.sizes.input_size
        stack = stored[0].new_zeros(len(products), sized.padded, columns, sized.kernel_size, sized.kernel_size)
        for part, product in zip(stack, products, strict=True):
            one = sized.member(stored, product.map)
            part[: len(one), : one.shape[1]] = one
        found.append(_channels_side_by_side(stack.flatten(0, 1)))
    return found


def biases(sized: Sized, k: int, stored: Sequence[Tensor]) -> Tensor | None:
    """What the products of operand k begin as: ``(maps * padded)``."""
    products = sized.recipe.products[k]
    if not any(product.bias for product in products):
        return None
    found = stored[0].new_zeros(len(products), sized.padded)
    for part, product in zip(found, products, strict=True):
        if product.bias:
            part[: sized.units] = sized.member(stored, product.bias)
    return found.flatten()


def put_gradients(sized: Sized, k: int, found: Tensor, into: Sequence[Tensor]) -> None:
    """Add the gradient of the kernel of operand k to those of what is stored."""
    products = sized.recipe.products[k]
    for part, product in zip(found.unflatten(0, (len(products), sized.padded)), products, strict=True):
        one = sized.member(into, product.map)
        one += part[: len(one), : one.shape[1]]


def _channels_side_by_side(kernel: Tensor) -> Tensor:
    return kernel.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
