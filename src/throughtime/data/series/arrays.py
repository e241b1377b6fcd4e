"""Columns of raw values as arrays: names as numbers of names, numbers as floats."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from throughtime.data.values import class_name, is_empty, is_missing, is_number, number
from throughtime.errors import Place


def numbered(values: Sequence[Hashable]) -> tuple[list[Any], np.ndarray]:
    """The different values, in the order in which they first stand, and the number of each row's (N,).

    >>> numbered(["b", "a", "b"])
    (['b', 'a'], array([0, 1, 0]))
    """
    numbers = {value: k for k, value in enumerate(dict.fromkeys(values))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, values), np.int64, len(values))


def of_texts(values: Sequence[Any]) -> bool:
    """Whether a column holds texts alone, as that of a file does."""
    return set(map(type, values)) == {str}


def names_of(values: Sequence[Any]) -> tuple[list[str], np.ndarray]:
    """The different names of a column, in the order in which they first stand, and the number of each row's (N,).

    Nothing is the name ``""``; what is said to mean a missing value is a name as any other.

    >>> names_of(["b", "a ", "b", None, "a"])
    (['b', 'a', ''], array([0, 1, 0, 2, 1]))
    """
    if not of_texts(values):
        values = ["" if is_empty(value) else class_name(value) for value in values]
    texts, of = numbered(values)
    names, merged = numbered([text.strip() for text in texts])
    return names, merged[of]


def names_together(
    names: Sequence[str], of: np.ndarray, others: Sequence[str], of_others: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Two columns of names as one, of the pairs that stand there.

    >>> names_together(["a", "b"], np.array([0, 1, 0]), ["x", "y"], np.array([0, 1, 0]))
    (['a, x', 'b, y'], array([0, 1, 0]))
    """
    _, first, codes = np.unique(of * len(others) + of_others, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return [f"{names[int(of[row])]}, {others[int(of_others[row])]}" for row in first[order]], place[codes]


def rows_of(codes: np.ndarray) -> list[np.ndarray]:
    """The rows of each number from 0 on, in their order.

    >>> rows_of(np.array([0, 1, 0]))
    [array([0, 2]), array([1])]
    """
    return np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])


def numbers_of(values: Sequence[Any], missing: Sequence[str], where: Callable[[int], Place]) -> np.ndarray:
    """(N,) float64, NaN where a value is missing; DataError, with the row, for what is no finite number.

    A number such as -999 may be said to mean a missing value.

    >>> numbers_of(["1.5", "", None, 3, -999.0], ("-999",), lambda i: Place("a.csv", i + 2))
    array([1.5, nan, nan, 3. , nan])
    """
    found = _at_once(values, missing)
    if found is None:
        found = np.array(
            [np.nan if is_missing(one, missing) else number(one, where(i), missing) for i, one in enumerate(values)],
            dtype=np.float64,
        )
    found[np.isin(found, [float(word) for word in missing if is_number(word)])] = np.nan
    return found


def _at_once(values: Sequence[Any], missing: Sequence[str]) -> np.ndarray | None:
    """The same of a column without anything odd; None where each value must be looked at."""
    nothing = {None, "", *missing}
    try:
        found = np.array([np.nan if value in nothing else value for value in values], dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        return None
    if np.isinf(found).any() or not all(
        is_missing(values[i], missing) for i in np.flatnonzero(np.isnan(found)).tolist()
    ):
        return None
    texts = "".join(values) if of_texts(values) else "".join([value for value in values if isinstance(value, str)])
    return None if "_" in texts or not texts.isascii() else found  # Python would read 1_000 and Arabic digits
