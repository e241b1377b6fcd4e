"""A run that stopped at a value that is not finite: its last batch, run again."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from throughtime.api.machine import threads_of
from throughtime.api.own import import_files
from throughtime.api.rebuilt import device_here, rebuilt, settings_of
from throughtime.batch import Batch, Sequences
from throughtime.data.fields import Field, fields_from_json
from throughtime.data.streams.windows import READ
from throughtime.errors import UsageError
from throughtime.models.tasks import tasks
from throughtime.training.checkpoint import load_weights
from throughtime.training.failure import Failure, load_failure
from throughtime.training.runs import Run
from throughtime.use.inspect.replay.again import Read, Replayed
from throughtime.use.inspect.replay.again import replay as run_again

ENCODER = re.compile(r"encoders\.(\d+)\.")


def replay(run: str | os.PathLike[str], *, use: Sequence[str | os.PathLike[str]] = ()) -> Replayed:
    """Run the batch again at which training into ``run`` stopped, with the weights before its update.

    ``use`` are files with tasks of one's own, where the run has some. Steps and samples count from 0. Of a training in
    several processes only the first one's rows are kept.

    Raises UsageError where there is nothing to replay: a finished run, one that was stopped by hand, one whose metric
    was not finite, which no single batch did; DataError that names a damaged file.
    """
    import_files(use)
    stopped = Run.stopped(run)
    failure = load_failure(stopped.failure)
    weights, position = load_weights(stopped.checkpoint) or (None, None)
    if weights is None or position is None or position.failure is None or position.update != failure.update:
        raise UsageError(f"{run}: the kept batch belongs to another checkpoint; go on with --resume")
    task = tasks[stopped.config.read()["run"]["task"]]
    settings = settings_of(stopped, task)
    device = device_here(settings.machine)
    model = rebuilt(stopped, task, settings, weights)
    failure = _on(failure, device)
    fields = fields_from_json(stopped.fields.read()["fields"])
    with threads_of(settings.machine):
        read = _reader(fields, stopped.fields.read()["inputs"], failure.batch)
        return run_again(model, failure, settings.training, position.failure, read)


def _on(failure: Failure, device: torch.device) -> Failure:
    batch = failure.batch.to(device)
    state = None if batch.state is None else tuple(part.to(device) for part in batch.state)
    buffers = {name: buffer.to(device) for name, buffer in failure.buffers.items()}
    return replace(failure, batch=batch.after(state), buffers=buffers)


def _reader(fields: Mapping[str, Field], inputs: Sequence[str], batch: Batch) -> Read:
    """Which tokens a recurrent module reads in a row: those of its encoder's column, or of the running text."""

    def read(module: str, row: int) -> Sequence[str] | None:
        encoder = ENCODER.match(module)
        column = inputs[int(encoder[1])] if encoder else inputs[0]
        held = batch.columns.get(column if encoder else READ)
        vocabulary = getattr(fields[column], "vocabulary", None)
        if vocabulary is None or not isinstance(held, Sequences):
            return None
        ids = held.data[row] if held.data.dim() == 2 else held.data[row, :, 0]  # of words the first id
        return [repr(vocabulary.tokens[k])[1:-1] for k in ids.tolist()]

    return read
