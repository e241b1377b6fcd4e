"""What training needs of a person's material, whatever its form: rows that are answered one by one, or running text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from throughtime.api.settings import Settings
from throughtime.batch import Batch
from throughtime.models.baselines import Answer, baselines
from throughtime.models.metrics import Metric, Outcome
from throughtime.models.tasks import Task
from throughtime.training.job import Batches
from throughtime.use.inspect.memory.context import Context

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """A finished model's figures on valid and test, and a row of predictions.jsonl for each row of test.

    ``more`` are further entries of metrics.json; ``samples``, of a model that generates, are those of samples.json,
    ``attention``, of one that writes what it reads, where it looked, those of attention.json, and ``forecast``, of one
    that forecasts, those of forecast.json.
    """

    valid: Mapping[str, float]
    test: Mapping[str, float]
    rows: Sequence[Mapping[str, Any]]
    more: Mapping[str, Any]
    samples: Mapping[str, Any] | None = None
    attention: Mapping[str, Any] | None = None
    forecast: Mapping[str, Any] | None = None


class Prepared(ABC):
    """All that is known before a weight is drawn: the task, its settings, and the material, split and encoded."""

    task: Task
    settings: Settings
    source: str
    notes: tuple[str, ...]

    @abstractmethod
    def with_settings(self, settings: Settings) -> Prepared:
        """The same material under other settings."""

    @abstractmethod
    def new_model(self) -> nn.Module:
        """The network before training, its weights drawn from the seed."""

    @abstractmethod
    def watched_metric(self) -> str:
        """The metric that early stopping and the choice of the best epoch follow."""

    @abstractmethod
    def batches(self, epoch: int, start: int) -> Batches:
        """The training batches of an epoch from number ``start`` on."""

    @abstractmethod
    def evaluated(self, device: torch.device, model: nn.Module) -> dict[str, float]:
        """All metrics and the mean loss on the validation split."""

    @abstractmethod
    def beside(self, name: str, metric: Metric) -> Answer | None:
        """What a registered baseline answers; None where it does not apply."""

    @abstractmethod
    def measured(self, model: nn.Module, device: torch.device, best: Outcome | None) -> Measured:
        """The finished model on valid and test; ``best`` is what the best baseline answered on test."""

    @abstractmethod
    def figures(self) -> dict[str, Any]:
        """What data.json keeps."""

    @abstractmethod
    def fields_json(self) -> dict[str, Any]:
        """What fields.json keeps: everything that turns the user's values into tensors and back."""

    @abstractmethod
    def place(self, batch: Batch, sample: int) -> str:
        """Where a sample of a batch stands in the user's material."""

    @abstractmethod
    def unseen(self, count: int) -> Batch:
        """So many rows of the validation split, the longest of them, or stretches of its text."""

    @abstractmethod
    def context(self, model: nn.Module) -> Context | None:
        """How much context the network uses, measured on the validation split; None where nothing has steps."""

    @property
    @abstractmethod
    def window(self) -> tuple[str, int] | None:
        """The option that cuts time in training, and after how many steps it does; None where nothing is cut."""

    def example(self) -> Batch:
        """A first batch, small, to see whether a model can read it."""
        return next(iter(self.batches(1, 0)))

    def sample(self, device: torch.device, model: nn.Module) -> str | None:
        """What the model makes by itself, after an epoch; None where it makes nothing."""
        return None

    def baseline_names(self) -> tuple[str, ...]:
        names = self.settings.machine.baselines or self.task.baselines
        for name in names:
            baselines[name]  # raises for an unknown name
        return names
