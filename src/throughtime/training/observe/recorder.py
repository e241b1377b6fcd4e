"""The recorder: looks at some of the updates while a network learns, for a small share of the time."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from throughtime.batch import Batch
from throughtime.training.file_kinds import LinesFile
from throughtime.training.observe.gates import Units
from throughtime.training.observe.looking import Look, longest_rows, look
from throughtime.training.observe.updates import gradients_of, updates, weights_of

SHARE = 0.03  # of the time of training
ROWS = 4  # of a batch
LONGEST = 1_000  # steps; step by step, a longer sequence would take too long


@dataclass(frozen=True)
class Begun:
    """What was seen of an update before it was made."""

    epoch: int
    update: int
    looks: list[Look]
    weights: Mapping[str, Tensor]
    gradients: dict[str, float]


class Recorder:
    """Writes a line into a run's file for each update that it looks at.

    It looks at the first, and then whenever one look more keeps all of them within ``SHARE`` of the time. It reads
    weights, gradients and the batch, and draws no random number: training gives the same bits with it and without.
    """

    def __init__(self, file: LinesFile) -> None:
        self.file, self.began = file, time.monotonic()
        self.spent = self.last = 0.0

    def go_on(self, update: int) -> None:
        """Training goes on from a checkpoint: what was seen after it is forgotten."""
        if self.file.exists():
            self.file.write([row for row in self.file.read() if row["update"] < update])

    @property
    def due(self) -> bool:
        return self.spent == 0 or self.spent + self.last <= SHARE * (time.monotonic() - self.began)

    def before(self, model: nn.Module, batch: Batch, epoch: int, update: int) -> Begun | None:
        """With the gradients as they came, before they are clipped; None if it is not yet time to look again."""
        if not self.due:
            return None
        started = time.monotonic()
        part = longest_rows(batch, ROWS, LONGEST)
        looks = [] if part is None else look(model, part, roughly=True)
        begun = Begun(epoch, update, looks, weights_of(model), gradients_of(model))
        self.last = time.monotonic() - started
        self.spent += self.last
        return begun

    def after(self, begun: Begun, model: nn.Module, figures: Mapping[str, Any]) -> None:
        """After the update: how far the weights have moved; ``figures`` are those of the update as a whole."""
        started = time.monotonic()
        moved = updates(model, begun.weights, begun.gradients)
        parameters = {name: {key: rounded(value) for key, value in asdict(u).items()} for name, u in moved.items()}
        layers = [plain(entry) for entry in begun.looks]
        spent = round(self.spent + time.monotonic() - started, 3)
        self.file.append(
            {
                "epoch": begun.epoch,
                "update": begun.update,
                **figures,
                "layers": layers,
                "parameters": parameters,
                "seconds": spent,
            }
        )
        self.spent += time.monotonic() - started


def plain(found: Look) -> dict[str, Any]:
    """A look as JSON can hold it: curves of four digits, the gates as shares."""
    norms = {} if found.distances is None else found.distances.norms
    return {
        "place": found.place,
        "cell": found.graph.cell,
        "distances": {name: [rounded(value) for value in curve.tolist()] for name, curve in norms.items()},
        "jacobian": None if found.jacobian is None else rounded(found.jacobian),
        "quantities": {entry.name: _shares(entry) for entry in found.units},
    }


def _shares(entry: Units) -> dict[str, float | str | None]:
    low, high = (None if part is None else rounded(float(np.mean(part))) for part in (entry.low, entry.high))
    return {
        "squashing": entry.squashing,
        "mean": rounded(float(entry.mean.mean())),
        "low": low,
        "high": high,
        "still": rounded(entry.still),
        "dead": rounded(entry.dead),
    }


def rounded(value: float) -> float:
    """To four digits.

    >>> rounded(0.00123456)
    0.001235
    """
    return float(f"{value:.4g}") if math.isfinite(value) else value
