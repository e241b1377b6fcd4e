"""What an update does to each parameter: the gradient's norm, and how far the weights move for their size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Update:
    """Norms of one parameter: of its gradient before clipping, of itself, and of the update over its own.

    A ratio near 0.001 is usual; far above 0.01 the weights are thrown about, far below 0.0001 they hardly learn.
    """

    gradient: float
    weight: float
    ratio: float


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """A copy of what learns, by name."""
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def gradients_of(model: nn.Module) -> dict[str, float]:
    """The norm of each parameter's gradient, by name."""
    named = [(name, weight.grad) for name, weight in model.named_parameters() if weight.grad is not None]
    norms = torch.stack([gradient.norm() for _, gradient in named]).tolist() if named else []
    return dict(zip((name for name, _ in named), norms, strict=True))


def updates(model: nn.Module, before: Mapping[str, Tensor], gradients: Mapping[str, float]) -> dict[str, Update]:
    """Of each parameter with a gradient, after the update; ``before`` are its values before it."""
    found = {}
    for name, weight in model.named_parameters():
        if name in gradients and name in before:
            size = float(before[name].norm())
            moved = float((weight.detach() - before[name]).norm())
            found[name] = Update(gradients[name], size, moved / size if size else 0.0)
    return found
