"""Results in words: for a terminal, and as results.md."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.api.bench.machine import machine_line
from throughtime.api.bench.run import Results
from throughtime.api.bench.table import Row, Table, figure


def in_words(results: Results) -> str:
    """Columns of equal width."""
    parts = [machine_line(results.machine)]
    for table, rows in results.measured:
        lines = table.lines(rows)
        widths = [max(len(line[k]) for line in lines) for k in range(len(table.columns))]
        to_left = [isinstance(rows[0].get(column.key), str | tuple) for column in table.columns]
        aligned = [
            "  ".join(
                word.ljust(width) if left else word.rjust(width)
                for word, width, left in zip(line, widths, to_left, strict=True)
            ).rstrip()
            for line in lines
        ]
        parts.append("\n".join([f"{table.name}: {table.title}", *aligned, *_summary(table, rows)]))
    return "\n\n".join(parts)


def markdown(results: Results, written_by: str = "throughtime bench") -> str:
    """The tables with what they mean."""
    parts = ["# The engine beside torch", f"Written by `{written_by}`. Machine: {machine_line(results.machine)}."]
    if results.quick:
        parts.append("**A quick look**: few samples of few shapes.")
    if not results.complete:
        parts.append(f"**Stopped early**: {results.done} of {results.cases} cases were measured.")
    for table, rows in results.measured:
        heading, *lines = ["| " + " | ".join(line) + " |" for line in table.lines(rows)]
        rule = "|" + "---|" * len(table.columns)
        listed = "\n".join(f"- {line}" for line in _summary(table, rows))
        parts += [f"## {table.name}: {table.title}", table.method, "\n".join([heading, rule, *lines])]
        parts += [listed] if listed else []
    return "\n\n".join(parts) + "\n"


def _summary(table: Table, rows: Sequence[Row]) -> list[str]:
    return [f"{name}: {figure(value)}" for name, value in table.summary(rows).items()]
