"""A split with all its columns encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from throughtime.data.fields import Field
from throughtime.data.records import Records


class Dataset:
    """Encodes every row of ``records`` once; ``columns`` holds the encoded values, ``lengths (N,)`` the steps of a row's longest column.

    Raises DataError, with its place, for the first value that a field refuses.
    """

    def __init__(self, records: Records, fields: Mapping[str, Field]) -> None:
        self.fields = dict(fields)
        self.columns: dict[str, list[Any]] = {
            column: [field.encode(value, records.where(i, column)) for i, value in enumerate(records.column(column))]
            for column, field in fields.items()
        }
        lengths = [[field.length(value) for value in self.columns[column]] for column, field in fields.items()]
        self.lengths = np.array(lengths, dtype=np.int64).reshape(len(lengths), len(records)).max(axis=0, initial=0)

    def __len__(self) -> int:
        return len(self.lengths)
