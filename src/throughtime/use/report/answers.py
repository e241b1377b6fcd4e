"""The lines of ``predictions.jsonl`` as the metrics' :class:`Outcome`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Literal

import numpy as np

from throughtime.data.schemes import is_spans
from throughtime.models.metrics import Outcome
from throughtime.use.report.material import ReportMaterial
from throughtime.use.verdict import (
    answers_notes,
    answers_numbers,
    answers_steps,
    answers_texts,
    is_forecast,
    is_language_model,
    text_unit,
    texts_outcome,
)

AnswerKind = Literal["classes", "labels", "numbers", "tags", "tokens", "texts", "forecasts", "notes"]


def kind(material: ReportMaterial) -> AnswerKind:
    """What a row is answered with: one of several classes, any number of labels, a number, a tag for each step, a text.

    Where every step is answered with a number, it is ``numbers`` too; a text that a language model reads is ``tokens``,
    and what comes next in a series is ``forecasts``; frames of music are ``notes``.
    """
    if is_forecast(material.metrics):
        return "forecasts"
    if answers_notes(material.metrics):
        return "notes"
    if is_language_model(material.metrics):
        return "tokens"
    if answers_texts(material.metrics):
        return "texts"
    if answers_steps(material.metrics):
        return "numbers" if answers_numbers(material.predictions) else "tags"
    if material.metrics.get("task") == "regress":
        return "numbers"
    return "labels" if any(isinstance(row["truth"], list) for row in material.predictions) else "classes"


def marks_spans(material: ReportMaterial) -> bool:
    """Whether the answers are tags that mark spans, as B-PER and I-PER do."""
    return kind(material) == "tags" and is_spans(_classes(material))


def outcome(material: ReportMaterial) -> Outcome:
    """All test rows; classes in the order of the data, then those that only the answers name."""
    rows, steps = material.predictions, answers_steps(material.metrics)
    if kind(material) == "texts":
        return texts_outcome(rows, text_unit(material.metrics))
    truth, predicted = ([row[side] for row in rows] for side in ("truth", "predicted"))
    lengths = np.array([len(answers) for answers in truth], dtype=int) if steps else None
    if steps:
        truth, predicted = list(chain(*truth)), list(chain(*predicted))
    if kind(material) == "numbers":
        return Outcome(np.array(truth, dtype=float), np.array(predicted, dtype=float), lengths=lengths)
    classes = _classes(material)
    number = {name: i for i, name in enumerate(classes)}
    if kind(material) == "labels":
        return Outcome(_several(truth, number), _several(predicted, number), None, classes)
    return Outcome(_ids(truth, number), _ids(predicted, number), None, classes, lengths)


def _ids(answers: Iterable[Any], number: dict[str, int]) -> np.ndarray:
    return np.array([number[str(name)] for name in answers], dtype=int)


def _several(answers: Sequence[Any], number: dict[str, int]) -> np.ndarray:
    table = np.zeros((len(answers), len(number)), dtype=int)
    for i, names in enumerate(answers):
        table[i, [number[str(name)] for name in names]] = 1
    return table


def _classes(material: ReportMaterial) -> tuple[str, ...]:
    names = dict.fromkeys(str(name) for split in material.data.get("classes", {}).values() for name in split)
    for row in material.predictions:
        for side in ("truth", "predicted"):
            answer = row[side]
            names.update(dict.fromkeys(map(str, answer if isinstance(answer, list) else [answer])))
    return tuple(names)
