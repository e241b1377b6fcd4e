"""What the fields with a value a step share: cutting a raw value into its steps, and padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from throughtime.batch import Sequences
from throughtime.data.values import is_empty, shown
from throughtime.errors import DataError, Place


def step_values(value: Any, unit: str, place: Place, what: str) -> list[Any]:
    """The steps of a raw value: a list as it is, a text between its spaces or letter by letter.

    >>> step_values("A B", "spaces", Place(), "tags"), step_values("HE", "characters", Place(), "tags")
    (['A', 'B'], ['H', 'E'])
    """
    if isinstance(value, (list, tuple)):
        return list(value)
    if is_empty(value):
        return []
    if not isinstance(value, (str, int, float)) or unit == "list":
        raise DataError(f"{shown(value)} is not a list of {what}", place=place, mend=f"give a list, with {what} in it")
    return str(value).split() if unit == "spaces" else list(str(value).strip())


def padded(encoded: Sequence[np.ndarray]) -> Sequences:
    """Arrays ``(T_b, *features)`` to sequences ``(B, T, *features)``, padded with 0; T the longest but at least 1.

    Features of unequal number (the letters of words) are padded too.
    """
    lengths = [len(steps) for steps in encoded]
    features = tuple(np.max([steps.shape[1:] for steps in encoded], axis=0).astype(int).tolist()) if encoded else ()
    dtype = encoded[0].dtype if encoded else np.dtype(np.int64)
    data = np.zeros((len(encoded), max([1, *lengths]), *features), dtype=dtype)
    for row, steps in zip(data, encoded, strict=True):
        row[(slice(len(steps)), *(slice(size) for size in steps.shape[1:]))] = steps
    return Sequences(torch.from_numpy(data), torch.tensor(lengths, dtype=torch.int64))
