"""The spectral norm of one step's Jacobian: the most by which a step lengthens a change of the state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

ENOUGH = 1e-4  # relative change of the norm at which the iteration ends
MOST = 60


def spectral_norms(before: Sequence[Tensor], after: Sequence[Tensor], most: int = MOST) -> Tensor:
    """‖∂s_t/∂s_{t-1}‖ of each row ``(B,)``, from the states ``(B, H, ...)`` as they stand in autograd's graph.

    By power iteration on JᵀJ, at most so many times; J v is the derivative of Jᵀ u by u. Rows do not see each other, so
    all go at once.

    >>> h = torch.ones(1, 2, requires_grad=True)
    >>> spectral_norms([h], [h @ torch.tensor([[3.0, 0.0], [0.0, 1.0]])]).round(decimals=4).tolist()
    [3.0]
    """
    generator = torch.Generator(before[0].device).manual_seed(0)
    u = [torch.zeros_like(part, requires_grad=True) for part in after]
    back = torch.autograd.grad(_product(after, u), before, create_graph=True, allow_unused=True)
    pulled = [part if part is not None else torch.zeros_like(old) for part, old in zip(back, before, strict=True)]
    if not any(part.requires_grad for part in pulled):  # nothing of the old state arrives
        return before[0].new_zeros(len(before[0]))
    v = _unit([torch.randn(part.shape, generator=generator, dtype=part.dtype, device=part.device) for part in before])[
        0
    ]
    norm = before[0].new_zeros(len(before[0]))
    for _ in range(most):
        # `pulled` is linear in u, so that its derivative at any u is J
        pushed = _derivative(_product(pulled, v), u)
        back = _derivative(_product(after, pushed), before)
        v, length = _unit(back)
        new = length.sqrt()
        if bool(((new - norm).abs() <= ENOUGH * new).all()):
            return new
        norm = new
    return norm


def _derivative(value: Tensor, by: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return torch.autograd.grad(value, by, retain_graph=True, allow_unused=True, materialize_grads=True)


def _product(parts: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    return torch.stack([(part * other).sum() for part, other in zip(parts, others, strict=True)]).sum()


def _unit(parts: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
    """Each row of all parts together made as long as 1, and how long it was ``(B,)``; a row of zeros stays one."""
    lengths = torch.stack([part.flatten(1).square().sum(1) for part in parts]).sum(0).sqrt()
    divisor = lengths.where(lengths > 0, 1)
    return [part / divisor.reshape(-1, *(1 for _ in part.shape[1:])) for part in parts], lengths
