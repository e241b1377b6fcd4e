"""Scaling of numbers to mean 0 and standard deviation 1, fitted on the training split only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """``scaled = (value - mean) / deviation``; a constant column has deviation 1, so it becomes 0.

    >>> scaling = Scaling.fit([1.0, 3.0])
    >>> scaling, scaling.scale(5.0), scaling.unscale(3.0)
    (Scaling(mean=2.0, deviation=1.0), 3.0, 5.0)
    """

    mean: float
    deviation: float

    @classmethod
    def fit(cls, values: Sequence[float] | np.ndarray) -> Scaling:
        """Fitted on finite values, of which there must be one; their squares may lie beyond the range of floats."""
        array = np.asarray(values, dtype=np.float64)
        low, high = float(array.min()), float(array.max())
        if low == high:
            return cls(low, 1.0)
        unit = max(abs(low), abs(high))
        mean, deviation = float(np.mean(array / unit)) * unit, float(np.std(array / unit)) * unit
        return cls(mean, deviation or 1.0)

    def scale(self, value: Any) -> Any:
        """In deviations from the mean: a number or an array."""
        return (value - self.mean) / self.deviation

    def unscale(self, scaled: Any) -> Any:
        """Back to the user's units: a number or an array."""
        return scaled * self.deviation + self.mean

    def to_json(self) -> dict[str, float]:
        return {"mean": self.mean, "deviation": self.deviation}

    @classmethod
    def from_json(cls, saved: dict[str, float]) -> Scaling:
        return cls(saved["mean"], saved["deviation"])
