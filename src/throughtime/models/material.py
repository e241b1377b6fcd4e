"""A split as the baselines see it: raw values of the input columns, and the target as the network sees it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.models.baselines import Material


def material(records: Records, dataset: Dataset, inputs: Mapping[str, Field], output: Field) -> Material:
    """The rows of ``records``, which ``dataset`` holds encoded."""
    texts = {column: [_text(value) for value in records.column(column)] for column in _of_kind(inputs, "tokens")}
    numbers = {column: np.asarray(dataset.columns[column], dtype=np.float64) for column in _of_kind(inputs, "number")}
    categories = {
        column: [inputs[column].decode(encoded) for encoded in dataset.columns[column]]
        for column in _of_kind(inputs, "category")
    }
    for column in _of_kind(inputs, "labels"):
        categories[column] = [" ".join(inputs[column].decode(encoded)) for encoded in dataset.columns[column]]
    classes = tuple(getattr(output, "classes", ()))
    return Material(texts, numbers, categories, target(dataset, output), classes)


def target(dataset: Dataset, output: Field) -> np.ndarray:
    """The truth in the form of ``Outcome.truth``: class ids, 0 and 1 for each label, or numbers in the user's units."""
    encoded = dataset.columns[output.column]
    if output.kind == "number":
        return np.array([output.decode(value) for value in encoded], dtype=np.float64)
    return np.asarray(encoded).astype(np.int64)


def _of_kind(inputs: Mapping[str, Field], kind: str) -> list[str]:
    return [column for column, field in inputs.items() if field.kind == kind]


def _text(value: object) -> str:
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
