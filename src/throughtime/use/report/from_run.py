"""The report of a run folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from throughtime.cells.equations.graph import Graph
from throughtime.cells.equations.printing import text
from throughtime.training.file_kinds import JsonFile, LinesFile, TextFile
from throughtime.training.runs import Run
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.neighbours import neighbours
from throughtime.use.report.page import build


def report(run: Run) -> Path:
    """Write ``report.html`` from the run's other files, and say where it is; a file that is missing is left out."""
    run.report.write(build(material_of(run)))
    return run.report.path


def material_of(run: Run) -> ReportMaterial:
    """All that the page shows, read from the run folder; of its files only ``metrics.json`` must be there."""
    tensors = run.model.read() if run.model.exists() else {}
    fields = _read(run.fields, {})
    return ReportMaterial(
        name=run.path.resolve().name,
        metrics=run.metrics.read(),
        history=_read(run.history, []),
        predictions=_read(run.predictions, []),
        data=_read(run.data, {}),
        config=_read(TextFile(run.config.path), ""),
        environment=_read(run.environment, {}),
        equations=text(Graph.from_json(run.cell.read())) if run.cell.exists() else (),
        parameters=_parameters(tensors, fields.get("inputs", [])),
        command=_command(run),
        samples=_read(run.samples, None),
        attention=_read(run.attention, {}).get("rows", []),
        forecast=_read(run.forecast, None),
        observations=_read(run.observations, []),
        inspection=_read(run.inspection, {}),
        channels={name: entry.get("channels", ()) for name, entry in fields.get("fields", {}).items()},
        neighbours=neighbours(tensors, fields),
    )


def _read(file: JsonFile | LinesFile | TextFile, otherwise: Any) -> Any:
    return file.read() if file.exists() else otherwise


def _parameters(tensors: Mapping[str, Tensor], columns: Sequence[str]) -> dict[str, int]:
    """How many numbers each part of the saved model has; encoders by the name of their column."""
    counts: dict[str, int] = {}
    for name, tensor in sorted(tensors.items()):  # the file keeps no order
        part = _part(name.split("."), columns)
        counts[part] = counts.get(part, 0) + tensor.numel()
    return counts


def _part(path: list[str], columns: Sequence[str]) -> str:
    """The module that a tensor belongs to; one that stands alone in an encoder keeps its own name.

    >>> _part(["encoders", "0", "recurrent", "weight_hh_l0"], ["title"]), _part(["head", "bias"], ["title"])
    ('title recurrent', 'head')
    """
    if path[0] == "encoders" and len(path) > 2 and path[1].isdecimal() and int(path[1]) < len(columns):
        path = [columns[int(path[1])], *path[2:]]
        return " ".join(path if len(path) == 2 else path[:-1])
    return " ".join(path[:-1] or path)


def _command(run: Run) -> str:
    """Data that came from Python has no path; its place is held by DATA."""
    settings = run.config.read() if run.config.exists() else {}
    if not settings:
        return ""
    data = "" if settings.get("run", {}).get("data") not in (None, "", "none") else "DATA "
    return (
        f"throughtime train {data}--config {shlex.quote(str(run.config.path))} --run {shlex.quote(f'{run.path}-again')}"
    )
