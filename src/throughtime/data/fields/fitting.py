"""All fields of a task: fitted on the training split, saved and read back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from throughtime.data.fields.field import Field, fields
from throughtime.data.fields.numbers import Numbers
from throughtime.data.fields.tokens import Tokens, unit_of
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.tokenisation import unit_name
from throughtime.errors import UsageError


def fit_fields(
    train: Records, kinds: Mapping[str, str], outputs: Collection[str], settings: DataSettings
) -> dict[str, Field]:
    """A fitted field for each column of ``kinds`` (column to kind), in that order.

    Raises UsageError where a shared vocabulary is asked for, and texts are not both read and written.
    """
    together = _one_vocabulary(train, kinds, outputs, settings) if settings.shared_vocabulary else {}
    fitted = {
        column: together.get(column)
        or fields[kind].fit(column, train.column(column), _where(train, column), settings, output=column in outputs)
        for column, kind in kinds.items()
    }
    return {column: _with_channels(field, train) for column, field in fitted.items()}


def _with_channels(field: Field, train: Records) -> Field:
    channels = train.channels.get(field.column, ())
    return replace(field, channels=channels) if isinstance(field, Numbers) and channels else field


def _one_vocabulary(
    train: Records, kinds: Mapping[str, str], outputs: Collection[str], settings: DataSettings
) -> dict[str, Field]:
    """The fields of all columns of texts, fitted on them as if they were one column that is written."""
    option, texts = "--set shared_vocabulary=yes", [column for column, kind in kinds.items() if kind == "tokens"]
    if not any(column in outputs for column in texts) or len(texts) < 2:
        raise UsageError(f"{option}: no texts are both read and written; leave it out")
    units = {column: unit_of(column, train.column(column), settings, output=True)[0] for column in texts}
    if len(set(units.values())) > 1:
        held = ", ".join(f'"{column}" is cut into {unit_name(unit)}' for column, unit in units.items())
        raise UsageError(f"{option}: {held}; say for both with --set tokens=..., or leave it out")
    last, *_ = outputs
    values = [value for column in texts for value in train.column(column)]
    where = [partial(train.where, column=column) for column in texts]
    fitted = Tokens.fit(last, values, lambda i: where[i // len(train)](i % len(train)), settings, output=True)
    listed = " and ".join(f'"{column}"' for column in texts)
    begin = f'column "{last}": '
    said = tuple(f"columns {listed}, one vocabulary: {note.removeprefix(begin)}" for note in fitted.notes)
    return {
        column: replace(fitted, column=column, written=column in outputs, notes=said if column == texts[0] else ())
        for column in texts
    }


def _where(records: Records, column: str) -> Any:
    return partial(records.where, column=column)


def fields_to_json(fitted: Mapping[str, Field]) -> dict[str, Any]:
    """Plain JSON of several fields, in their order."""
    return {column: field.to_json() for column, field in fitted.items()}


def fields_from_json(saved: Mapping[str, Any]) -> dict[str, Field]:
    """The fields that :func:`fields_to_json` wrote."""
    return {column: fields[entry["kind"]].from_json(entry) for column, entry in saved.items()}
