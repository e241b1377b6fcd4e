"""The length of a gradient, and the cutting of gradients that are too long."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from throughtime.training.settings import TrainingSettings


def gradient_norm(gradients: Iterable[Tensor]) -> float:
    """The Euclidean length of all gradients laid end to end.

    Summed in float64, so that it is finite whenever the gradients are: in float32 an entry of 1e20 already overflows.

    >>> gradient_norm([torch.tensor([3.0]), torch.tensor([[4e20]])]) > 3.9e20
    True
    """
    norms = [torch.linalg.vector_norm(gradient, dtype=torch.float64) for gradient in gradients]
    return float(torch.linalg.vector_norm(torch.stack(norms))) if norms else 0.0


@torch.no_grad()
def clip(gradients: Iterable[Tensor], norm: float, settings: TrainingSettings) -> bool:
    """Clip in place, by norm and then by value; says whether anything changed. ``norm`` is their length before.

    ::

        g <- g clip_norm / norm                      if norm > clip_norm
        g <- min(max(g, -clip_value), clip_value)
    """
    gradients = list(gradients)
    clipped = False
    if settings.clip_norm is not None and norm > settings.clip_norm:
        clipped = True
        for gradient in gradients:
            gradient.mul_(settings.clip_norm / norm)
    bound = settings.clip_value
    if bound is not None and any(bool((gradient.abs() > bound).any()) for gradient in gradients):
        clipped = True
        for gradient in gradients:
            gradient.clamp_(-bound, bound)
    return clipped
