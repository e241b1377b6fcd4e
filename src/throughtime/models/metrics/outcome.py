"""An outcome: what a model or a baseline answered on a split, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["classes", "labels", "numbers"]


@dataclass(frozen=True)
class Outcome:
    """Answers to N questions, in the user's own terms.

    ============  ================================  ===========================================
    kind          truth and predicted               probabilities
    ============  ================================  ===========================================
    ``classes``   ``(N,)`` whole numbers below C    ``(N, C)``, each row sums to 1
    ``labels``    ``(N, C)`` of 0 and 1             ``(N, C)``, each the probability of that label
    ``numbers``   ``(N,)`` floats, the user's unit  none
    ============  ================================  ===========================================

    >>> Outcome(np.array([0, 2]), np.array([0, 1]), classes=("cat", "cow", "dog")).kind
    'classes'
    """

    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None = None
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.truth.shape == self.predicted.shape, (self.truth.shape, self.predicted.shape)
        if self.probabilities is not None:
            assert self.probabilities.shape == (len(self.truth), len(self.classes)), self.probabilities.shape

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def kind(self) -> Kind:
        if self.truth.ndim == 2:
            return "labels"
        return "classes" if np.issubdtype(self.truth.dtype, np.integer) else "numbers"
