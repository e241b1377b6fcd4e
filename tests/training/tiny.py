"""A small model with dropout, its data and its batches, for the tests of training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.batch import Batch, Draw
from throughtime.training.job import Job
from throughtime.training.settings import TrainingSettings

ROWS, INPUTS, UNITS, CLASSES = 23, 5, 7, 3


class Tiny(nn.Module):
    """Two linear maps with dropout between them, its masks a function of (seed, epoch, sample, unit)."""

    def __init__(self, seed: int = 1, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.hidden = nn.Linear(INPUTS, UNITS, dtype=dtype)
        self.out = nn.Linear(UNITS, CLASSES, dtype=dtype)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)

    def loss(self, batch: Batch) -> Tensor:
        hidden = torch.tanh(self.hidden(batch["x"]))
        if batch.draw is not None:
            hidden = hidden * mask(batch.draw)
        return nn.functional.cross_entropy(self.out(hidden), batch["y"])


def mask(draw: Draw) -> Tensor:
    """Drops about a third of the units, the others are scaled up."""
    units = torch.arange(UNITS)
    key = draw.sample_ids[:, None] * 1_000_003 + units * 7919 + draw.epoch * 104_729 + draw.seed * 15_485_863
    mixed = (key * 2_654_435_761) % 4_294_967_296 // 65_536
    return (mixed % 3 != 0).float() * 1.5


def table(seed: int, rows: int) -> tuple[Tensor, Tensor]:
    """Random rows of which the class can be learned."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, INPUTS, generator=generator)
    return x, (x[:, 0] + x[:, 1] * x[:, 2] > 0).long() + (x[:, 3] > 0.8).long()


TRAIN, VALID = table(11, ROWS), table(12, 17)


class TinyBatches:
    """One epoch's batches in an order drawn from (seed, epoch)."""

    def __init__(self, settings: TrainingSettings, epoch: int, start: int) -> None:
        self.size, self.start = settings.batch_size, start
        generator = torch.Generator().manual_seed(1000 * settings.seed + epoch)
        self.order = torch.randperm(ROWS, generator=generator)

    def __len__(self) -> int:
        return -(-ROWS // self.size)

    def __iter__(self) -> Iterator[Batch]:
        for ids in self.order.split(self.size)[self.start :]:
            yield Batch({"x": TRAIN[0][ids], "y": TRAIN[1][ids]}, ids)


def evaluate(model: nn.Module) -> dict[str, float]:
    """Loss and accuracy on rows that are not trained on."""
    batch = Batch({"x": VALID[0], "y": VALID[1]}, torch.arange(len(VALID[1])))
    scores = model.out(torch.tanh(model.hidden(batch["x"])))
    return {"cross_entropy": float(model.loss(batch)), "accuracy": float((scores.argmax(1) == VALID[1]).float().mean())}


def plain(**values: Any) -> TrainingSettings:
    """Settings without schedule, warm-up, averaging and decay, so that a test names all that it tests."""
    still: dict[str, Any] = {"schedule": "constant", "warmup": 0.0, "average": "none", "weight_decay": 0.0}
    return TrainingSettings(**{**still, **values})


def tiny_job(settings: TrainingSettings | None = None, **parts: Any) -> Job:
    """A job over the rows above; ``parts`` replace its own."""
    settings = settings or plain(epochs=3, batch_size=5, learning_rate=0.02)
    job = Job(
        batches=lambda epoch, start: TinyBatches(settings, epoch, start),
        evaluate=evaluate,
        settings=settings,
        metric="cross_entropy",
        better="lower",
        locate=lambda model, batch: f"located in samples {batch.sample_ids.tolist()}",
    )
    return replace(job, **parts)


def scripted(values: Sequence[float]) -> Callable[[nn.Module], dict[str, float]]:
    """An evaluation that gives one value after the other, whatever the model."""
    rest = iter(values)
    return lambda model: {"cross_entropy": next(rest)}


def without_times(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The history but for what differs from run to run."""
    return [{name: row[name] for name in row if name not in ("seconds", "samples_per_second")} for row in history]


def weights(model: nn.Module) -> dict[str, list[Any]]:
    """All weights as lists, to be compared to the bit."""
    return {name: tensor.tolist() for name, tensor in model.state_dict().items()}
