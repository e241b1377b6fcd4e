"""How much context a network uses: the loss when all but the last k steps are cut away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Batch, Sequences
from throughtime.data.streams import Stream
from throughtime.data.streams.windows import before
from throughtime.models.language_model import LanguageModel
from throughtime.models.model import Model

PLACES = 512  # steps at which a loss is measured
LONGEST = 256  # steps
NEAR = 0.01  # of the loss with all context, and of what context is worth: a difference that does not matter

LossAt = Callable[[int], np.ndarray]
"""The loss of each place with so many steps of context."""


@dataclass(frozen=True)
class Context:
    """``losses[i]``: the mean loss with ``steps[i]`` steps of context, the step itself among them; the last has all.

    ``needs`` is the least number of steps whose loss is that with all context, but for a hundredth of it and of what
    context is worth. ``both_ways``: so many steps, less the step itself, before and after. It is measured by a network,
    and says what that network makes use of; the task may offer more.
    """

    steps: tuple[int, ...]
    losses: tuple[float, ...]
    needs: int
    places: int
    both_ways: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def context(loss_at: LossAt, longest: int, *, both_ways: bool = False) -> Context:
    """Doubled from one step to ``longest``; between the last that is too short and the first that is enough, halved.

    >>> context(lambda k: np.full(9, 0.0 if k >= 12 else 1.0), 100).needs
    12
    """
    known = {longest: loss_at(longest), 1: loss_at(1)}
    k = 2
    while k < longest:
        known[k] = loss_at(k)
        k *= 2
    tried = sorted(known)
    first = next(i for i, k in enumerate(tried) if _enough(known, k, longest))
    low, high = (tried[first - 1] if first else 0), tried[first]
    while high - low > max(1, high // 16):
        middle = (low + high) // 2
        known[middle] = loss_at(middle)
        low, high = (low, middle) if _enough(known, middle, longest) else (middle, high)
    steps = tuple(sorted(known))
    means = tuple(float(known[k].mean()) for k in steps)
    return Context(steps, means, high, len(known[longest]), both_ways)


def _enough(known: dict[int, np.ndarray], k: int, longest: int) -> bool:
    whole, one = float(known[longest].mean()), float(known[1].mean())
    return float(known[k].mean()) - whole <= NEAR * (abs(whole) + max(0.0, one - whole))


@torch.no_grad()
def context_of_rows(model: Model, batch: Batch) -> Context | None:
    """Of a model that answers rows, or their steps; None where no input has steps.

    Rows are cut at their end, where they are answered. A step is answered in the middle of a window if the network
    reads both ways. Its loss is -log of the probability of its true class, or of its notes together, or the
    squared error of a number.
    """
    inputs = {name: batch[name] for name in model.inputs}
    lengths = [column.lengths for column in inputs.values() if isinstance(column, Sequences)]
    if not lengths:
        return None
    longest = min(int(torch.stack(lengths).max()), LONGEST)
    if not model.head.stepwise:
        return context(lambda k: _numbers(model.losses(_cut(batch, model.inputs, k))[1]), longest)
    both = any(encoder.bidirectional for encoder in model.encoders)
    rows, at = _places(lengths[0])
    return context(lambda k: _of_steps(model, batch, rows, at, k, both), longest, both_ways=both)


def _cut(batch: Batch, inputs: tuple[str, ...], k: int) -> Batch:
    """The last ``k`` steps of every input."""
    columns = {
        name: _window(column, torch.arange(len(batch)), column.lengths - k, column.lengths)
        if name in inputs and isinstance(column, Sequences)
        else column
        for name, column in batch.columns.items()
    }
    return Batch(columns, batch.sample_ids)


def _places(lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and steps spread evenly over all valid steps, at most ``PLACES`` of them."""
    total = int(lengths.sum())
    numbers = torch.linspace(0, total - 1, min(PLACES, total)).round().long()
    ends = lengths.cumsum(0)
    rows = torch.searchsorted(ends, numbers, right=True)
    return rows, numbers - (ends - lengths)[rows]


def _of_steps(model: Model, batch: Batch, rows: Tensor, at: Tensor, k: int, both: bool) -> np.ndarray:
    last = at + k if both else at + 1
    first = (at - k + 1).clamp(min=0)
    columns: dict[str, Tensor | Sequences] = {}
    for name, column in batch.columns.items():
        columns[name] = _window(column, rows, first, last) if isinstance(column, Sequences) else column[rows]
    windows = Batch(columns, torch.arange(len(rows)))
    output, target = model(windows), windows[model.output]
    assert isinstance(output, Sequences) and isinstance(target, Sequences)
    predicted, probabilities = model.head.answers(output)
    lengths = output.lengths.numpy()
    here = np.cumsum(lengths) - lengths + (at - first).numpy()
    truth = target.data[torch.arange(len(rows)), at - first].numpy()
    if probabilities is None:
        return (predicted[here] - truth) ** 2
    if truth.ndim == 2:
        given = np.where(truth > 0, probabilities[here], 1 - probabilities[here])
        return -np.log(np.maximum(given, 1e-12)).sum(1)
    return -np.log(np.maximum(probabilities[here, truth], 1e-12))


def _window(column: Sequences, rows: Tensor, first: Tensor, last: Tensor) -> Sequences:
    """Steps ``first`` to ``last`` (excluded) of these rows, as far as they have them."""
    begins, ends = first.clamp(min=0), torch.minimum(last, column.lengths[rows])
    lengths = (ends - begins).clamp(min=0)
    index = begins[:, None] + torch.arange(max(1, int(lengths.max())))
    return Sequences(column.data[rows[:, None], index.clamp(max=column.data.shape[1] - 1)], lengths)


@torch.no_grad()
def context_of_stream(model: LanguageModel, stream: Stream, longest: int = LONGEST) -> Context | None:
    """Of a language model: -log P of tokens spread over a stream, each after only the last k; None if it is too short.

    The model's state is 0 before the first of them.
    """
    longest = min(longest, len(stream) // 2)
    if longest < 1:
        return None
    at = np.unique(np.linspace(longest, len(stream) - 1, PLACES).astype(np.int64))
    following = torch.from_numpy(np.array([stream.read(t, t + 1)[0] for t in at], dtype=np.int64))
    read = np.stack([before(stream, t - longest + 1, longest) for t in at]).astype(np.int64)

    def loss_at(k: int) -> np.ndarray:
        logs, _ = model.after(torch.from_numpy(read[:, longest - k :].copy()), None)
        return _numbers(-logs.gather(1, following[:, None])[:, 0])

    return context(loss_at, longest)


def _numbers(values: Tensor) -> np.ndarray:
    return values.double().cpu().numpy()
