"""The contract of a head, and the registry by kind of output column."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor, nn

from throughtime.batch import Draw
from throughtime.models.encoders import Encoding
from throughtime.registry import Registry


class Head(nn.Module, ABC):
    """From the encodings of all input columns to one output for each sample, and its loss.

    ``head(encodings, draw)`` gives the output (B, ...), before any squashing.
    """

    forward: Callable[[Sequence[Encoding], Draw | None], Tensor]

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """What training makes small: one number."""

    @abstractmethod
    def losses(self, output: Tensor, target: Tensor) -> Tensor:
        """The plain loss of each sample (B,): no weights, no smoothing."""

    @abstractmethod
    def answers(self, output: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
        """What is predicted, in the form of ``Outcome``, and the probabilities (B, C) where there are any."""


Make = Callable[..., Head]
"""``make(field, encoders, network settings, the task's settings, training targets if there are any, generator)``

Each head takes the field of its own kind and the settings of its own task, so no type fits them all.
"""

heads: Registry[Make] = Registry("head", "throughtime.models.heads")
