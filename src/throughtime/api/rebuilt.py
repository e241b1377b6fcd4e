"""From the files of a run to its settings and its network, whatever weights that is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import torch
from torch import Tensor

from throughtime.api.machine import device_of, engine_of_environment, require_precision
from throughtime.api.settings import MachineSettings, Settings, resolve
from throughtime.cells.equations import Graph
from throughtime.data.fields import fields_from_json
from throughtime.data.fields.tokens import Tokens
from throughtime.data.series.reading import Reader
from throughtime.errors import UsageError
from throughtime.models.forecasting.build import build_forecaster, tells_apart
from throughtime.models.intervals import levels_for
from throughtime.models.language_model import LanguageModel
from throughtime.models.model import Model, float_type
from throughtime.models.settings import ForecastSettings, LanguageSettings, NetworkSettings
from throughtime.models.tasks import Task, build_model
from throughtime.settings import build, changed, part
from throughtime.training.runs import Run


def settings_of(run: Run, task: Task) -> Settings:
    """The run's settings, on this machine: products of bfloat16 become float32 where it has none."""
    tables = run.config.read()
    chosen = {name: value for group, table in tables.items() if group != "run" for name, value in table.items()}
    settings = resolve(task, {**chosen, **engine_of_environment()})
    try:
        require_precision(settings.machine, torch.device("cpu"))
    except UsageError:  # the weights are float32, and mean the same
        return replace(settings, machine=changed(settings.machine, precision="float32"))
    return settings


def device_here(machine: MachineSettings) -> torch.device:
    """The run's device where this machine has it, else the best that it has."""
    try:
        return device_of(machine)
    except UsageError:
        return device_of(changed(machine, device="auto"))


def rebuilt(run: Run, task: Task, settings: Settings, weights: Mapping[str, Tensor]) -> Model | LanguageModel:
    """The run's network with these weights, on its device, in training."""
    network, said = _without_files(settings.network, weights), run.fields.read()
    if isinstance(settings.task, ForecastSettings):
        return _forecaster(run, settings, said["series"], weights)
    graph, fields = Graph.from_json(run.cell.read()), fields_from_json(said["fields"])
    execution, inputs = settings.machine.execution, {column: fields[column] for column in said["inputs"]}
    model: Model | LanguageModel
    if isinstance(settings.task, LanguageSettings) and said["output"] in inputs:
        (text,) = inputs.values()
        assert isinstance(text, Tokens)
        model = LanguageModel(text, network, settings.task, cell=graph, execution=execution)
    else:
        output = fields[said["output"]]
        model = build_model(task, inputs, output, network, settings.task, cell=graph, execution=execution)
    model.to(float_type(settings.machine.precision)).load_state_dict(weights)
    return model.to(device_here(settings.machine))


def forecast_settings(said: Mapping[str, Any]) -> ForecastSettings:
    """A forecaster's settings as they were chosen, from what fields.json says of its series."""
    return part(build([ForecastSettings], said["task"]), ForecastSettings)


def _forecaster(run: Run, settings: Settings, said: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Model:
    reader, names = Reader.from_json(said["reader"]), tuple(said["names"])
    task = forecast_settings(said)
    ahead = len(reader.known_names()) + 1
    model = build_forecaster(
        ahead + len(reader.past_names()) + said["marked"],
        ahead,
        len(names) if tells_apart(task, names) else 0,
        levels_for(task.level),
        settings.network,
        task,
        cell=Graph.from_json(run.cell.read()),
        execution=settings.machine.execution,
    )
    model.to(float_type(settings.machine.precision)).load_state_dict(weights)
    return model.to(device_here(settings.machine))


def _without_files(settings: NetworkSettings, weights: Mapping[str, Tensor]) -> NetworkSettings:
    """Vectors that came from a file are in the weights; the file is needed no more."""
    if settings.embeddings in ("learned", "one-hot"):
        return settings
    size = next((weight.shape[1] for name, weight in weights.items() if name.split(".")[-1] == "embedding"), None)
    return msgspec.structs.replace(settings, embeddings="learned", embedding_size=size, frozen_embeddings=False)
