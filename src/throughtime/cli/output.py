"""What commands print: results on standard output, in words or as JSON; everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from throughtime.training.progress import Progress


def progress(quiet: bool) -> Progress:
    """Who is told how training goes: a bar on a terminal, plain lines elsewhere, nobody if quiet."""
    from throughtime.training.progress import progress_on

    return progress_on(sys.stderr, quiet=quiet)


def print_note(text: str) -> None:
    """Beside what is printed, so that a pipe takes no notice of it."""
    print(text, file=sys.stderr)


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    from throughtime.training.file_kinds import to_json

    print(to_json(value))


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns of equal width; the first row is the heading."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def figures(values: Mapping[str, float | None], watched: str = "") -> str:
    """Names and figures in a line, what is watched in front, those that are not known left out.

    >>> figures({"coverage": 0.83124, "mae": 0.0000312, "mse": 251234.5678, "mase": None}, "mae")
    'mae 3.12e-05  coverage 0.8312  mse 251234.6'
    """
    names = sorted(values, key=lambda name: name != watched)
    return "  ".join(f"{name} {_figure(value)}" for name in names if (value := values[name]) is not None)


def _figure(value: float) -> str:
    """Four decimals, unless these say too little or more than is known."""
    if 0 < abs(value) < 0.001:
        return f"{value:.3g}"
    return f"{value:.4f}" if abs(value) < 10_000 else f"{value:.7g}"
