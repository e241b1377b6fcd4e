"""A split as the baselines see it: raw values of the input columns, and the target as the network sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.data.values import as_text
from throughtime.errors import Place
from throughtime.models.baselines import Material
from throughtime.models.metrics import Kind

OUTCOMES: Mapping[str, Kind] = {
    "category": "classes",
    "labels": "labels",
    "number": "numbers",
    "tags": "classes",
    "numbers": "numbers",
    "tokens": "texts",
    "notes": "notes",
}


def outcome_kind(output: Field) -> Kind:
    """Of which kind the answers to this column are."""
    return OUTCOMES[output.kind]


def material(records: Records, dataset: Dataset, inputs: Mapping[str, Field], output: Field) -> Material:
    """The rows of ``records``, which ``dataset`` holds encoded; where every step is answered, all steps of all rows."""
    if output.kind == "tokens":
        read = [column for column, field in inputs.items() if field.kind != "sentences"] or list(inputs)
        rows = zip(*(records.column(column) for column in read), strict=True)
        sources = [" ".join(map(as_text, row)) for row in rows]  # one text of all columns, as the network sees them
        return Material.of_texts(", ".join(read), sources, references(records, output), output.text_unit)  # type: ignore[attr-defined]
    classes = tuple(getattr(output, "classes", ()))
    if output.kind == "notes":
        before = np.concatenate([frames for column in inputs for frames in dataset.columns[column]])
        return Material({}, {}, {}, target(dataset, output), classes, lengths=steps(dataset, output), before=before)
    series: dict[str, list[np.ndarray]] = {column: dataset.columns[column] for column in _of_kind(inputs, "numbers")}
    if output.stepwise:
        sequences = {
            column: [_tokens(inputs[column], value, records.where(i)) for i, value in enumerate(records.column(column))]
            for column in _of_kind(inputs, "tokens", "words")
        }
        return Material({}, {}, {}, target(dataset, output), classes, sequences, steps(dataset, output), series=series)
    texts = {
        column: [as_text(value) for value in records.column(column)]
        for column in _of_kind(inputs, "tokens", "words", "sentences")
    }
    numbers = {column: np.asarray(dataset.columns[column], dtype=np.float64) for column in _of_kind(inputs, "number")}
    categories = {
        column: [inputs[column].decode(encoded) for encoded in dataset.columns[column]]
        for column in _of_kind(inputs, "category")
    }
    for column in _of_kind(inputs, "labels"):
        categories[column] = [" ".join(inputs[column].decode(encoded)) for encoded in dataset.columns[column]]
    return Material(texts, numbers, categories, target(dataset, output), classes, series=series)


def references(records: Records, output: Field) -> list[list[str]]:
    """The right answers to each row as texts, the truth first."""
    right = records.references or [[value] for value in records.column(output.column)]
    return [[as_text(value) for value in row] for row in right]


def target(dataset: Dataset, output: Field) -> np.ndarray:
    """The truth in the form of ``Outcome.truth``: class ids, 0 and 1 for each label or note, or numbers in the user's
    units.

    Of texts it is the ids of all their tokens.
    """
    encoded = dataset.columns[output.column]
    if output.stepwise:
        if output.kind == "notes":  # as they are: eight times as much memory would say no more
            return np.concatenate(encoded)
        if output.kind == "numbers":
            return np.concatenate([np.array(output.decode(values), dtype=np.float64) for values in encoded])
        return np.concatenate(encoded).astype(np.int64)
    if output.kind == "number":
        return np.array([output.decode(value) for value in encoded], dtype=np.float64)
    return np.asarray(encoded).astype(np.int64)


def steps(dataset: Dataset, output: Field) -> np.ndarray:
    """How many steps are answered in each row (N,)."""
    return np.array([output.length(values) for values in dataset.columns[output.column]], dtype=np.int64)


def _tokens(field: Any, value: Any, place: Place) -> list[str]:
    tokens = field.words(value, place) if field.kind == "words" else field.tokens(value, place)
    return tokens[: field.max_length]


def _of_kind(inputs: Mapping[str, Field], *kinds: str) -> list[str]:
    return [column for column, field in inputs.items() if field.kind in kinds]
