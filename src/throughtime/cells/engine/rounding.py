"""Products of numbers rounded to bfloat16, with sums in the type of the tensors: what ``bf16`` means.

A product inside the time loop, and one with the input, takes operand and weight rounded, and so does the gradient that
goes back through it in the loop. What follows the loop once, the gradients of the weights and of the input, takes
numbers as they are: there a BLAS in float32 is as fast, and nothing is lost.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def rounded(x: Tensor) -> Tensor:
    """To the nearest number of bfloat16, ties to even, in the type of x."""
    return x.bfloat16().to(x.dtype)


def rounded_product(operand: Tensor, weight: Tensor, in_loop: bool) -> Tensor:
    """``operand (*, I)`` and ``weight (O, I)`` to ``(*, O)``; ``in_loop``: its gradient goes on to the step before."""
    found: Tensor = _Product.apply(operand, weight, in_loop)
    return found


class _Product(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(operand: Tensor, weight: Tensor, in_loop: bool) -> Tensor:
        return rounded(operand) @ rounded(weight).t()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, bool], output: Tensor) -> None:
        operand, weight, ctx.in_loop = inputs
        ctx.save_for_backward(operand, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        operand, weight = ctx.saved_tensors
        of_weight = gradient.flatten(0, -2).t() @ operand.flatten(0, -2)
        if ctx.in_loop:
            return rounded(gradient) @ rounded(weight), of_weight, None
        return gradient @ weight, of_weight, None
