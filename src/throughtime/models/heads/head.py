"""The contract of a head, and the registry by kind of output column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from throughtime.batch import Draw, Sequences
from throughtime.models.encoders import Encoding
from throughtime.registry import Registry


class Head(nn.Module, ABC):
    """From the encodings of all input columns to one output for each sample, or for each of its steps, and its loss.

    ``head(encodings, draw)`` gives the output, before any squashing: ``(B, ...)``, or sequences ``(B, T, ...)`` where
    every step is answered (``stepwise``). The target then is sequences of the same lengths. ``scored`` says in words
    what :meth:`score` is.
    """

    scored: str
    stepwise: bool = False
    forward: Callable[[Sequence[Encoding], Draw | None], Any]

    @abstractmethod
    def loss(self, output: Any, target: Any) -> Tensor:
        """What training makes small: one number, the mean over :meth:`weight`."""

    @abstractmethod
    def losses(self, output: Any, target: Any) -> Tensor:
        """The plain loss of each sample (B,): no weights, no smoothing; over its steps the mean."""

    @abstractmethod
    def answers(self, output: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """What is predicted, in the form of ``Outcome``, and the probabilities (N, C) where there are any.

        N is B, or counts the valid steps of all samples, one sample after the other.
        """

    @abstractmethod
    def score(self, output: Any, answer: int, step: int) -> Tensor:
        """How much speaks for one answer, ``(B,)``, with gradients: what an explanation traces back to the input.

        Of classes, ``answer`` is the number of one; of numbers it says nothing. ``step``, from 0, is the one that is
        asked about where every step is answered. Classes of which one is taken have the log of the probability that
        :meth:`answers` gives: their scores before the softmax mean nothing by themselves, since what is added to all of
        them changes no answer.
        """

    @abstractmethod
    def seen(self, encodings: Sequence[Encoding]) -> Tensor:
        """What the head's linear map reads of each sample ``(B, F)``; where it reads every step, the mean over them."""

    def weight(self, target: Any) -> Tensor:
        """What :meth:`loss` is the mean over: of how many samples or steps, or their weights together."""
        if isinstance(target, Sequences):
            return target.lengths.sum()
        return torch.tensor(len(target), device=target.device)


Make = Callable[..., Head]
"""``make(field, encoders, surroundings, the task's settings, training targets if there are any)``

Each head takes the field of its own kind and the settings of its own task, so no type fits them all.
"""

heads: Registry[Make] = Registry("head", "throughtime.models.heads")
