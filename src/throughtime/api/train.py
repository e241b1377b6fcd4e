"""Train: from data to a finished run folder."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from throughtime.api.load import TrainedRun, load
from throughtime.api.machine import device_of, environment, threads_of, versions
from throughtime.api.own import import_files
from throughtime.api.prepare import Prepared, data_path, prepare
from throughtime.api.seeds import gather
from throughtime.api.settings import read_config
from throughtime.batch import Batch
from throughtime.cells.cell import form
from throughtime.data.batches import Batches, batches
from throughtime.data.profile import profile
from throughtime.errors import UsageError, unknown
from throughtime.models.baselines import Answer, baselines
from throughtime.models.material import material, target
from throughtime.models.metrics import Outcome, metrics
from throughtime.models.model import Model, float_type
from throughtime.models.tasks import build_model
from throughtime.settings import changed
from throughtime.training.job import Job
from throughtime.training.loop import fit
from throughtime.training.observe import locate
from throughtime.training.progress import Progress, Silent
from throughtime.training.runs import Run
from throughtime.use.answering import answer, measured
from throughtime.use.predictions import test_rows
from throughtime.use.report import report

EVALUATION_BATCH = 64


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

    Raises UsageError and DataError for what cannot be, NonFiniteError when training blows up, InterruptionError on Ctrl-C.
    """
    started = time.monotonic()
    progress = progress or Silent()
    from_file, chosen = read_config(config) if config is not None else ({}, {})
    chosen = {**chosen, **{name: value for name, value in settings.items() if value is not None}}
    data = from_file.get("data") or None if data is None else data
    if data is None:
        raise UsageError("there is no data; give a file or a folder")
    if run is None:
        raise UsageError("there is no run folder; give --run DIR")
    import_files(use := tuple(use) or tuple(from_file.get("use", ())))
    with Run.create(run, resume=resume) as folder:
        if folder.finished:
            progress.note(f"{run} is finished; there is nothing to resume")
            return load(run)
        prepared = prepare(data, task or from_file.get("task"), chosen, progress.note)
        source = {"data": data_path(data), "task": prepared.task.name, "use": [str(path) for path in use]}
        with threads_of(prepared.settings.machine):
            _describe(folder, prepared, source)
            if prepared.settings.machine.seeds is None:
                _train_one(folder, prepared, started, resume, progress)
            else:
                _train_several(folder, prepared, source, started, resume, progress)
    return load(run)


def _describe(folder: Run, prepared: Prepared, source: Mapping[str, Any]) -> None:
    """Write what is known before training."""
    folder.config.write({"run": source, **prepared.settings.to_toml()})
    folder.fields.write(
        {
            "inputs": list(prepared.inputs),
            "output": prepared.output,
            "fields": {c: f.to_json() for c, f in prepared.fields.items()},
        }
    )
    folder.cell.write(form(prepared.settings.network.cell).to_json())
    folder.data.write(profile(prepared.splits, prepared.fields, prepared.datasets, prepared.notes))
    folder.environment.write(environment(device_of(prepared.settings.machine)))


def _train_several(
    folder: Run, prepared: Prepared, source: Mapping[str, Any], started: float, resume: bool, progress: Progress
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
            _train_one(member, alone, time.monotonic(), resume, progress, answers)
    gather(folder, [Run.open(folder.path / f"seed-{seed}") for seed in seeds], seeds, time.monotonic() - started)
    report(folder)
    folder.finish()


def _train_one(
    folder: Run,
    prepared: Prepared,
    started: float,
    resume: bool,
    progress: Progress,
    answers: Sequence[Answer] | None = None,
) -> None:
    """Train one model, measure it beside the baselines, and write the run's files."""
    settings, device = prepared.settings, device_of(prepared.settings.machine)
    model = new_model(prepared).to(device)
    metric = watched_metric(prepared)
    valid = prepared.datasets["valid"]

    def evaluate(model: nn.Module) -> dict[str, float]:
        found = answer(model, valid, prepared.output_field, batch_size=EVALUATION_BATCH, device=device)
        assert found.losses is not None
        return {**measured(found.outcome), "loss": float(found.losses.mean())}

    job = Job(
        batches=partial(_batches, prepared),
        evaluate=evaluate,
        settings=settings.training,
        metric=metric,
        better=metrics[metric].better,
        run=folder,
        progress=progress,
        device=device,
        locate=partial(_located, prepared),
    )
    fit(model, job, resume=resume)
    folder.model.write(model.state_dict())
    _measure(folder, prepared, model, answers or _baselines(prepared, progress), started, device)
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
    settings = prepared.settings.training
    return batches(
        prepared.datasets["train"],
        batch_size=settings.batch_size,
        seed=settings.seed,
        epoch=epoch,
        shuffle=True,
        start=start,
    )


def _located(prepared: Prepared, model: nn.Module, batch: Batch) -> str:
    found = locate(model, batch)
    if found is None:
        return "run again, all values are finite"
    place = "" if found.sample is None else f" ({prepared.splits.train.where(found.sample)})"
    return f"{found}{place}"


def _baselines(prepared: Prepared, progress: Progress) -> list[Answer]:
    """All baselines of the task, best on valid first."""
    names = prepared.settings.machine.baselines or prepared.task.baselines
    score = metrics[watched_metric(prepared)].score
    parts = [
        material(prepared.records(name), prepared.datasets[name], prepared.inputs, prepared.output_field)
        for name in ("train", "valid", "test")
    ]
    found = []
    for name in names:
        answered = baselines[name](*parts, score)
        if answered is not None:
            found.append(answered)
            progress.note(
                f"baseline {name}: {watched_metric(prepared)} {_figure(prepared, answered.valid):.4g} on valid ({answered.settings})"
            )
    return sorted(found, key=lambda answered: -score(answered.valid))


def _figure(prepared: Prepared, outcome: Outcome) -> float:
    return metrics[watched_metric(prepared)].compute(outcome)


def _measure(
    folder: Run, prepared: Prepared, model: Model, answers: Sequence[Answer], started: float, device: torch.device
) -> None:
    """Write predictions and metrics of the finished model."""
    found = {
        name: answer(model, prepared.datasets[name], prepared.output_field, batch_size=EVALUATION_BATCH, device=device)
        for name in ("valid", "test")
    }
    best = answers[0] if answers else None
    folder.predictions.write(
        test_rows(prepared.splits.test, list(prepared.inputs), prepared.output_field, found["test"], best and best.test)
    )
    folder.metrics.write(
        {
            "task": prepared.task.name,
            "metric": watched_metric(prepared),
            "test": measured(found["test"].outcome),
            "valid": measured(found["valid"].outcome),
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
