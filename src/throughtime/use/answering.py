"""Let a model answer a whole split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.data.batches import batches
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.errors import NonFiniteError
from throughtime.models.decoding import Hypothesis, Way
from throughtime.models.heads.tokens import TextHead
from throughtime.models.material import references, target
from throughtime.models.metrics import Outcome, metrics_of
from throughtime.models.model import Model

Done = Callable[[int], None]


@dataclass(frozen=True)
class Answers:
    """What the model answered, in the order of the rows, and the plain loss of each (None without the truth).

    Where texts are answered, ``hypotheses`` are all that were asked for of each row, the answer first.
    """

    outcome: Outcome
    losses: np.ndarray | None
    hypotheses: tuple[tuple[Hypothesis, ...], ...] | None = None


@torch.no_grad()
def answer(
    model: Model,
    dataset: Dataset,
    output: Field,
    *,
    batch_size: int = 64,
    device: torch.device | str = "cpu",
    truth: bool = True,
    way: Way | None = None,
    done: Done | None = None,
) -> Answers:
    """Run the model over all rows of the dataset; without ``truth`` the dataset needs no output column.

    ``way`` says how texts are written, by default as the model's settings do; ``done(rows)`` is told how many rows each
    batch had. Raises NonFiniteError, with the sample, if an answer is not finite.
    """
    model.eval()
    found = _batches(dataset, batch_size, device, done)
    if isinstance(model.head, TextHead):
        return _written(model, model.head, dataset, output, found, truth, way or model.head.way)
    return _named(model, dataset, output, found, truth)


def _batches(dataset: Dataset, batch_size: int, device: torch.device | str, done: Done | None) -> Iterator[Batch]:
    assert len(dataset), "a split without rows is refused where it is made"
    for batch in batches(dataset, batch_size=batch_size, seed=0, epoch=0, shuffle=False):
        yield batch.to(device)
        if done is not None:
            done(len(batch))


def _named(model: Model, dataset: Dataset, output: Field, found: Iterator[Batch], truth: bool) -> Answers:
    """Classes, labels and numbers, of rows or of their steps."""
    order, lengths, answered, believed, losses = [], [], [], [], []
    for batch in found:
        result, loss = model.losses(batch) if truth else (model(batch), None)
        _require_finite(result.data if isinstance(result, Sequences) else result, batch.sample_ids)
        predicted, probabilities = model.head.answers(result)
        steps = result.lengths if isinstance(result, Sequences) else torch.ones_like(batch.sample_ids)
        cuts = np.cumsum(steps.cpu().numpy())
        order.append(batch.sample_ids.cpu().numpy())
        lengths.append(steps.cpu().numpy())
        answered += np.split(predicted, cuts[:-1])
        if probabilities is not None:
            believed += np.split(probabilities, cuts[:-1])
        if loss is not None:
            losses.append(loss.cpu().double().numpy())
    back = np.argsort(np.concatenate(order))
    predicted = _in_users_units(np.concatenate([answered[k] for k in back]), output)
    probabilities = np.concatenate([believed[k] for k in back]) if believed else None
    actual = target(dataset, output) if truth else predicted
    every_step = np.concatenate(lengths)[back] if output.stepwise else None
    outcome = Outcome(actual, predicted, probabilities, tuple(getattr(output, "classes", ())), every_step)
    return Answers(outcome, np.concatenate(losses)[back] if losses else None)


def _written(
    model: Model, head: TextHead, dataset: Dataset, output: Field, found: Iterator[Batch], truth: bool, way: Way
) -> Answers:
    """Texts, and how surprising the tokens of the true ones are."""
    rows: dict[int, tuple[Hypothesis, ...]] = {}
    surprises: dict[int, np.ndarray] = {}
    for batch in found:
        read, numbers = model(batch), batch.sample_ids.tolist()
        _require_finite(read.source.hidden, batch.sample_ids)
        rows |= dict(zip(numbers, map(tuple, head.write(read, way, batch.sample_ids)), strict=True))
        if truth:
            target = model.target(batch)
            assert isinstance(target, Sequences)
            each, counts = head.surprises(read, target)
            parts = np.split(each.cpu().double().numpy(), np.cumsum(counts.cpu().numpy())[:-1])
            surprises |= dict(zip(numbers, parts, strict=True))
    hypotheses = tuple(rows[row] for row in range(len(rows)))
    predicted = [output.decode(best.ids) for best, *_ in hypotheses]
    unit = head.field.text_unit
    if not truth:
        return Answers(Outcome.of_texts([[text] for text in predicted], predicted, unit), None, hypotheses)
    in_order = [surprises[row] for row in range(len(surprises))]
    right = references(dataset.records, output)
    outcome = Outcome.of_texts(right, predicted, unit, np.concatenate(in_order))
    return Answers(outcome, np.array([row.mean() if len(row) else 0.0 for row in in_order]), hypotheses)


def measured(outcome: Outcome) -> dict[str, float]:
    """Every metric that suits such an outcome, by name."""
    return {metric.name: metric.compute(outcome) for metric in metrics_of(outcome)}


def _in_users_units(values: np.ndarray, output: Field) -> np.ndarray:
    if output.kind == "numbers":
        return np.array(output.decode(values), dtype=np.float64)
    if output.kind != "number":
        return values
    return np.array([output.decode(value) for value in values], dtype=np.float64)


def _require_finite(values: Tensor, sample_ids: Tensor) -> None:
    bad = ~torch.isfinite(values).reshape(len(values), -1).all(1)
    if bool(bad.any()):
        raise NonFiniteError(
            f"the network's answer to sample {int(sample_ids[bad][0])} is not finite; its weights have gone wrong"
        )
