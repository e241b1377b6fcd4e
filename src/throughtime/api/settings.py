"""All settings of a command: from defaults, a configuration file and options to checked groups, and back."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from throughtime.cells.engine import Execution
from throughtime.data.settings import DataSettings
from throughtime.errors import UsageError, unknown
from throughtime.models.settings import NetworkSettings
from throughtime.models.tasks import Task
from throughtime.settings import G, Group, as_dict, build, declared, part
from throughtime.training.runs import Run
from throughtime.training.settings import TrainingSettings

AtLeastOne = Annotated[int, Meta(ge=1)]


class MachineSettings(Group, frozen=True):
    """The machine"""

    engine: Annotated[
        Literal["auto", "native", "torch", "reference"],
        Meta(description="who runs the recurrent layers; auto takes the fastest that can"),
    ] = "auto"
    device: Annotated[str, Meta(description="cpu, cuda, cuda:1, ...; auto takes cuda where there is one")] = "auto"
    precision: Annotated[
        Literal["float32", "float64", "bf16"],
        Meta(description="type of all weights; bf16: float32, and recurrent layers multiply numbers rounded to bf16"),
    ] = "float32"
    threads: Annotated[AtLeastOne | None, Meta(description="processor threads; none: as many as torch takes")] = None
    checkpoint_time: Annotated[
        AtLeastOne | None,
        Meta(description="for very long sequences: keep the state before every so many steps, and run them again"),
    ] = None
    seeds: Annotated[
        AtLeastOne | None,
        Meta(description="train so many times, with seeds counted up from --seed; mean and spread are kept"),
    ] = None
    baselines: Annotated[
        tuple[str, ...], Meta(description="the baselines to stand beside the network; none named: all of the task")
    ] = ()

    @property
    def execution(self) -> Execution:
        """How the layers are run."""
        return Execution(self.engine, self.checkpoint_time, self.precision == "bf16")


GROUPS: dict[str, type[Group]] = {
    "data": DataSettings,
    "network": NetworkSettings,
    "training": TrainingSettings,
    "machine": MachineSettings,
}


class Source(Group, frozen=True):
    """The run"""

    data: Annotated[str, Meta(description="the file or folder; empty for material from Python")] = ""
    task: Annotated[str | None, Meta(description="the task by name")] = None
    use: Annotated[tuple[str, ...], Meta(description="files with cells, tasks and formats of one's own")] = ()


@dataclass(frozen=True)
class Settings:
    """One group of settings for each part, and the task's own."""

    data: DataSettings
    network: NetworkSettings
    training: TrainingSettings
    machine: MachineSettings
    task: Group

    def to_toml(self) -> dict[str, dict[str, Any]]:
        """The groups as plain values, as a run's config.toml keeps them."""
        return {name: _plain(getattr(self, name)) for name in (*GROUPS, "task")}


def resolve(task: Task, chosen: Mapping[str, object], suited: Mapping[str, object] | None = None) -> Settings:
    """Settings of all groups from names and values.

    Behind what is chosen stand the task's defaults, behind these what suits the data.

    Raises UsageError for an unknown name, with a suggestion, and for values that cannot be.
    """
    groups = build([*GROUPS.values(), task.settings], {**(suited or {}), **task.defaults, **chosen})
    return Settings(
        data=part(groups, DataSettings),
        network=part(groups, NetworkSettings),
        training=part(groups, TrainingSettings),
        machine=part(groups, MachineSettings),
        task=groups[task.settings],
    )


def chosen_in(run: Run) -> dict[str, object]:
    """The settings of all groups that a run was trained with, by name."""
    tables = run.config.read()
    return {name: value for group, table in tables.items() if group != "run" for name, value in table.items()}


def one_group(group: type[G], chosen: Mapping[str, object], tasks: Iterable[Task]) -> G:
    """One group by itself, before the task is known: what it declares of the names that are chosen.

    Raises UsageError for a name that no task knows, and for values that cannot be.
    """
    groups = [*GROUPS.values(), *(task.settings for task in tasks)]
    names = {setting.name for known in groups for setting in declared(known)}
    for name in chosen:
        if name not in names:
            raise unknown("setting", name, names)
    own = {setting.name for setting in declared(group)}
    return part(build([group], {name: value for name, value in chosen.items() if name in own}), group)


def read_config(path: str | os.PathLike[str]) -> tuple[Source, dict[str, object]]:
    """A configuration file: its table ``[run]``, and all other tables as settings by name."""
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror or error}; give the name of a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path} is not TOML: {error}; mend that place") from None
    for name, table in tables.items():
        if name not in ("run", *GROUPS, "task") or not isinstance(table, dict):
            raise UsageError(f"--config {path}: {unknown('table', name, ['run', *GROUPS, 'task'])}")
    try:
        source = part(build([Source], tables.pop("run", {})), Source)
    except UsageError as error:
        raise UsageError(f"--config {path}, [run]: {error}") from None
    return source, {name: value for table in tables.values() for name, value in table.items()}


def _plain(group: Group) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in as_dict(group).items()}
