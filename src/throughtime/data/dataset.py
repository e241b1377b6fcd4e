"""A split with all its columns encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from throughtime.data.fields import Field
from throughtime.data.records import Records


class Dataset:
    """Encodes every row of ``records`` once.

    ``columns`` holds the encoded values, ``lengths (N,)`` the steps of a row's longest column (1 for what has no time).
    Raises DataError, with its place, for the first value that a field refuses.
    """

    def __init__(self, records: Records, fields: Mapping[str, Field]) -> None:
        self.fields = dict(fields)
        self.columns: dict[str, list[Any]] = {
            column: [field.encode(value, records.where(i, column)) for i, value in enumerate(records.column(column))]
            for column, field in fields.items()
        }
        self.lengths = np.zeros(len(records), dtype=np.int64)
        for column, field in fields.items():
            steps = [field.length(value) for value in self.columns[column]]
            self.lengths = np.maximum(self.lengths, np.array(steps, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.lengths)
