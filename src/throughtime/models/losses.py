"""Losses: plain functions of an output and a target, reduced to a mean or left by sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.registry import Registry

Reduction = Literal["mean", "none"]
losses: Registry[Callable[..., Tensor]] = Registry("loss")


def cross_entropy(
    output: Tensor, target: Tensor, weights: Tensor | None = None, label_smoothing: float = 0.0, *, reduction: Reduction = "mean"
) -> Tensor:
    """-log of the softmax ``output (B, C)`` at ``target (B,)``; with weights the weighted mean, as torch has it.

    >>> cross_entropy(torch.tensor([[0.7, 0.3]]).log(), torch.tensor([0])).item()  # doctest: +ELLIPSIS
    0.3566...
    """
    return F.cross_entropy(output, target, weights, label_smoothing=label_smoothing, reduction=reduction)


def binary_cross_entropy(
    output: Tensor, target: Tensor, weights: Tensor | None = None, label_smoothing: float = 0.0, *, reduction: Reduction = "mean"
) -> Tensor:
    """Cross entropy of each label's sigmoid ``(B, C)``; ``weights (C,)`` multiply where the label is there."""
    target = target * (1 - label_smoothing) + label_smoothing / 2
    return F.binary_cross_entropy_with_logits(output, target, pos_weight=weights, reduction=reduction)


@losses.named("squared")
def squared(output: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """(output - target)²."""
    return F.mse_loss(output, target, reduction=reduction)


@losses.named("absolute")
def absolute(output: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """|output - target|."""
    return F.l1_loss(output, target, reduction=reduction)


def class_weights(counts: np.ndarray) -> Tensor:
    """(C,): N / (C n_c), so that every class counts as much as any other; 0 for a class without rows."""
    present = counts > 0
    weights = np.divide(counts.sum(), present.sum() * counts, out=np.zeros(len(counts)), where=present)
    return torch.from_numpy(weights.astype(np.float32))


def positive_weights(target: np.ndarray) -> Tensor:
    """(C,) for ``target (N, C)`` of 0 and 1: rows without the label for each row with it."""
    positive = target.sum(axis=0)
    weights = np.divide(len(target) - positive, positive, out=np.ones(target.shape[1]), where=positive > 0)
    return torch.from_numpy(weights.astype(np.float32))
