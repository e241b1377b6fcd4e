"""All fields of a task: fitted on the training split, saved and read back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from throughtime.data.fields.field import Field, fields
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings


def fit_fields(
    train: Records, kinds: Mapping[str, str], outputs: Collection[str], settings: DataSettings
) -> dict[str, Field]:
    """A fitted field for each column of ``kinds`` (column to kind), in that order."""
    return {
        column: fields[kind].fit(
            column, train.column(column), _where(train, column), settings, output=column in outputs
        )
        for column, kind in kinds.items()
    }


def _where(records: Records, column: str) -> Any:
    return partial(records.where, column=column)


def fields_to_json(fitted: Mapping[str, Field]) -> dict[str, Any]:
    """Plain JSON of several fields, in their order."""
    return {column: field.to_json() for column, field in fitted.items()}


def fields_from_json(saved: Mapping[str, Any]) -> dict[str, Field]:
    """The fields that :func:`fields_to_json` wrote."""
    return {column: fields[entry["kind"]].from_json(entry) for column, entry in saved.items()}
