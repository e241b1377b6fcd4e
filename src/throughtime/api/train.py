"""Train: from data to a finished run folder."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from throughtime.api.load import TrainedRun, load
from throughtime.api.machine import device_of, engine_of_environment, environment, threads_of, versions
from throughtime.api.own import import_files
from throughtime.api.prepare import Prepared, data_path, prepare
from throughtime.api.resuming import require_same_run
from throughtime.api.seeds import gather
from throughtime.api.settings import Source, read_config
from throughtime.batch import Batch
from throughtime.cells.cell import form
from throughtime.data.batches import Batches, batches, collated
from throughtime.data.profile import profile
from throughtime.errors import UsageError, unknown
from throughtime.models.baselines import Answer, baselines
from throughtime.models.material import material, target
from throughtime.models.metrics import metrics
from throughtime.models.model import Model, float_type
from throughtime.models.tasks import build_model
from throughtime.settings import as_dict, changed
from throughtime.training.job import Job
from throughtime.training.loop import fit
from throughtime.training.observe import locate
from throughtime.training.progress import Progress, Silent
from throughtime.training.runs import Run
from throughtime.use.answering import Answers, answer, measured
from throughtime.use.predictions import test_rows
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
    files with cells, formats and tasks of one's own. With ``resume`` a run that was stopped goes on, to the bit.

    >>> import tempfile
    >>> rows = [{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)]
    >>> trained = train(rows, tempfile.mkdtemp(), output="label", epochs=2, hidden_size=8)
    >>> sorted(trained.predict(["abab"])[0])
    ['predicted', 'probabilities']

    Raises UsageError and DataError for what cannot be, NonFiniteError when training blows up, InterruptionError on
    Ctrl-C.
    """
    started = time.monotonic()
    progress = progress or Silent()
    before, chosen = read_config(config) if config is not None else (Source(), {})
    data = before.data or None if data is None else data
    if data is None:
        raise UsageError("there is no data; give a file or a folder")
    if run is None:
        raise UsageError("there is no run folder; give --run DIR")
    own_files = tuple(str(path) for path in use or before.use)
    import_files(own_files)
    with Run.create(run, resume=resume) as folder:
        if folder.finished:
            progress.note(f"{run} is finished; there is nothing to resume")
            return load(run)
        wanted = {**chosen, **engine_of_environment(), **settings}
        prepared = prepare(data, task or before.task, wanted, progress.note)
        source = Source(data=data_path(data), task=prepared.task.name, use=own_files)
        with threads_of(prepared.settings.machine):
            model = _first_model(prepared)
            _describe(folder, prepared, source)
            if prepared.settings.machine.seeds is None:
                _train_one(folder, prepared, model, started, resume, progress)
            else:
                _train_several(folder, prepared, source, started, resume, progress)
    return load(run)


def _first_model(prepared: Prepared) -> Model:
    """The network before training; what cannot be is refused here, before anything is written or trained."""
    device_of(prepared.settings.machine)
    watched_metric(prepared)
    for name in prepared.settings.machine.baselines:
        baselines[name]  # raises for an unknown name
    model, train = new_model(prepared), prepared.datasets["train"]
    if prepared.settings.machine.engine == "torch":  # it cannot run every cell, nor every kind of dropout
        with torch.no_grad():
            model.loss(collated(train, np.arange(1)).drawing(prepared.settings.training.seed, 1, 0))
    return model


def _describe(folder: Run, prepared: Prepared, source: Source) -> None:
    """Write what is known before training; a folder with the beginning of another run is refused."""
    groups = {"run": as_dict(source), **prepared.settings.to_toml()}
    figures = profile(prepared.splits, prepared.fields, prepared.datasets, prepared.notes)
    require_same_run(folder, groups, figures)
    folder.config.write(groups)
    folder.fields.write(
        {
            "inputs": list(prepared.inputs),
            "output": prepared.output,
            "fields": {c: f.to_json() for c, f in prepared.fields.items()},
        }
    )
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
            alone = replace(prepared, settings=settings)
            _describe(member, alone, source)
            _train_one(member, alone, new_model(alone), time.monotonic(), resume, progress, answers)
    gather(folder, [Run.open(folder.path / f"seed-{seed}") for seed in seeds], seeds, time.monotonic() - started)
    report(folder)
    folder.finish()


def _train_one(
    folder: Run,
    prepared: Prepared,
    model: Model,
    started: float,
    resume: bool,
    progress: Progress,
    answers: Sequence[Answer] | None = None,
) -> None:
    """Train one model, measure it beside the baselines, and write the run's files."""
    settings, device = prepared.settings, device_of(prepared.settings.machine)
    model.to(device)
    metric = watched_metric(prepared)
    job = Job(
        batches=partial(_batches, prepared),
        evaluate=partial(_evaluated, prepared, device),
        settings=settings.training,
        metric=metric,
        better=metrics[metric].better,
        run=folder,
        progress=progress,
        device=device,
        locate=partial(_located, prepared),
    )
    fit(model, job, resume=resume)
    if answers is None:
        answers = _baselines(prepared, progress)
    folder.model.write(model.state_dict())
    _measure(folder, prepared, model, answers, started, device)
    report(folder)
    folder.finish()


def new_model(prepared: Prepared) -> Model:
    """The network before training, its weights drawn from the seed."""
    settings = prepared.settings
    generator = torch.Generator().manual_seed(settings.training.seed)
    model = build_model(
        prepared.task,
        prepared.inputs,
        prepared.output_field,
        settings.network,
        settings.task,
        target=target(prepared.datasets["train"], prepared.output_field),
        engine=settings.machine.engine,
        generator=generator,
    )
    return model.to(float_type(settings.machine.precision))


def watched_metric(prepared: Prepared) -> str:
    """The metric that early stopping and the choice of the best epoch follow."""
    kind = prepared.output_field.kind
    name = prepared.settings.training.metric
    if name == "auto":
        return prepared.task.metric[kind]
    outcome_kind = {"category": "classes", "labels": "labels", "number": "numbers"}[kind]
    known = [entry for entry, metric in metrics.items() if outcome_kind in metric.kinds]
    if name not in known:
        raise unknown(f"metric for {kind}", name, known)
    return name


def _batches(prepared: Prepared, epoch: int, start: int) -> Batches:
    settings, crop = prepared.settings.training, prepared.settings.data.crop
    train = prepared.datasets["train"]
    return batches(
        train.cropped(crop, settings.seed, epoch) if crop else train,
        batch_size=settings.batch_size,
        seed=settings.seed,
        epoch=epoch,
        shuffle=True,
        start=start,
    )


def _evaluated(prepared: Prepared, device: torch.device, model: nn.Module) -> dict[str, float]:
    """All metrics and the mean loss on the validation split."""
    assert isinstance(model, Model)
    found = _answered(prepared, "valid", model, device)
    assert found.losses is not None
    return {**measured(found.outcome), "loss": float(found.losses.mean())}


def _answered(prepared: Prepared, split: str, model: Model, device: torch.device) -> Answers:
    return answer(model, prepared.datasets[split], prepared.output_field, device=device)


def _located(prepared: Prepared, model: nn.Module, batch: Batch) -> str:
    found = locate(model, batch)
    if found is None:
        return "run again, all values are finite"
    place = "" if found.sample is None else f" ({prepared.splits.train.where(found.sample)})"
    return f"{found}{place}"


def _baselines(prepared: Prepared, progress: Progress) -> list[Answer]:
    """All baselines of the task, best on valid first."""
    names = prepared.settings.machine.baselines or prepared.task.baselines
    metric = metrics[watched_metric(prepared)]
    train, valid, test = (
        material(prepared.records(name), prepared.datasets[name], prepared.inputs, prepared.output_field)
        for name in ("train", "valid", "test")
    )
    found = []
    for name in names:
        answered = baselines[name](train, valid, test, metric.score)
        if answered is not None:
            found.append(answered)
            figure = metric.compute(answered.valid)
            progress.note(f"baseline {name}: {metric.name} {figure:.4g} on valid ({answered.settings})")
    return sorted(found, key=lambda answered: -metric.score(answered.valid))


def _measure(
    folder: Run, prepared: Prepared, model: Model, answers: Sequence[Answer], started: float, device: torch.device
) -> None:
    """Write predictions and metrics of the finished model."""
    valid, test = (_answered(prepared, split, model, device) for split in ("valid", "test"))
    best = answers[0] if answers else None
    beside = None if best is None else best.test
    folder.predictions.write(
        test_rows(prepared.splits.test, list(prepared.inputs), prepared.output_field, test, beside)
    )
    folder.metrics.write(
        {
            "task": prepared.task.name,
            "metric": watched_metric(prepared),
            "test": measured(test.outcome),
            "valid": measured(valid.outcome),
            "baseline": {"name": best.name, **measured(best.test)} if best else None,
            "baselines": {
                a.name: {**measured(a.test), "valid": measured(a.valid), "settings": a.settings} for a in answers
            },
            "seconds": time.monotonic() - started,
            "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
            "engine": model.used_engine(),
            "versions": versions(),
        }
    )
