"""The lines of ``predictions.jsonl`` as the metrics' :class:`Outcome`."""

from __future__ import annotations

from typing import Any

import numpy as np

from throughtime.models.metrics import Kind, Outcome
from throughtime.use.report.material import ReportMaterial


def kind(material: ReportMaterial) -> Kind:
    """What a row is answered with: one of several classes, any number of labels, or a number."""
    if material.metrics.get("task") == "regress":
        return "numbers"
    return "labels" if any(isinstance(row["truth"], list) for row in material.predictions) else "classes"


def outcome(material: ReportMaterial) -> Outcome:
    """All test rows; classes in the order of the data, then those that only the answers name."""
    rows = material.predictions
    if kind(material) == "numbers":
        return Outcome(_numbers(rows, "truth"), _numbers(rows, "predicted"), None)
    classes = _classes(material)
    number = {name: i for i, name in enumerate(classes)}
    if kind(material) == "labels":
        return Outcome(_several(rows, "truth", number), _several(rows, "predicted", number), None, classes)
    truth, predicted = (
        np.array([number[str(row[side])] for row in rows], dtype=int) for side in ("truth", "predicted")
    )
    return Outcome(truth, predicted, None, classes)


def _numbers(rows: Any, side: str) -> np.ndarray:
    return np.array([float(row[side]) for row in rows])


def _several(rows: Any, side: str, number: dict[str, int]) -> np.ndarray:
    table = np.zeros((len(rows), len(number)), dtype=int)
    for i, row in enumerate(rows):
        table[i, [number[str(name)] for name in row[side]]] = 1
    return table


def _classes(material: ReportMaterial) -> tuple[str, ...]:
    names = [str(name) for split in material.data.get("classes", {}).values() for name in split]
    for row in material.predictions:
        for side in ("truth", "predicted"):
            answer = row[side]
            names += [str(name) for name in (answer if isinstance(answer, list) else [answer])]
    return tuple(dict.fromkeys(names))
