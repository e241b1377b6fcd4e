"""Advice put to the test: two short trainings, as the run was and as advised, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from throughtime.api.inspecting import all_settings
from throughtime.api.machine import threads_of
from throughtime.api.prepared import Prepared
from throughtime.api.settings import resolve
from throughtime.api.train import first_model, job_for
from throughtime.errors import NonFiniteError, UsageError
from throughtime.settings import changed
from throughtime.training.distributed import ALONE
from throughtime.training.loop import fit
from throughtime.training.progress import Progress, Silent
from throughtime.use.inspect.memory.findings import Finding

EPOCHS = 3


@dataclass(frozen=True)
class Trial:
    """One short training: loss and metric on valid after every epoch; ``stopped`` says why it broke off early."""

    losses: tuple[float, ...]
    metric: tuple[float, ...]
    stopped: str | None = None


@dataclass(frozen=True)
class Tried:
    """``settings`` are what was changed; both trainings had the same rows, seed and number of epochs."""

    settings: Mapping[str, Any]
    metric_name: str
    before: Trial
    after: Trial

    @property
    def better(self) -> bool:
        """Whether the lowest loss on valid is lower than without the changes."""
        return min(self.after.losses, default=float("inf")) < min(self.before.losses, default=float("inf"))

    def lines(self) -> Iterator[str]:
        """What is printed: the changes, and the loss on valid after every epoch of both."""
        yield "tried: " + ", ".join(f"{name}={value}" for name, value in self.settings.items())
        for which, trial in (("before", self.before), ("after", self.after)):
            losses = "  ".join(f"{loss:.4g}" for loss in trial.losses)
            figure = f"  ({self.metric_name} {trial.metric[-1]:.4g})" if trial.metric else ""
            broken = f"  broke off: {trial.stopped}" if trial.stopped else ""
            yield f"{which}: loss on valid {losses or '-'}{figure}{broken}"
        yield "the advice made it better" if self.better else "the advice made it no better"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "better": self.better}


def try_settings(
    prepared: Prepared, settings: Mapping[str, Any], *, epochs: int = EPOCHS, progress: Progress | None = None
) -> Tried:
    """Two short trainings: with the run's own settings, and with these in the place of some of them."""
    progress = progress or Silent()
    progress.note(f"as the run was, epochs: {epochs}")
    before = _trial(_short(prepared, {}, epochs), progress)
    progress.note("as advised: " + ", ".join(f"{name}={value}" for name, value in settings.items()))
    after = _trial(_short(prepared, settings, epochs), progress)
    return Tried(settings, prepared.watched_metric(), before, after)


def advised(prepared: Prepared, findings: Iterable[Finding]) -> dict[str, Any]:
    """The settings of the first advice of each finding; one that cannot stand beside those before it is left out."""
    chosen: dict[str, Any] = {}
    for finding in findings:
        for advice in finding.advice:
            more = {name: value for name, value in advice.settings.items() if name not in chosen}
            if more and _possible(prepared, {**chosen, **more}):
                chosen |= more
                break
    return chosen


def _possible(prepared: Prepared, settings: Mapping[str, Any]) -> bool:
    try:
        first_model(_short(prepared, settings, 1))
    except UsageError:
        return False
    return True


def _short(prepared: Prepared, settings: Mapping[str, Any], epochs: int) -> Prepared:
    resolved = resolve(prepared.task, {**all_settings(prepared), **settings})
    training = changed(resolved.training, epochs=epochs, patience=None)
    machine = changed(resolved.machine, seeds=None)
    return prepared.with_settings(replace(resolved, training=training, machine=machine))


def _trial(prepared: Prepared, progress: Progress) -> Trial:
    with threads_of(prepared.settings.machine):
        model = first_model(prepared)
        job = job_for(prepared, None, progress, ALONE)
        try:
            history = fit(model.to(job.device), job).history
        except NonFiniteError as error:
            return Trial((), (), str(error))
    return Trial(
        tuple(float(row["valid"]["loss"]) for row in history), tuple(float(row["valid"][job.metric]) for row in history)
    )
