"""Losses: plain functions of an output and a target, reduced to a mean or left by sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from throughtime.batch import Sequences, valid_mask
from throughtime.registry import Registry

Reduction = Literal["mean", "none"]
losses: Registry[Callable[..., Tensor]] = Registry("loss")


def cross_entropy(
    output: Tensor,
    target: Tensor,
    weights: Tensor | None = None,
    label_smoothing: float = 0.0,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """-log of the softmax ``output (B, C)`` at ``target (B,)``; with weights the weighted mean, as torch has it.

    The mean is divided by the sum of the targets' ``weights (C,)``; ``label_smoothing`` takes that share of the truth
    and spreads it over all classes.

    >>> cross_entropy(torch.tensor([[0.7, 0.3]]).log(), torch.tensor([0])).item()  # doctest: +ELLIPSIS
    0.3566...
    """
    return F.cross_entropy(output, target, weights, label_smoothing=label_smoothing, reduction=reduction)


def binary_cross_entropy(
    output: Tensor,
    target: Tensor,
    weights: Tensor | None = None,
    label_smoothing: float = 0.0,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross entropy of each label's sigmoid ``(B, C)``; ``weights (C,)`` multiply where the label is there.

    ``label_smoothing`` s makes s / 2 and 1 - s / 2 of 0 and 1. Left by sample it is ``(B, C)``, label by label.
    """
    target = target.to(output.dtype) * (1 - label_smoothing) + label_smoothing / 2
    return F.binary_cross_entropy_with_logits(output, target, pos_weight=weights, reduction=reduction)


def negative_log_likelihood(
    logs: Tensor, target: Tensor, label_smoothing: float = 0.0, *, reduction: Reduction = "mean"
) -> Tensor:
    """The cross entropy of log-probabilities ``(N, C)``, which are normalised already, and ``target (N,)``.

    >>> negative_log_likelihood(torch.tensor([[0.7, 0.3]]).log(), torch.tensor([0])).item()  # doctest: +ELLIPSIS
    0.3566...
    """
    each = -(1 - label_smoothing) * logs.gather(1, target[:, None])[:, 0]
    if label_smoothing:
        each = each - label_smoothing * logs.mean(1)
    return each.mean() if reduction == "mean" else each


def set_surprise(output: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """-log of the probability of sets ``target (N, C)`` of 0 and 1, summed over the members; each its own sigmoid.

    >>> set_surprise(torch.zeros(1, 2), torch.tensor([[1, 0]])).item()  # 2 log 2
    1.3862943649291992
    """
    each = binary_cross_entropy(output, target, reduction="none").sum(1)
    return each.mean() if reduction == "mean" else each


@losses.named("squared")
def squared(output: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """(output - target)²."""
    assert output.shape == target.shape, (output.shape, target.shape)  # (B, 1) and (B,) would make (B, B)
    return F.mse_loss(output, target, reduction=reduction)


@losses.named("absolute")
def absolute(output: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """|output - target|."""
    assert output.shape == target.shape, (output.shape, target.shape)
    return F.l1_loss(output, target, reduction=reduction)


def over_steps(loss: Callable[[Tensor, Tensor], Tensor], output: Sequences, target: Sequences) -> Tensor:
    """The mean of a loss over all valid steps of sequences; zero, with zero gradient, if there are none.

    Valid steps are taken out first, so what stands in the padding of either side touches neither the loss nor its
    gradient, to the bit. ``output.data (B, T, *)`` and ``target.data (B, T, *)`` have equal lengths; T may differ.

    >>> output = Sequences(torch.tensor([[1.0, 2.0], [3.0, 9.0]]), torch.tensor([2, 1]))
    >>> target = Sequences(torch.tensor([[1.0, 1.0], [1.0, 7.0]]), torch.tensor([2, 1]))
    >>> over_steps(squared, output, target)  # (0 + 1 + 4) / 3
    tensor(1.6667)
    """
    assert torch.equal(output.lengths, target.lengths), "output and target have different lengths"
    steps = valid_steps(output)
    return loss(steps, valid_steps(target)) if len(steps) else steps.sum()


def class_weights(counts: np.ndarray) -> Tensor:
    """(C,): N / (C n_c), so that every class counts as much as any other; 0 for a class without rows.

    >>> class_weights(np.array([1, 3]))
    tensor([2.0000, 0.6667])
    """
    present = counts > 0
    weights = np.divide(counts.sum(), present.sum() * counts, out=np.zeros(len(counts)), where=present)
    return torch.from_numpy(weights.astype(np.float32))


def positive_weights(target: np.ndarray) -> Tensor:
    """(C,) for ``target (N, C)`` of 0 and 1: rows without the label for each row with it.

    A label that all rows have, or none, weighs 1: with 0 it would never be learnt.
    """
    positive = target.sum(axis=0)
    mixed = (positive > 0) & (positive < len(target))
    weights = np.divide(len(target) - positive, positive, out=np.ones(target.shape[1]), where=mixed)
    return torch.from_numpy(weights.astype(np.float32))


def valid_steps(sequences: Sequences) -> Tensor:
    """The valid steps of all samples, one after the other: ``(B, T, *) -> (sum of lengths, *)``."""
    return sequences.data[valid_mask(sequences.lengths, sequences.data.shape[1])]
