"""Texts that can be learnt to be written: none is empty, and none is longer than an answer may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.errors import DataError


def require_both_sides(records: Records, fields: Mapping[str, Field], encoded: Mapping[str, list[Any]]) -> None:
    """Raise a DataError, with the row, for a text that is empty, whether it is read or written."""
    for column in (name for name, field in fields.items() if field.kind == "tokens"):
        marks = 1 if getattr(fields[column], "written", False) else 0
        for i, ids in enumerate(encoded[column]):
            if len(ids) <= 2 * marks:
                mend = "write the text, or remove the row, in files side by side from all of them"
                raise DataError("the text is empty", place=records.where(i, column), mend=mend)


def require_writable(records: Records, field: Field, encoded: list[Any], longest: int) -> None:
    """Raise a DataError, with the row, for a text of more tokens than an answer may have."""
    for i, ids in enumerate(encoded):
        tokens = len(ids) - 1  # the mark of its end is written too
        if tokens > longest:
            cut = max(1, longest - 1)
            raise DataError(
                f"the text has {tokens - 1:,} tokens, and an answer ends after {longest} (--set longest)",
                place=records.where(i, field.column),
                mend=f"see whether both sides belong together; else --set longest={tokens}, or --max-length {cut}",
            )
