"""Columns that go step by step together: recognised in raw values, and required of encoded ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.data.values import is_empty, is_number
from throughtime.errors import DataError, Place

FEWEST_TO_TELL, NEARLY_ALL = 20, 0.95  # rows, and the share of them, by which the others are mistakes
MOST_LETTERS = 30  # different labels of letters; above it two texts are as long by chance

Cut = Callable[[Any], Sequence[Any]]
CUTS: Mapping[str, Cut] = {"list": lambda value: value, "spaces": str.split, "characters": str.strip}


def aligned_cut(first: Sequence[Any], second: Sequence[Any]) -> str | None:
    """How ``second`` is cut so that each value has as many steps as its partner in ``first``; None if in no way.

    >>> aligned_cut(["the dog", "a cat sat"], ["DET NOUN", "DET NOUN VERB"])
    'spaces'
    >>> aligned_cut([["a"], ["b", "c"]], [["X"], ["Y", "Z"]]), aligned_cut([["a"], ["b", "c"]], [["X"], ["Y"]])
    ('list', None)
    >>> aligned_cut(["MKV", "ML"], ["HHE", "EE"]), aligned_cut(["good film", "bad"], ["pos", "neg"])
    ('characters', None)
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if not (is_empty(a) and is_empty(b))]
    if not pairs or any(a is None or b is None for a, b in pairs):
        return None
    lists = [isinstance(b, (list, tuple)) for _, b in pairs]
    if any(lists):
        return "list" if all(lists) and _equal(pairs, "list") else None
    if not all(isinstance(b, str) for _, b in pairs):
        return None
    if _equal(pairs, "spaces") and sum(len(b.split()) for _, b in pairs) > 1.5 * len(pairs):
        return "spaces"
    letters = {letter for _, b in pairs for letter in b.strip()}
    longer = sum(len(b.strip()) for _, b in pairs) > 2 * len(pairs)
    several = len({b for _, b in pairs}) > max(1, len(pairs) // 2)
    if (
        " " in letters
        or len(letters) > MOST_LETTERS
        or not longer
        or not several
        or any(is_number(b) for _, b in pairs)
    ):
        return None
    return "characters" if _equal(pairs, "characters") else None


def _equal(pairs: Sequence[tuple[Any, Any]], cut: str) -> bool:
    """Whether both have equally many steps in every row; a list goes with a list, and with letters.

    Where lengths differ from row to row, nearly every row is enough: the others are mistakes, which are named later.
    """
    found = []
    for a, b in pairs:
        if isinstance(a, (list, tuple)):
            steps = len(a)
        elif isinstance(a, str):
            steps = len(CUTS["characters" if cut == "list" else cut](a))
        else:
            return False
        found.append((steps, len(CUTS[cut](b))))
    equal = sum(steps == labels for steps, labels in found)
    if equal == len(found):
        return True
    several = len({steps for steps, labels in found if steps == labels}) > 1
    return several and len(found) >= FEWEST_TO_TELL and equal >= NEARLY_ALL * len(found)


def require_aligned(
    records: Records, fields: Mapping[str, Field], encoded: Mapping[str, list[Any]], output: str
) -> None:
    """Raise a DataError, with the row, unless every column with steps has as many of them as ``output``."""
    for column in (name for name, field in fields.items() if field.stepwise and name != output):
        for i, (steps, wanted) in enumerate(zip(encoded[column], encoded[output], strict=True)):
            have, need = fields[column].length(steps), fields[output].length(wanted)
            if have != need:
                problem = f'{need} {"step" if need == 1 else "steps"}, but column "{column}" has {have}'
                where = records.where(i, output)
                raise DataError(
                    problem,
                    place=Place(where.file, where.row, where.column),
                    mend="give one for each step, or leave one of the columns out with --input",
                )
