"""Checkpoints: everything that changes while training, saved in one switch and read back to the bit.

In the folder stand one file of tensors and ``latest.json``, which holds all plain values: a kill at any instant leaves
a state that loads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from throughtime.errors import UsageError
from throughtime.settings import as_dict
from throughtime.training.averaging import Weights
from throughtime.training.distributed import Processes
from throughtime.training.optimisers import optimizer_tensors, restore_optimizer
from throughtime.training.sealed import seal, unsealed
from throughtime.training.settings import TrainingSettings

_FREE = ("max_minutes", "checkpoint_seconds")  # settings that may change between a stop and its resumption


class EpochSums(msgspec.Struct):
    """Sums over the updates of the epoch so far; its row in the history is made of them."""

    loss: float = 0.0  # of samples
    samples: int = 0
    gradient_norm: float = 0.0
    clipped: int = 0
    seconds: float = 0.0


class Position(msgspec.Struct):
    """Where training stands: all that changes and is no tensor."""

    epoch: int = 1  # the one being trained
    batch: int = 0  # batches of it that are done
    update: int = 0  # updates done since the beginning
    seconds: float = 0.0  # of training, over all its processes
    sums: EpochSums = msgspec.field(default_factory=EpochSums)
    averaged: int = 0  # updates in the average of the weights
    best: float | None = None  # the watched metric's best value
    best_epoch: int | None = None
    stale: int = 0  # epochs since then
    falls: int = 0  # of the learning rate, caused by the plateau
    history: list[dict[str, Any]] = msgspec.field(default_factory=list)
    stopped: str | None = None  # why training is over
    failure: str | None = None  # the non-finite value at which the last process gave up


@dataclass
class State:
    """All that changes while training, and so all that a checkpoint holds."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    average: Weights | None
    best_weights: Weights | None  # of the best epoch, as evaluated
    position: Position
    carried: tuple[Tensor, ...] | None = None  # of sequences that go on from batch to batch


def save_checkpoint(folder: Path, state: State, settings: TrainingSettings) -> None:
    """Save ``state`` into ``folder``; where that fails, what was saved before is still there and whole."""
    record = {"settings": as_dict(settings), "position": msgspec.to_builtins(state.position)}
    seal(_latest(folder), str(state.position.update), record, _tensors(state))


def load_checkpoint(folder: Path, state: State, settings: TrainingSettings) -> bool:
    """Put what was last saved into ``state``; False if nothing was.

    Raises a DataError that names a damaged file, and a UsageError if the checkpoint belongs to other settings or to
    another model.
    """
    if not _latest(folder).is_file():
        return False
    record, tensors = _read(folder)
    _require_same_settings(record["settings"], settings)
    try:
        _restore(state, tensors)
    except (RuntimeError, KeyError) as error:
        raise UsageError(
            f"{folder}: the checkpoint belongs to another model; resume with the options and data of the run"
        ) from error
    state.position = msgspec.convert(record["position"], Position)
    return True


def load_weights(folder: Path) -> tuple[dict[str, Tensor], Position] | None:
    """The model's weights as they were last saved, and where training stood; None if nothing was."""
    if not _latest(folder).is_file():
        return None
    record, tensors = _read(folder)
    weights = {name.partition("/")[2]: part for name, part in tensors.items() if name.startswith("model/")}
    return weights, msgspec.convert(record["position"], Position)


def spread(state: State, processes: Processes) -> None:
    """Put the first process's state, which holds what is carried for all rows, into all processes' own."""
    if processes.count == 1:
        return
    position = processes.of_first(lambda: msgspec.to_builtins(state.position))
    tensors = processes.tensors_of_first(_tensors(state))
    if not processes.first:
        state.position = msgspec.convert(position, Position)
        _restore(state, tensors)
    state.carried = processes.own(state.carried)


def _latest(folder: Path) -> Path:
    return folder / "latest.json"


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    mend = f"restore it from a copy, or delete the folder {folder} and train from the beginning"
    return unsealed(_latest(folder), "the checkpoint", mend)


def _require_same_settings(saved: dict[str, Any], settings: TrainingSettings) -> None:
    for name, value in as_dict(settings).items():
        if name not in _FREE and saved.get(name) != value:
            option = "--" + name.replace("_", "-")
            raise UsageError(
                f"{option} {value}: the run to resume was begun with {saved.get(name)}; resume with the same"
            )


def _tensors(state: State) -> dict[str, Tensor]:
    parts = {
        "model": state.model.state_dict(),
        "optimizer": optimizer_tensors(state.optimizer, state.model),
        "average": state.average or {},
        "best": state.best_weights or {},
        "carried": {str(k): part.contiguous() for k, part in enumerate(state.carried or ())},
    }
    return {f"{part}/{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}


def _restore(state: State, tensors: dict[str, Tensor]) -> None:
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}, "average": {}, "best": {}, "carried": {}}
    for key, tensor in tensors.items():
        part, _, name = key.partition("/")
        parts[part][name] = tensor
    state.model.load_state_dict(parts["model"])
    restore_optimizer(state.optimizer, state.model, parts["optimizer"])
    devices = {name: tensor.device for name, tensor in state.model.state_dict().items()}
    state.average = {name: tensor.to(devices[name]) for name, tensor in parts["average"].items()} or None
    state.best_weights = {name: tensor.to(devices[name]) for name, tensor in parts["best"].items()} or None
    where = next(iter(devices.values()))
    state.carried = tuple(parts["carried"][str(k)].to(where) for k in range(len(parts["carried"]))) or None
