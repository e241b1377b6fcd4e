"""Logistic regression on words and on character n-grams, with categories and numbers beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.linear import Inputs, choose
from throughtime.models.baselines.ngrams import Unit
from throughtime.models.metrics import Outcome

STEPS = 60  # of L-BFGS: going on to the very minimum took 5 times as long and changed no accuracy by half a percent
TOLERANCE = 1e-6  # of the gradient's largest entry


@dataclass(frozen=True)
class LogisticRegression:
    """``softmax(x W + b)``, or with several labels a row ``sigmoid``: ``weights (F, C)``, ``bias (C,)``."""

    weights: Tensor
    bias: Tensor
    labels: bool

    def scores(self, bags: Bags) -> Tensor:
        """``(N, C)``."""
        return bags @ self.weights + self.bias

    def outcome(self, bags: Bags, material: Material) -> Outcome:
        """Its answers for these rows."""
        scores = self.scores(bags).double()
        return material.believed((scores.sigmoid() if self.labels else scores.softmax(dim=1)).numpy())


def objective(
    model: LogisticRegression, bags: Bags, across: Bags, wanted: Tensor, l2: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean over rows of -log P(truth) plus ``l2 / 2 * sum W^2``, and its gradients by weights and bias.

    ``across`` is ``bags.transposed()``; ``wanted (N, C)`` is 1 where the class or label is true. The bias goes free.
    """
    scores = model.scores(bags)
    if model.labels:
        loss = binary_cross_entropy_with_logits(scores, wanted, reduction="sum")
        error = scores.sigmoid() - wanted
    else:
        logs = scores.log_softmax(dim=1)
        loss = -(logs * wanted).sum()
        error = logs.exp() - wanted
    error = error / len(bags)
    by_weights = across @ error + l2 * model.weights
    return loss / len(bags) + l2 / 2 * model.weights.square().sum(), by_weights, error.sum(dim=0)


def fitted(
    wanted: Tensor,
    labels: bool,
    bags: Bags,
    across: Bags,
    l2: float,
    start: LogisticRegression | None,
    *,
    steps: int = STEPS,
    tolerance: float = TOLERANCE,
) -> LogisticRegression:
    """The minimum of :func:`objective` by L-BFGS, in the type of ``wanted``: from the same data the same bits."""
    weights = wanted.new_zeros(bags.width, wanted.shape[1]) if start is None else start.weights.clone()
    bias = wanted.new_zeros(wanted.shape[1]) if start is None else start.bias.clone()
    model = LogisticRegression(weights, bias, labels)
    optimiser = torch.optim.LBFGS(
        [weights, bias],
        max_iter=steps,
        history_size=10,
        tolerance_grad=tolerance,
        tolerance_change=tolerance * 1e-3,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        loss, weights.grad, bias.grad = objective(model, bags, across, wanted, l2)
        return loss

    optimiser.step(closure)
    return model


def answer(unit: Unit, train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The baseline: multinomial for classes, one against the rest for labels."""
    if train.kind not in ("classes", "labels"):
        return None
    inputs = Inputs.of(unit, train, valid, test)
    if inputs is None:
        return None
    labels = train.kind == "labels"
    wanted = train.target if labels else np.eye(len(train.classes))[train.target]
    fit = partial(fitted, torch.from_numpy(wanted.astype(np.float32)), labels)
    return choose(f"logistic_regression_{unit}", inputs, fit, valid, test, better)


for _unit in ("words", "characters"):
    baselines.add(f"logistic_regression_{_unit}", partial(answer, _unit))
