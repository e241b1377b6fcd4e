"""Ridge regression on words and on character n-grams, with categories and numbers beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.linear import Inputs, choose
from throughtime.models.baselines.ngrams import Unit
from throughtime.models.metrics import Outcome

STEPS = 200
TOLERANCE = 1e-5  # of the residual, as a share of the right side


@dataclass(frozen=True)
class Ridge:
    """``x w + b``: ``weights (F, 1)``, ``bias``."""

    weights: Tensor
    bias: float

    def outcome(self, bags: Bags, material: Material) -> Outcome:
        """Its answers for these rows."""
        return material.answered((bags @ self.weights).double().numpy()[:, 0] + self.bias)


def fitted(
    target: np.ndarray,
    bags: Bags,
    across: Bags,
    l2: float,
    start: Ridge | None,
    *,
    dtype: torch.dtype = torch.float32,
    steps: int = STEPS,
    tolerance: float = TOLERANCE,
) -> Ridge:
    """The w, b that minimise the mean of ``(x w + b - y)^2`` plus ``l2 * sum w^2``, by conjugate gradients.

    With b solved for, columns and target are centred, and ``(X'X / N + l2) w = X'y / N`` remains; X stays sparse, its
    mean is taken off within the products.
    """
    count, centre = len(bags), float(target.mean())
    mean = across @ torch.full((count, 1), 1 / count, dtype=dtype)  # (F, 1)

    def left(weights: Tensor) -> Tensor:
        answers = bags @ weights
        answers -= answers.mean()
        return across @ (answers / count) + l2 * weights

    right = across @ torch.from_numpy((target - centre)[:, None] / count).to(dtype)
    weights = torch.zeros_like(right) if start is None else start.weights.clone()
    residual = right - left(weights)
    direction, size = residual.clone(), residual.square().sum()
    for _ in range(steps):
        if size.sqrt() <= tolerance * right.norm():
            break
        along = left(direction)
        step = size / (direction * along).sum()
        weights += step * direction
        residual -= step * along
        size, before = residual.square().sum(), size
        direction = residual + size / before * direction
    return Ridge(weights, centre - float((mean * weights).sum()))


def answer(unit: Unit, train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The baseline, for numbers only."""
    if train.kind != "numbers":
        return None
    inputs = Inputs.of(unit, train, valid, test)
    if inputs is None:
        return None
    return choose(f"ridge_{unit}", inputs, partial(fitted, train.target), valid, test, better)


for _unit in ("words", "characters"):
    baselines.add(f"ridge_{_unit}", partial(answer, _unit))
