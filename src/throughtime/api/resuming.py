"""Resuming: a run goes on only with the settings and the rows that it was begun with."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from throughtime.api.rebuilt import settings_of
from throughtime.api.settings import resolve
from throughtime.errors import UsageError
from throughtime.models.tasks import tasks
from throughtime.settings import spelt
from throughtime.training.file_kinds import to_toml
from throughtime.training.runs import Run

# where, how fast and how often saved: these may change between a stop and its resumption
FREE = ("max_minutes", "checkpoint_seconds", "observe", "engine", "device", "threads", "checkpoint_time")


def require_same_run(folder: Run, groups: Mapping[str, Mapping[str, Any]], figures: Mapping[str, Any]) -> None:
    """Raise UsageError if the folder holds the beginning of another run: other settings, or other rows.

    ``groups`` and ``figures`` are what config.toml and data.json are about to hold. Where a file comes from does not
    matter, what is in it does.
    """
    if folder.checkpoint.is_dir() and not folder.config.exists():
        raise UsageError(
            f"{folder.path}: holds a checkpoint and no config.toml, which says what was begun; choose another --run"
        )
    if folder.config.exists():
        begun = folder.config.read()
        for group, table in tomllib.loads(to_toml(groups)).items():
            before = begun.get(group, {})
            for name, value in table.items():
                if name in FREE or group == "run" or before.get(name) == value:
                    continue
                raise UsageError(
                    f"{spelt(name, _shown(value))}: the run to resume was begun with "
                    f"{_shown(before.get(name))}; resume with the same, or choose another --run"
                )
    if folder.data.exists() and folder.data.read().get("digest") != figures["digest"]:
        raise UsageError(
            f"{folder.path}: the data is not what the run to resume was begun with; resume with the same rows, "
            "or choose another --run"
        )


def require_finished_run(folder: Run, wanted: Mapping[str, Any]) -> None:
    """Raise UsageError for settings that a finished run was not trained with: it will not be trained again."""
    task = tasks[folder.metrics.read()["task"]]
    tables = settings_of(folder, task).to_toml()
    known = {name: value for table in tables.values() for name, value in table.items()}
    asked = resolve(task, {**known, **wanted}).to_toml()
    for group, table in asked.items():
        for name, value in table.items():
            if name not in FREE and value != tables[group].get(name):
                raise UsageError(
                    f"{spelt(name, _shown(value))}: {folder.path} is finished, and was trained with "
                    f"{_shown(tables[group].get(name))}; choose another --run"
                )


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
