"""The contract of a head, and the registry by kind of output column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from torch import Generator, Tensor

from throughtime.batch import Draw
from throughtime.data.fields import Field
from throughtime.models.encoders import Encoder, Encoding
from throughtime.models.settings import NetworkSettings
from throughtime.registry import Registry


class Head(Protocol):
    """A module from the encodings of all input columns to one output for each sample, and its loss."""

    def __call__(self, encodings: Sequence[Encoding], draw: Draw | None) -> Tensor:
        """The output (B, ...), before any squashing."""

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """What training makes small: one number."""

    def losses(self, output: Tensor, target: Tensor) -> Tensor:
        """The plain loss of each sample (B,): no weights, no smoothing."""

    def answers(self, output: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
        """What is predicted, in the form of ``Outcome``, and the probabilities (B, C) where there are any."""


Make = Callable[[Field, Sequence[Encoder], NetworkSettings, Any, np.ndarray | None, Generator | None], Head]
"""``make(field, encoders, network settings, the task's settings, training targets if there are any, generator)``"""

heads: Registry[Make] = Registry("head", "throughtime.models.heads")

