"""Any linear autoregression as one linear map of what it reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from throughtime.models.linear_autoregression.direct import Direct
from throughtime.models.linear_autoregression.recursive import Recursive


@dataclass(frozen=True)
class Unrolled:
    """``y = A x + R (V z + b)`` over H steps.

    ``weights A (H, L)`` of the last values x, oldest first; ``known V (H, K)`` of what is known of each step, z (H, K),
    summed over K; ``bias b (H,)``; ``response R (H, H)``.

    Where the last value was taken off, each row of A sums to 1: the same number taken off x and y changes nothing.

    >>> halving = Direct(np.array([[0.5]]), np.zeros((1, 0)), np.ones(1), relative=False)
    >>> found = Unrolled.of(Recursive(halving), 2)
    >>> found.weights.tolist(), (found.response @ found.bias).tolist()
    ([[0.5], [0.25]], [1.0, 1.5])
    """

    weights: np.ndarray
    response: np.ndarray
    known: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, model: Direct | Recursive, horizon: int) -> Unrolled:
        """Over so many steps, which a direct one was fitted for."""
        if isinstance(model, Direct):
            assert horizon == len(model.weights), (horizon, model.weights.shape)
            return cls(model.plain, np.eye(horizon), model.known, model.bias)
        weights, response = model.iterated(horizon)
        known, bias = (np.repeat(part[:1], horizon, axis=0) for part in (model.step.known, model.step.bias))
        return cls(weights, response, known, bias)
