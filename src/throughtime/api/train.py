"""Train: from data to a finished run folder."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn

import torch
from torch import nn

from throughtime.api.load import TrainedRun, load
from throughtime.api.machine import (
    device_of,
    engine_of_environment,
    environment,
    require_precision,
    threads_of,
    versions,
)
from throughtime.api.own import import_files
from throughtime.api.prepare import prepare
from throughtime.api.prepared import Prepared
from throughtime.api.resuming import FREE, require_finished_run, require_same_run
from throughtime.api.rows import data_path
from throughtime.api.seeds import gather
from throughtime.api.settings import Source, read_config
from throughtime.batch import Batch
from throughtime.cells.cell import form
from throughtime.errors import NonFiniteError, UsageError
from throughtime.models.baselines import EXTRAS
from throughtime.models.metrics import Metric, Outcome, metrics
from throughtime.models.model import used_engine
from throughtime.settings import as_dict, changed
from throughtime.training.asking import loss_of
from throughtime.training.distributed import ALONE, Processes, joined, leave
from throughtime.training.file_kinds import to_json
from throughtime.training.interrupts import InterruptionError
from throughtime.training.job import Job
from throughtime.training.loop import fit, require_updates
from throughtime.training.observe import Recorder, locate
from throughtime.training.optimisers import build_optimizer
from throughtime.training.progress import Progress, Silent
from throughtime.training.runs import Run
from throughtime.use.answering import measured
from throughtime.use.report import report


def train(
    data: Any = None,
    run: str | os.PathLike[str] | None = None,
    *,
    task: str | None = None,
    config: str | os.PathLike[str] | None = None,
    use: Sequence[str | os.PathLike[str]] = (),
    resume: bool = False,
    progress: Progress | None = None,
    **settings: Any,
) -> TrainedRun:
    """Train on ``data`` into the folder ``run``, and give back what was trained.

    ``data`` is a path, a list of records, a dictionary of columns or a data frame. ``settings`` are those that
    ``throughtime tasks NAME`` lists; ``config`` is a file of them (a run's own config.toml reruns it), ``use`` are
    files with cells, formats and tasks of one's own. With ``resume`` a run that was stopped goes on, to the bit; it
    knows its data and settings where nothing is given.

    >>> import tempfile
    >>> rows = [{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)]
    >>> trained = train(rows, tempfile.mkdtemp(), output="label", epochs=2, hidden_size=8)
    >>> sorted(trained.predict(["abab"])[0])
    ['predicted', 'probabilities']

    Where torchrun has started several processes, they train together, and only the first comes back from here: the
    others end with the training, and what follows in a program is done once.

    Raises UsageError and DataError for what cannot be, NonFiniteError when training blows up, InterruptionError on
    Ctrl-C.
    """
    started = time.monotonic()
    progress = progress or Silent()
    if resume and data is None and config is None and run is not None:
        config = begun if (begun := Run(run).config.path).is_file() else None
    before, chosen = read_config(config) if config is not None else (Source(), {})
    data = before.data or None if data is None else data
    if data is None:
        raise UsageError("there is no data; give a file or a folder")
    if run is None:
        raise UsageError("there is no run folder; give --run DIR")
    own_files = tuple(str(path) for path in use or before.use)
    import_files(own_files)
    wanted = {**chosen, **engine_of_environment(), **settings}
    with joined() as processes:
        if not processes.first:
            _train_along(data, task or before.task, wanted, resume, processes)
        with Run.create(run, resume=resume) as folder:
            if processes.of_first(lambda: folder.finished):
                leave()
                require_finished_run(folder, wanted)
                progress.note(f"{run} is finished; there is nothing to resume")
                return load(run)
            prepared = prepare(data, task or before.task, wanted, progress.note, room=folder.path)
            source = Source(data=data_path(data), task=prepared.task.name, use=own_files)
            with threads_of(prepared.settings.machine):
                model = first_model(prepared)
                _require_same(prepared, processes)
                processes.of_first(lambda: _describe(folder, prepared, source))
                if prepared.settings.machine.seeds is None:
                    job = job_for(prepared, folder, progress, processes)
                    _train_one(job, folder, prepared, model, started, resume, progress)
                else:
                    _train_several(folder, prepared, source, started, resume, progress)
    return load(run)


def _train_along(data: Any, task: str | None, wanted: dict[str, Any], resume: bool, processes: Processes) -> NoReturn:
    """All that a process does which is not the first: the same training, in silence, and no more than that."""
    if processes.of_first(lambda: False):  # what the first has found: a finished run
        raise SystemExit(0)
    silent = Silent()
    prepared = prepare(data, task, wanted, silent.note)
    with threads_of(prepared.settings.machine):
        model = first_model(prepared)
        _require_same(prepared, processes)
        processes.of_first(lambda: None)  # the first describes the run, and may refuse
        job = job_for(prepared, None, silent, processes)
        try:
            fit(model.to(job.device), job, resume=resume)
        except (InterruptionError, NonFiniteError) as error:  # the first says it
            raise SystemExit(error.exit_code) from None
    raise SystemExit(0)


def _require_same(prepared: Prepared, processes: Processes) -> None:
    """Several processes need the same material and settings, and train one model."""
    if processes.count == 1:
        return
    if prepared.settings.machine.seeds is not None:
        raise UsageError("--seeds: several processes train one model; start one process, or leave --seeds out")
    tables = prepared.settings.to_toml().values()
    settings = {name: value for table in tables for name, value in table.items() if name not in FREE}
    processes.require_same(to_json([settings, prepared.figures()["digest"]]))


def first_model(prepared: Prepared) -> nn.Module:
    """The network before training; what cannot be is refused here, before anything is written or trained."""
    require_precision(prepared.settings.machine, device_of(prepared.settings.machine))
    prepared.watched_metric()
    prepared.baseline_names()
    model = prepared.new_model()
    build_optimizer(model, prepared.settings.training)  # for its refusals, as the next line
    require_updates(job_for(prepared, None, Silent(), ALONE))
    machine = prepared.settings.machine
    special = machine.checkpoint_time is not None or machine.precision == "bf16"
    if machine.engine in ("native", "torch") or special:  # they cannot run everything
        with torch.no_grad():
            loss_of(model, prepared.example().drawing(prepared.settings.training.seed, 1, 0))
    return model


def _describe(folder: Run, prepared: Prepared, source: Source) -> None:
    """Write what is known before training; a folder with the beginning of another run is refused."""
    groups = {"run": as_dict(source), **prepared.settings.to_toml()}
    figures = prepared.figures()
    require_same_run(folder, groups, figures)
    folder.config.write(groups)
    folder.fields.write(prepared.fields_json())
    folder.cell.write(form(prepared.settings.network.cell).to_json())
    folder.data.write(figures)
    folder.environment.write(environment(device_of(prepared.settings.machine)))


def _train_several(
    folder: Run, prepared: Prepared, source: Source, started: float, resume: bool, progress: Progress
) -> None:
    """One run a seed, each in its own folder; the parent keeps the means, and the files of the best seed on valid."""
    first = prepared.settings.training.seed
    seeds = list(range(first, first + (prepared.settings.machine.seeds or 1)))
    answers = _baselines(prepared, progress)
    for seed in seeds:
        with folder.member(seed, resume=resume) as member:
            if member.finished:
                progress.note(f"seed {seed} is finished")
                continue
            progress.note(f"seed {seed}")
            settings = replace(
                prepared.settings,
                training=changed(prepared.settings.training, seed=seed),
                machine=changed(prepared.settings.machine, seeds=None),
            )
            alone = prepared.with_settings(settings)
            _describe(member, alone, source)
            job = job_for(alone, member, progress, ALONE)
            _train_one(job, member, alone, alone.new_model(), time.monotonic(), resume, progress, answers)
    gather(folder, [Run.open(folder.path / f"seed-{seed}") for seed in seeds], seeds, time.monotonic() - started)
    report(folder)
    folder.finish()


def job_for(prepared: Prepared, folder: Run | None, progress: Progress, processes: Processes) -> Job:
    """What the loop is asked to do; without a folder nothing is kept."""
    device = processes.device(device_of(prepared.settings.machine))
    metric = prepared.watched_metric()
    return Job(
        batches=prepared.batches,
        evaluate=partial(prepared.evaluated, device),
        settings=prepared.settings.training,
        metric=metric,
        better=metrics[metric].direction,
        run=folder,
        progress=progress,
        recorder=Recorder(folder.observations) if folder is not None and prepared.settings.training.observe else None,
        device=device,
        locate=partial(_located, prepared),
        sample=partial(prepared.sample, device),
        place=prepared.place,
        processes=processes,
    )


def _train_one(
    job: Job,
    folder: Run,
    prepared: Prepared,
    model: nn.Module,
    started: float,
    resume: bool,
    progress: Progress,
    answers: Sequence[Beside] | None = None,
) -> None:
    """Train one model, measure it beside the baselines, and write the run's files."""
    fit(model.to(job.device), job, resume=resume)
    leave()
    if answers is None:
        answers = _baselines(prepared, progress)
    folder.model.write(model.state_dict())
    _measure(folder, prepared, model, answers, started, torch.device(job.device))
    report(folder)
    folder.finish()


def _located(prepared: Prepared, model: nn.Module, batch: Batch) -> str | None:
    found = locate(model, batch)
    if found is None:
        return None
    place = "" if found.sample is None else f" ({prepared.place(batch, found.sample)})"
    return f"{found}{place}"


@dataclass(frozen=True)
class Beside:
    """What a baseline came to: its figures on valid and test, and, of the best of all, what it answered on test."""

    name: str
    settings: str
    score: float
    valid: Mapping[str, float]
    test: Mapping[str, float]
    outcome: Outcome | None


def _baselines(prepared: Prepared, progress: Progress) -> list[Beside]:
    """All baselines of the task, best on valid first; of many answers only those of the best are held."""
    metric = metrics[prepared.watched_metric()]
    found: list[Beside] = []
    for name in prepared.baseline_names():
        stands = _beside(prepared, name, metric)
        if stands is not None:
            found.append(stands)
            best = max(found, key=lambda one: one.score)
            found = [one if one is best else replace(one, outcome=None) for one in found]
            figure = stands.valid[metric.name]
            progress.note(f"baseline {name}: {metric.name} {figure:.4g} on valid ({stands.settings})")
        elif name in EXTRAS and not EXTRAS[name].installed:
            extra = EXTRAS[name]
            progress.note(
                f"baseline {name} is left out: it needs {extra.package}; pip install throughtime[{extra.name}]"
            )
    return sorted(found, key=lambda one: -one.score)


def _beside(prepared: Prepared, name: str, metric: Metric) -> Beside | None:
    answered = prepared.beside(name, metric)
    if answered is None:
        return None
    valid, test, score = measured(answered.valid), measured(answered.test), metric.score(answered.valid)
    return Beside(answered.name, answered.settings, score, valid, test, answered.test)


def _measure(
    folder: Run, prepared: Prepared, model: nn.Module, answers: Sequence[Beside], started: float, device: torch.device
) -> None:
    """Write predictions and metrics of the finished model."""
    best = answers[0] if answers else None
    found = prepared.measured(model, device, None if best is None else best.outcome)
    folder.predictions.write(found.rows)
    if found.samples is not None:
        folder.samples.write(dict(found.samples))
    if found.attention is not None:
        folder.attention.write(dict(found.attention))
    if found.forecast is not None:
        folder.forecast.write(dict(found.forecast))
    folder.metrics.write(
        {
            "task": prepared.task.name,
            "metric": prepared.watched_metric(),
            "test": found.test,
            "valid": found.valid,
            "baseline": {"name": best.name, **best.test} if best else None,
            "baselines": {a.name: {**a.test, "valid": a.valid, "settings": a.settings} for a in answers},
            **found.more,
            "seconds": time.monotonic() - started,
            "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
            "engine": used_engine(model),
            "versions": versions(),
        }
    )
