"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from throughtime.batch import Batch
from throughtime.errors import NonFiniteError, UsageError, unknown
from throughtime.training.asking import loss_of, weight_of
from throughtime.training.averaging import averaged, averages_at, using
from throughtime.training.checkpoint import EpochSums, Position, State, load_checkpoint, save_checkpoint, spread
from throughtime.training.clipping import clip, gradient_norm
from throughtime.training.distributed import is_loss, lost
from throughtime.training.failure import Failure, buffers_beside, forget_failure, save_failure
from throughtime.training.interrupts import InterruptionError, stop_requests
from throughtime.training.job import Fitted, Job
from throughtime.training.optimisers import build_optimizer, set_learning_rate
from throughtime.training.progress import Moment
from throughtime.training.schedules import learning_rate, plateau_falls, warmup_updates
from throughtime.training.settings import TrainingSettings
from throughtime.training.stopwatch import Stopwatch
from throughtime.training.transfer import freeze

LossOf = Callable[[Batch], tuple[Tensor, tuple[Tensor, ...] | None]]


def fit(model: nn.Module, job: Job, *, resume: bool = False) -> Fitted:
    """Train ``model`` in place and leave it with the weights of its best epoch.

    ``model.loss(batch)`` is the mean loss of a batch, or that and the state of its sequences at its end, which is
    handed to the next batch of the epoch (truncated backpropagation through time). All of it is saved into
    ``job.run`` every so many seconds, when training is interrupted and when it ends; with ``resume`` it goes on from
    there as if it had never stopped, to the bit. Of several processes each takes some rows of every batch, and all
    come to the same weights.

    Raises NonFiniteError when the loss or a gradient is not finite (the weights stay as they were before that
    update), InterruptionError after Ctrl-C or SIGTERM, LostProcessError when another process has ended, UsageError for
    settings that cannot work with this much data.
    """
    require_updates(job)
    state = State(model, build_optimizer(model, job.settings), None, None, Position())
    with stop_requests() as stop_requested, closing(job.progress), _others_watched(job, state):
        if resume:
            _resume(job, state)
        stopwatch = Stopwatch(state.position)
        loss_of_batch = job.processes.add_up(loss_of, model)
        while state.position.stopped is None:
            model.train()
            for batch in _remaining_batches(job, state):
                _update(job, state, batch, loss_of_batch)
                stopwatch.tick()
                job.progress.update(_moment(job, state.position, stopwatch))
                stop, late, due = _agreed(job, state.position, stopwatch, stop_requested())
                if stop:
                    _interrupt(job, state)
                if late:
                    break
                if due:
                    _save(job, state)
                    stopwatch.saved()
            _end_epoch(job, state, stopwatch)
            if job.processes.any(stop_requested()) == (True,):
                _interrupt(job, state)
    return _finish(job, state)


@contextmanager
def _others_watched(job: Job, state: State) -> Iterator[None]:
    """Say where training stood when another process ended."""
    try:
        yield
    except RuntimeError as error:
        if job.processes.count == 1 or not is_loss(error):
            raise
        at = state.position
        raise lost(
            f"a process was lost in epoch {at.epoch}, after update {at.update}; what was saved last is whole; "
            "go on with the same command and --resume"
        ) from error


def require_updates(job: Job) -> None:
    """Raise UsageError where there would be no update, or none after the warm-up."""
    if job.updates_per_epoch == 0:
        raise UsageError("the training split is empty; give more rows, or smaller fractions for --valid and --test")
    warmup_updates(job.settings, job.updates)


def _resume(job: Job, state: State) -> None:
    run, settings = job.run, job.settings
    if not job.processes.of_first(lambda: run is not None and load_checkpoint(run.checkpoint, state, settings)):
        job.progress.note("nothing was saved yet; training starts from the beginning")
        if job.recorder is not None:
            job.recorder.go_on(0)
        return
    spread(state, job.processes)
    if state.position.failure is not None:
        job.progress.note(f"the run had stopped: {state.position.failure}")
        state.position.failure = None
    if run is not None:
        run.history.write(state.position.history)  # it may have rows of epochs after the checkpoint
    if job.recorder is not None:
        job.recorder.go_on(state.position.update)


def _remaining_batches(job: Job, state: State) -> Iterator[Batch]:
    at = state.position
    for batch in job.batches(at.epoch, at.batch):
        yield batch.to(job.device).drawing(job.settings.seed, at.epoch, at.update).after(state.carried)


def _update(job: Job, state: State, batch: Batch, loss_of_batch: LossOf) -> None:
    """One update: loss, gradient, clipping, step; the position moves on by it."""
    settings, at, model, processes = job.settings, state.position, state.model, job.processes
    state.optimizer.zero_grad(set_to_none=True)
    part, share = processes.part(batch, partial(weight_of, model))
    loss, carried = loss_of_batch(part)
    if carried is not None:
        processes.require_rows(batch)
    value = processes.total(share * float(loss.detach()))
    if not math.isfinite(value):
        what = f"the loss is {value}; {_located(job, model, part)}"
        _give_up(job, state, what, _failure(job, state, part, float(loss.detach()), None))
    (loss * (share * processes.count)).backward()  # of the gradients the mean is taken
    freeze(model, settings, at.epoch)
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    norm = gradient_norm(gradients)
    if not math.isfinite(norm):
        what = f"the loss is {value:g}, but the length of its gradient is {norm}"
        what = f"{what}; {_located(job, model, part)}"
        _give_up(job, state, what, _failure(job, state, part, float(loss.detach()), norm))
    looked = None if job.recorder is None else job.recorder.before(model, part, at.epoch, at.update)
    clipped, rate = clip(gradients, norm, settings), _rate(job, at, at.update)
    set_learning_rate(state.optimizer, rate)
    state.optimizer.step()
    if looked is not None and job.recorder is not None:
        figures = {"loss": value, "gradient_norm": norm, "clipped": bool(clipped), "learning_rate": rate}
        job.recorder.after(looked, model, figures)
    if averages_at(settings, at.update, job.updates):
        at.averaged += 1
        state.average = averaged(state.average, model, at.averaged, settings)
    state.carried = carried
    at.batch += 1
    at.update += 1
    at.sums.loss += value * len(batch)
    at.sums.samples += len(batch)
    at.sums.gradient_norm += norm
    at.sums.clipped += clipped


def _located(job: Job, model: nn.Module, part: Batch) -> str:
    """Where a value that is not finite comes from, in the words of the first process that has one."""
    if job.processes.count > 1:
        model = deepcopy(model)  # the way back through the model itself would wait for the other processes
    found = job.processes.of_each(job.locate(model, part) or "")
    return next(filter(None, found), "run again, all values are finite")


def _agreed(job: Job, at: Position, stopwatch: Stopwatch, stop: bool) -> tuple[bool, ...]:
    """Whether to stop, as any process may be asked; and by the first's clock, whether time is over, whether to save."""
    first = job.processes.first
    due = stopwatch.since_save >= job.settings.checkpoint_seconds
    return job.processes.any(stop, first and _out_of_time(job.settings, at), first and due)


def _rate(job: Job, at: Position, update: int) -> float:
    return learning_rate(job.settings, update, job.updates_per_epoch, at.falls)


def _end_epoch(job: Job, state: State, stopwatch: Stopwatch) -> None:
    """Evaluate, note the epoch in the history, keep the weights if they are the best, and see whether to stop."""
    at = state.position
    training_seconds = at.sums.seconds
    state.model.eval()
    with using(state.model, state.average):
        metrics, sample = job.processes.of_first(lambda: _evaluated(job, state.model))
        value = _watched(job, metrics)
        best = math.isfinite(value) and _is_better(job, metrics, value, at)
        if best:
            state.best_weights = {name: tensor.detach().clone() for name, tensor in state.model.state_dict().items()}
    if not math.isfinite(value):
        _give_up(job, state, f"{job.metric} on the validation split is {value}")
    if best:
        at.best, at.best_epoch, at.stale = value, at.epoch, 0
    else:
        at.stale += 1
    stopwatch.tick()
    at.seconds = job.processes.of_first(lambda: at.seconds)
    row = _history_row(job, at, metrics, training_seconds) | ({} if sample is None else {"sample": sample})
    at.falls += plateau_falls(job.settings, at.stale)
    at.history.append(row)
    if job.run is not None:
        job.run.history.append(row)
    job.progress.epoch(row, job.settings.epochs, job.metric, best)
    at.stopped = _reason_to_stop(job, at)
    at.epoch, at.batch, at.sums = at.epoch + 1, 0, EpochSums()
    state.carried = None


@torch.no_grad()
def _evaluated(job: Job, model: nn.Module) -> tuple[dict[str, float], str | None]:
    return {name: float(value) for name, value in job.evaluate(model).items()}, job.sample(model)


def _history_row(job: Job, at: Position, metrics: dict[str, float], training_seconds: float) -> dict[str, Any]:
    sums, updates = at.sums, max(1, at.batch)
    return {
        "epoch": at.epoch,
        "update": at.update,
        "train": {"loss": sums.loss / max(1, sums.samples)},
        "valid": {name: value if math.isfinite(value) else None for name, value in metrics.items()},
        "learning_rate": _rate(job, at, at.update - 1),
        "gradient_norm": sums.gradient_norm / updates,
        "clipped": sums.clipped / updates,
        "seconds": sums.seconds,
        "samples_per_second": sums.samples / max(training_seconds, 1e-9),
    }


def _is_better(job: Job, metrics: dict[str, float], value: float, at: Position) -> bool:
    """Than the best epoch so far; of two with one figure, as 0 while nothing is right yet, that of the lower loss."""
    if at.best is None or at.best_epoch is None:
        return True
    if value == at.best:
        before = at.history[at.best_epoch - 1]["valid"].get("loss")
        return before is not None and metrics.get("loss", before) < before
    return value > at.best if job.better == "higher" else value < at.best


def _watched(job: Job, metrics: dict[str, float]) -> float:
    if job.metric not in metrics:
        raise unknown("metric", job.metric, metrics)
    return metrics[job.metric]


def _reason_to_stop(job: Job, at: Position) -> str | None:
    settings = job.settings
    if settings.patience is not None and at.stale >= settings.patience:
        return f"no better {job.metric} for {settings.patience} epoch{'s' if settings.patience > 1 else ''}"
    if _out_of_time(settings, at):
        return f"the time limit of {settings.max_minutes:g} minutes was reached"
    if at.epoch >= settings.epochs:
        return f"all {settings.epochs} epochs are done" if settings.epochs > 1 else "the one epoch is done"
    return None


def _out_of_time(settings: TrainingSettings, at: Position) -> bool:
    return settings.max_minutes is not None and at.seconds >= 60 * settings.max_minutes


def _finish(job: Job, state: State) -> Fitted:
    """Save the last state, then put the best weights into the model."""
    at = state.position
    assert at.stopped is not None and at.best_epoch is not None and state.best_weights is not None
    _save(job, state)
    if job.run is not None:
        job.run.history.write(at.history)
    state.model.load_state_dict(state.best_weights)
    state.model.eval()
    return Fitted(at.history, at.best_epoch, at.stopped, at.seconds)


def _save(job: Job, state: State) -> None:
    whole = replace(state, carried=job.processes.whole(state.carried))
    if job.run is not None:
        save_checkpoint(job.run.checkpoint, whole, job.settings)
        if state.position.failure is None:
            forget_failure(job.run.failure)


def _interrupt(job: Job, state: State) -> NoReturn:
    _save(job, state)
    where = f"stopped in epoch {state.position.epoch}, after update {state.position.update}"
    if job.run is None:
        saved = "nothing is saved, because training has no run folder"
    else:
        saved = f"its state is saved in {job.run.path}; go on with the same command and --resume"
    raise InterruptionError(job.processes.of_first(lambda: f"{where}; {saved}"))


def _failure(job: Job, state: State, part: Batch, loss: float, norm: float | None) -> Failure:
    """What is needed to run this process's part of the batch again."""
    places = tuple(job.place(part, sample) for sample in part.sample_ids.tolist())
    update, count = state.position.update, job.processes.count
    return Failure(part, update, loss, norm, places, count, buffers_beside(state.model))


def _give_up(job: Job, state: State, what: str, failure: Failure | None = None) -> NoReturn:
    """Stop at a non-finite value: the weights are those before it, and the checkpoint says why it is the last.

    Where it came up in a batch, that is kept, to be run again.
    """
    at = state.position
    if job.run is not None and failure is not None:
        save_failure(job.run.failure, failure)
    elif job.run is not None:
        forget_failure(job.run.failure)
    at.failure = (
        f"stopped in epoch {at.epoch}, after update {at.update}: {what}; the weights are those after that update; "
        "a lower --learning-rate or --set clip_norm may help; throughtime inspect RUN --nan shows the steps before"
    )
    _save(job, state)
    raise NonFiniteError(job.processes.of_first(lambda: at.failure))


def _moment(job: Job, at: Position, stopwatch: Stopwatch) -> Moment:
    settings = job.settings
    left = (job.updates - at.update) * stopwatch.seconds_per_update
    if settings.max_minutes is not None:
        left = min(left, max(0.0, 60 * settings.max_minutes - at.seconds))
    samples_per_second = at.sums.samples / max(at.sums.seconds, 1e-9)
    loss = at.sums.loss / at.sums.samples
    return Moment(at.epoch, settings.epochs, at.batch, job.updates_per_epoch, loss, samples_per_second, left)
