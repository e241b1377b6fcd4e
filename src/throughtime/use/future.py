"""Forecasts of what comes after the last row, written down: for a terminal, a line a step for programs, a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from throughtime.use.stamps import shown

SERIES = 3  # that are printed in full
MOST_DECIMALS = 6
Row = Mapping[str, Any]  # of forecast.json's rows: series, time, predicted, lower, upper


def future_text(rows: Sequence[Row], level: float | None = None, most: int = SERIES) -> str:
    """A table for a terminal: the first so many series in full, and how many more there are.

    Figures have as many decimals as their intervals are sure of.

    >>> one = {"series": "OT", "time": ["2018-06-27", "2018-06-28"], "predicted": [9.8123, 10.2],
    ...        "lower": [8.1, 8.3], "upper": [11.5, 12.1]}
    >>> print(future_text([one], level=0.8))
    OT           forecast   80 % interval
    2018-06-27        9.8   8.1 to 11.5
    2018-06-28       10.2   8.3 to 12.1
    """
    parts = [_of_series(row, level) for row in rows[:most]]
    if len(rows) > most:
        parts.append(f"and {len(rows) - most:,} more series; --json prints them all")
    return "\n\n".join(parts)


def future_lines(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """An object a step: ``{"series", "time", "predicted", "lower", "upper"}``, unrounded.

    >>> list(future_lines([{"series": "OT", "time": ["2018-06-27"], "predicted": [9.8], "lower": [8], "upper": [12]}]))
    [{'series': 'OT', 'time': '2018-06-27', 'predicted': 9.8, 'lower': 8, 'upper': 12}]
    """
    for row in rows:
        for step, time in enumerate(row["time"]):
            figures = {side: row[side][step] for side in ("predicted", "lower", "upper") if row.get(side)}
            yield {"series": row.get("series"), "time": time, **figures}


def future_csv(rows: Sequence[Row]) -> str:
    """The same as a table in CSV with a header; lines end with one line feed.

    >>> print(future_csv([{"series": "a, b", "time": [417, 418], "predicted": [9.8, 9.75]}]), end="")
    series,time,predicted
    "a, b",417,9.8
    "a, b",418,9.75
    """
    lines = list(future_lines(rows))
    header = list(dict.fromkeys(name for line in lines for name in line)) or ["series", "time", "predicted"]
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _of_series(row: Row, level: float | None) -> str:
    """A block with the name of the series above its times."""
    digits = _decimals(row)
    low, high = ([_written(value, digits) for value in row.get(side) or ()] for side in ("lower", "upper"))
    interval = "interval" if level is None else f"{100 * level:.4g} % interval"
    reach = _columns(low, high)
    cells = [["" if row.get("series") is None else str(row["series"]), "forecast", interval if reach else ""]]
    figures = [_written(value, digits) for value in row["predicted"]]
    for step, time in enumerate(row["time"]):
        cells.append([shown(time), figures[step], reach[step] if reach else ""])
    first, second = (max(len(line[column]) for line in cells) for column in (0, 1))
    return "\n".join(f"{a.ljust(first)}   {b.rjust(second)}   {c}".rstrip() for a, b, c in cells)


def _columns(low: Sequence[str], high: Sequence[str]) -> list[str]:
    """``8.1 to 11.5``, the points below each other."""
    width = (max(map(len, low), default=0), max(map(len, high), default=0))
    return [f"{a.rjust(width[0])} to {b.rjust(width[1])}" for a, b in zip(low, high, strict=True)]


def _decimals(row: Row) -> int:
    """So many that a typical interval has two digits; without intervals, that a typical value has four."""
    widths = [high - low for low, high in zip(row.get("lower") or (), row.get("upper") or (), strict=False)]
    sizes, digits = ([abs(width) for width in widths], 2) if widths else ([abs(v) for v in row["predicted"] if v], 4)
    typical = median(size for size in sizes if size and math.isfinite(size)) if any(sizes) else 1.0
    return min(MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(typical))))


def _written(value: float | None, decimals: int) -> str:
    """
    >>> _written(-0.04, 1), _written(1234.5, 0), _written(None, 2)
    ('0.0', '1,234', '-')
    """
    if value is None:
        return "-"
    rounded = round(value, decimals) + 0.0  # no -0.0
    return f"{rounded:,.{decimals}f}"
