"""Averages of the weights over the updates of training; the average is what is evaluated and kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from throughtime.training.settings import TrainingSettings

Weights = dict[str, Tensor]


def averages_at(settings: TrainingSettings, update: int, total: int) -> bool:
    """Whether the weights after update number ``update`` (from 0) of ``total`` enter the average."""
    if settings.average == "uniform":
        begin = 0.5 if settings.average_from is None else settings.average_from
        return update >= math.floor(begin * total)
    return settings.average == "ema"


@torch.no_grad()
def averaged(average: Weights | None, model: nn.Module, count: int, settings: TrainingSettings) -> Weights:
    """The average with the model's present weights w as its ``count``-th (from 1); changes ``average`` in place.

    ::

        keep = min(average_decay, (count - 1) / count)      a <- keep a + (1 - keep) w

    Without the bound (``uniform``) this is the plain mean. With it (``ema``) it is the mean until the window of
    1 / (1 - decay) updates is full, and forgets exponentially from then on; so it owes nothing to the first weights.
    """
    if average is None:
        return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    keep = (count - 1) / count
    if settings.average == "ema":
        keep = min(keep, 0.99 if settings.average_decay is None else settings.average_decay)
    for name, parameter in model.named_parameters():
        average[name].lerp_(parameter, 1 - keep)
    return average


@contextmanager
def using(model: nn.Module, weights: Weights | None) -> Iterator[None]:
    """The model with ``weights`` for its own inside the block, and its own again, to the bit, after it."""
    if weights is None:
        yield
        return
    own = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    _put(model, weights)
    try:
        yield
    finally:
        _put(model, own)


@torch.no_grad()
def _put(model: nn.Module, weights: Weights) -> None:
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])
