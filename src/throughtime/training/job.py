"""What training is asked to do, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import torch
from torch import nn

from throughtime.batch import Batch
from throughtime.training.distributed import ALONE, Processes
from throughtime.training.observe.recorder import Recorder
from throughtime.training.progress import Progress, Silent
from throughtime.training.runs import Run
from throughtime.training.settings import TrainingSettings

Better = Literal["higher", "lower"]
Locate = Callable[[nn.Module, Batch], str | None]


class Batches(Protocol):
    """The batches of one epoch; ``len`` counts the whole epoch's, also where iteration starts later."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class Fitted:
    """What training came to; the model itself holds the weights of ``best_epoch``."""

    history: list[dict[str, Any]]
    best_epoch: int
    stopped_because: str
    seconds: float


@dataclass(frozen=True)
class Job:
    """What is to be done; nothing in it changes while training.

    ``batches(epoch, start)`` gives the batches of an epoch (from 1) from number ``start`` on, in an order that is a
    function of the seed and the epoch. ``evaluate(model)`` gives the metrics on the validation split, among them the
    watched one, ``metric``, of which ``better`` says whether higher or lower is better. ``locate(model, batch)`` says
    in words where a value that is not finite comes from; None if all are finite. ``sample(model)`` is what a model
    that generates makes after an epoch, for the history; None where it makes nothing. ``place(batch, sample)`` says
    where a sample stands in the user's material. ``recorder`` looks into the network at some updates. Of several
    ``processes`` only the first has a ``run`` and a ``recorder``.
    """

    batches: Callable[[int, int], Batches]
    evaluate: Callable[[nn.Module], dict[str, float]]
    settings: TrainingSettings
    metric: str
    better: Better
    locate: Locate
    sample: Callable[[nn.Module], str | None] = lambda model: None
    place: Callable[[Batch, int], str] = lambda batch, sample: ""
    run: Run | None = None
    recorder: Recorder | None = None
    progress: Progress = field(default_factory=Silent)
    device: torch.device | str = "cpu"
    processes: Processes = ALONE

    @cached_property
    def updates_per_epoch(self) -> int:
        return len(self.batches(1, 0))

    @property
    def updates(self) -> int:
        """Of the whole training, if nothing stops it early."""
        return self.settings.epochs * self.updates_per_epoch
