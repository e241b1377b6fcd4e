"""Let a model answer a whole split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Sequences
from throughtime.data.batches import batches
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.errors import NonFiniteError
from throughtime.models.material import target
from throughtime.models.metrics import Outcome, metrics_of
from throughtime.models.model import Model


@dataclass(frozen=True)
class Answers:
    """What the model answered, in the order of the rows, and the plain loss of each (None without the truth)."""

    outcome: Outcome
    losses: np.ndarray | None


@torch.no_grad()
def answer(
    model: Model,
    dataset: Dataset,
    output: Field,
    *,
    batch_size: int = 64,
    device: torch.device | str = "cpu",
    truth: bool = True,
    done: Callable[[int], None] | None = None,
) -> Answers:
    """Run the model over all rows of the dataset; without ``truth`` the dataset needs no output column.

    ``done(rows)`` is told how many rows each batch had. Raises NonFiniteError, with the sample, if an answer is not
    finite.
    """
    model.eval()
    order, lengths, found, believed, losses = [], [], [], [], []
    for batch in batches(dataset, batch_size=batch_size, seed=0, epoch=0, shuffle=False):
        batch = batch.to(device)
        result, loss = model.losses(batch) if truth else (model(batch), None)
        _require_finite(result, batch.sample_ids)
        predicted, probabilities = model.head.answers(result)
        steps = result.lengths if isinstance(result, Sequences) else torch.ones_like(batch.sample_ids)
        cuts = np.cumsum(steps.cpu().numpy())
        order.append(batch.sample_ids.cpu().numpy())
        lengths.append(steps.cpu().numpy())
        found += np.split(predicted, cuts[:-1])
        if probabilities is not None:
            believed += np.split(probabilities, cuts[:-1])
        if loss is not None:
            losses.append(loss.cpu().double().numpy())
        if done is not None:
            done(len(batch))
    assert order, "a split without rows is refused where it is made"
    back = np.argsort(np.concatenate(order))
    predicted = _in_users_units(np.concatenate([found[k] for k in back]), output)
    probabilities = np.concatenate([believed[k] for k in back]) if believed else None
    actual = target(dataset, output) if truth else predicted
    every_step = np.concatenate(lengths)[back] if output.stepwise else None
    outcome = Outcome(actual, predicted, probabilities, tuple(getattr(output, "classes", ())), every_step)
    return Answers(outcome, np.concatenate(losses)[back] if losses else None)


def measured(outcome: Outcome) -> dict[str, float]:
    """Every metric that suits such an outcome, by name."""
    return {metric.name: metric.compute(outcome) for metric in metrics_of(outcome)}


def _in_users_units(values: np.ndarray, output: Field) -> np.ndarray:
    if output.kind == "numbers":
        return np.array(output.decode(values), dtype=np.float64)
    if output.kind != "number":
        return values
    return np.array([output.decode(value) for value in values], dtype=np.float64)


def _require_finite(output: Tensor | Sequences, sample_ids: Tensor) -> None:
    values = output.data if isinstance(output, Sequences) else output
    bad = ~torch.isfinite(values).reshape(len(values), -1).all(1)
    if bool(bad.any()):
        raise NonFiniteError(
            f"the network's answer to sample {int(sample_ids[bad][0])} is not finite; its weights have gone wrong"
        )
