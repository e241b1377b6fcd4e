"""A table of the bench: what it measures, case by case, and how it is read."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.api.bench.plan import Plan
from throughtime.use.report.html import Markup

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One figure of each row, under a heading."""

    key: str
    heading: str
    percent: bool = False

    def shown(self, row: Row) -> str:
        value = row.get(self.key)
        if self.percent and value is not None:
            return f"{100 * value:.0f} %"
        return figure(value)


@dataclass(frozen=True)
class Case:
    """Something that is measured in one go and gives rows; ``seconds`` is a guess at how long it takes."""

    name: str
    seconds: float
    measure: Callable[[], list[Row]]


@dataclass(frozen=True)
class Table:
    """``summary`` gives a few figures for what was measured, and ``draw`` a picture; both take rows in any number."""

    name: str
    title: str
    method: str
    columns: tuple[Column, ...]
    cases: Callable[[Plan], Iterable[Case]]
    summary: Callable[[Sequence[Row]], dict[str, float]]
    draw: Callable[[Sequence[Row]], Markup | None]

    def lines(self, rows: Sequence[Row]) -> list[list[str]]:
        """The heading, then each row, as they are shown."""
        return [[c.heading for c in self.columns], *([c.shown(row) for c in self.columns] for row in rows)]


def figure(value: object) -> str:
    """Three digits that count; shapes as they are written on the command line.

    >>> [figure(v) for v in (0.012345, 1.5, 47.26, 1634.2, None, (100, 1, 64, 128), "lstm")]
    ['0.0123', '1.50', '47.3', '1634', '-', '100,1,64,128', 'lstm']
    """
    if value is None:
        return "-"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value) or value == 0:
        return str(value)
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value)) + 1e-9))}f}"


def geometric_mean(values: Iterable[float]) -> float:
    """
    >>> geometric_mean([2.0, 8.0])
    4.0
    """
    return round(statistics.geometric_mean(values), 12)


def by(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    """Rows with the same value together, in the order in which the values come."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row[key]), []).append(row)
    return found
