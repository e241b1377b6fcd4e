"""What ``--valid`` and ``--test`` say: a fraction of the rows, a file or folder, or values of a column."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, in_order
from throughtime.errors import UsageError, unknown

HELD_OUT = ("test", "valid")  # in the order in which they are filled
LISTED = 10  # values, at most, that a message names


@dataclass(frozen=True)
class ByValue:
    """The rows of a split are those whose ``column`` holds one of ``values``; ``said`` is how that was asked for."""

    said: str
    column: str
    values: tuple[str, ...]

    def rows(self, records: Records) -> list[int]:
        """Their numbers; a UsageError for a column or a value that is not there."""
        if self.column not in records.columns:
            raise UsageError(f"{self.said}: {records.source}: {unknown('column', self.column, records.columns)}")
        found = [class_name(value) for value in records.columns[self.column]]
        for value in self.values:
            if value not in found:
                known = in_order(sorted({name for name in found if name}))
                near = get_close_matches(value, known, n=1)
                listed = ", ".join(known[:LISTED]) + (", ..." if len(known) > LISTED else "")
                mend = f'did you mean "{near[0]}"? Else choose' if near else "choose"
                raise UsageError(f'{self.said}: no row has "{value}" in "{self.column}"; {mend} among {listed}')
        return [i for i, value in enumerate(found) if value in self.values]


def by_value(name: str, value: str) -> ByValue | None:
    """The column and values of ``column=value`` or ``column=value,value``; None for a fraction or a path.

    >>> by_value("test", "group=2,3").values, by_value("test", "0.1")
    (('2', '3'), None)
    """
    column, sign, values = value.partition("=")
    if not sign or not column.strip() or os.path.exists(os.path.expanduser(value)):
        return None
    named = tuple(dict.fromkeys(class_name(one) for one in values.split(",") if one.strip()))
    if not named:
        raise UsageError(f"--{name} {value}: there is no value behind the sign; write it as column=value")
    return ByValue(f"--{name} {value}", column.strip(), named)


def held_out_columns(settings: DataSettings) -> tuple[str, ...]:
    """The columns by which rows are held out, which are then no inputs."""
    found = (by_value(name, getattr(settings, name)) for name in HELD_OUT)
    return tuple(said.column for said in found if said is not None)


def by_values(records: Records, settings: DataSettings) -> dict[str, list[int]]:
    """The rows of each split that is given by values; a UsageError for a row that would stand in both."""
    asked = {name: said for name in HELD_OUT if (said := by_value(name, getattr(settings, name))) is not None}
    found = {name: said.rows(records) for name, said in asked.items()}
    both = sorted(set(found.get("test", ())) & set(found.get("valid", ())))
    if both:
        options = " and ".join(one.said for one in asked.values())
        raise UsageError(f"{options} both take {records.where(both[0])}; give values that no row shares")
    return found


def in_words(name: str, rows: Mapping[str, list[int]], settings: DataSettings) -> str:
    """How a split came about that is given by values."""
    said = by_value(name, getattr(settings, name))
    assert said is not None
    return f'{name}: the {len(rows[name]):,} rows whose "{said.column}" is {" or ".join(said.values)}'


def is_path(name: str, value: str) -> bool:
    """Whether a split is given by a file or folder, not by a fraction or values; UsageError for what is neither."""
    if fraction(name, value) is not None or by_value(name, value) is not None:
        return False
    if not os.path.exists(os.path.expanduser(value)):
        raise UsageError(
            f"--{name} {value}: it is neither a fraction between 0 and 1 nor a file or folder that is there, "
            "nor column=value"
        )
    return True


def fraction(name: str, value: str) -> float | None:
    """The number that a text is, None if it is none; UsageError for one that is no fraction."""
    try:
        share = float(value)
    except ValueError:
        return None
    if not 0 < share < 1:
        raise UsageError(f"--{name} {value}: a fraction must lie between 0 and 1")
    return share
