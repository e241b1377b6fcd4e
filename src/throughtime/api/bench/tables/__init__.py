"""The tables of the bench in the order in which they are measured; a file here is one."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.api.bench.table import Table
from throughtime.api.bench.tables import bf16, cells, grid, last, lengths, memory, own, streaming
from throughtime.errors import unknown

TABLES: tuple[Table, ...] = (
    grid.TABLE,
    cells.TABLE,
    own.TABLE,
    lengths.TABLE,
    last.TABLE,
    streaming.TABLE,
    memory.TABLE,
    bf16.TABLE,
)


def chosen(names: Sequence[str] = ()) -> tuple[Table, ...]:
    """The tables of these names, all of them if there is none; UsageError for an unknown one."""
    known = {table.name: table for table in TABLES}
    for name in names:
        if name not in known:
            raise unknown("table", name, known)
    return tuple(table for name, table in known.items() if name in names or not names)
