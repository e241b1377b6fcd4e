"""The answer to one row, explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from throughtime.batch import Batch
from throughtime.cells.recurrent import Recurrent
from throughtime.data.fields import Field
from throughtime.data.fields.numbers import Numbers
from throughtime.data.records import Records
from throughtime.models.encoders import steps_of
from throughtime.models.model import Model
from throughtime.use.inspect.explain.asked import Asked, asked, readings
from throughtime.use.inspect.explain.attribution import Attribution, integrated_gradients
from throughtime.use.inspect.explain.exact import in_float64
from throughtime.use.inspect.explain.explained import Explained, Input, Kind
from throughtime.use.inspect.explain.leaving_out import without_each
from throughtime.use.inspect.explain.over_time import over_time, recorded
from throughtime.use.inspect.explain.tokens import are_words, tokens_of

KINDS: dict[str, Kind] = {"category": "class", "labels": "label", "tags": "class"}


def explain_row(
    model: Model,
    records: Records,
    fields: Mapping[str, Field],
    output: Field,
    task: str,
    *,
    step: int | None = None,
    answer: str | None = None,
) -> Explained:
    """Explain what the model answers to the only row of ``records``; ``fields`` are its inputs, by column.

    ``step`` (from 0) chooses among the answers where every step has one, ``answer`` a class that is not the predicted
    one; see :mod:`throughtime.use.inspect.explain.asked`. Raises UsageError for a choice that there is not, DataError
    for a value that a field refuses.
    """
    row, batch = one_row(records, fields)
    here = batch.to(next(model.parameters()).device)
    with torch.no_grad():
        result, seen = model(here), model.head.seen(model.encode(here))
    question = asked(model.head, result, output, step, answer)
    (reading,) = readings(model.head, result, output, [question])
    without = without_each(model, row, fields, output, question, reading)
    exact = in_float64(model)
    attribution = attributed(exact, batch, question)
    inputs = []
    for k, (name, field) in enumerate(fields.items()):
        tokens = tuple(tokens_of(field, records.columns[name][0], records.where(0, name)))
        value = records.columns[name][0]
        entry = Input(name, tokens, attribution.inputs[k], tuple(without[name]), are_words(field))
        if isinstance(field, Numbers) and isinstance(value, list):
            entry = replace(entry, values=tuple(value[: len(tokens)]), channels=field.channels)
        inputs.append(with_insides(entry, exact, k, batch))
    kind = KINDS.get(output.kind, "number")
    classes = getattr(output, "classes", ())
    return Explained(
        task=task,
        output=output.column,
        kind=kind,
        predicted=reading.predicted,
        answer=reading.predicted if kind == "number" else classes[question.answer],
        value=reading.value,
        step=question.step,
        scored=model.head.scored,
        attribution=attribution,
        inputs=tuple(inputs),
        seen=seen[0].double().cpu().numpy(),
    )


def one_row(records: Records, fields: Mapping[str, Field]) -> tuple[dict[str, Any], Batch]:
    """The encoded values of the only row of ``records``, by column, and a batch of it."""
    row = {name: field.encode(records.columns[name][0], records.where(0, name)) for name, field in fields.items()}
    columns = {name: field.collate([row[name]]) for name, field in fields.items()}
    return row, Batch(columns, torch.zeros(1, dtype=torch.int64))


def attributed(exact: Model, batch: Batch, question: Asked) -> Attribution:
    """What each step of the only row of a batch gave to the score of an answer, padding left out.

    ``exact`` is a model in float64, such as :func:`in_float64` makes.
    """
    lengths = [steps_of(batch[name]) for name in exact.inputs]

    def score(vectors: Sequence[Tensor]) -> Tensor:
        output = exact.over(vectors, [length.expand(len(vectors[0])) for length in lengths])
        return exact.head.score(output, question.answer, question.step or 0)

    with torch.no_grad():
        vectors = [x[0] for x in exact.vectors(batch)]
    found = integrated_gradients(score, vectors)
    kept = [given[: int(length)] for given, length in zip(found.inputs, lengths, strict=True)]
    return replace(found, inputs=tuple(kept))


def with_insides(entry: Input, exact: Model, k: int, batch: Batch) -> Input:
    """With what the recurrent layers of encoder ``k`` did over the tokens, where it has some."""
    encoder = exact.encoders[k]
    layer = getattr(encoder, "recurrent", None)
    if not isinstance(layer, Recurrent) or not entry.tokens:
        return entry
    with torch.no_grad():
        vectors = exact.vectors(batch)[k][0, : len(entry.tokens)]
        quantities = recorded(layer, encoder.entering(vectors))  # type: ignore[operator]
    return replace(entry, recorded=quantities, over_time=tuple(over_time(layer.graph, quantities)))
