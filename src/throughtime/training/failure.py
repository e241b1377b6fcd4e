"""The batch at which training stopped at a value that is not finite, kept so that it can be run again.

The weights stand in the checkpoint as they were before that update. The rest is in the run's folder ``failure``: the
columns, lengths and sample numbers of the batch, its time, who draws its masks, the state it went on from, and what the
model was given beside its weights.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from throughtime.batch import Batch, Sequences
from throughtime.errors import UsageError
from throughtime.training.sealed import seal, unsealed

RECORD = "failure.json"


@dataclass(frozen=True)
class Failure:
    """What happened at which batch. ``places`` say for each sample where it stands in the user's material.

    ``gradient_norm`` is None where the loss itself was not finite. Of several ``processes`` the batch holds the rows of
    the first alone. ``buffers`` are the model's tensors that are in no checkpoint, such as the weights of classes.
    """

    batch: Batch
    update: int
    loss: float
    gradient_norm: float | None
    places: tuple[str, ...]
    processes: int = 1
    buffers: Mapping[str, Tensor] = field(default_factory=dict)


def save_failure(folder: Path, failure: Failure) -> None:
    """Keep ``failure`` in ``folder``, in the place of an earlier one."""
    batch = failure.batch
    record = {
        "update": failure.update,
        "loss": repr(failure.loss),  # JSON has no infinity
        "gradient_norm": None if failure.gradient_norm is None else repr(failure.gradient_norm),
        "places": list(failure.places),
        "processes": failure.processes,
        "columns": [{"name": name, "sequences": isinstance(c, Sequences)} for name, c in batch.columns.items()],
        "offset": batch.offset,
        "draw": None if batch.draw is None else [batch.draw.seed, batch.draw.epoch, batch.draw.update],
    }
    tensors = {**_tensors(batch), **{f"buffer/{name}": buffer for name, buffer in failure.buffers.items()}}
    seal(folder / RECORD, str(failure.update), record, tensors)


def load_failure(folder: Path) -> Failure:
    """What :func:`save_failure` has kept; a DataError that names a damaged file, a UsageError where nothing is kept."""
    path = folder / RECORD
    if not path.is_file():
        raise UsageError(f"{folder} holds no batch to replay")
    mend = f"the run itself is whole; delete the folder {folder}, and go on with --resume"
    record, tensors = unsealed(path, "the kept batch", mend)
    norm = record["gradient_norm"]
    return Failure(
        batch=_batch(record, tensors),
        update=record["update"],
        loss=float(record["loss"]),
        gradient_norm=None if norm is None else float(norm),
        places=tuple(record["places"]),
        processes=record["processes"],
        buffers=_part(tensors, "buffer"),
    )


def forget_failure(folder: Path) -> None:
    """Remove what is kept: training has gone on."""
    shutil.rmtree(folder, ignore_errors=True)


def buffers_beside(model: nn.Module) -> dict[str, Tensor]:
    """The model's buffers that its state dict leaves out."""
    saved = model.state_dict()
    return {name: buffer for name, buffer in model.named_buffers() if name not in saved}


def _tensors(batch: Batch) -> dict[str, Tensor]:
    found = {"sample_ids": batch.sample_ids}
    for k, column in enumerate(batch.columns.values()):  # by number: a column may have any name
        found[f"column/{k}"] = column.data if isinstance(column, Sequences) else column
        if isinstance(column, Sequences):
            found[f"lengths/{k}"] = column.lengths
    return found | {f"state/{k}": part for k, part in enumerate(batch.state or ())}


def _batch(record: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Batch:
    data, lengths, state = (_part(tensors, name) for name in ("column", "lengths", "state"))
    columns = {
        column["name"]: Sequences(data[str(k)], lengths[str(k)]) if column["sequences"] else data[str(k)]
        for k, column in enumerate(record["columns"])
    }
    batch = Batch(columns, tensors["sample_ids"], record["offset"])
    batch = batch.after(tuple(state[str(k)] for k in range(len(state))) or None)
    if record["draw"] is None:
        return batch
    seed, epoch, update = record["draw"]
    return batch.drawing(seed, epoch, update)


def _part(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{part}/"): tensor for name, tensor in tensors.items() if name.startswith(f"{part}/")}
