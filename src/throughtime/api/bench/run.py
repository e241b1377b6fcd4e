"""The bench: table by table, case by case. What was measured stays measured if it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from throughtime.api.bench.machine import machine
from throughtime.api.bench.plan import Plan
from throughtime.api.bench.progress import Progress, Silent, progress_line
from throughtime.api.bench.table import Row, Table
from throughtime.cells.engine.native.library import library, status
from throughtime.errors import UsageError


@dataclass(frozen=True)
class Results:
    """Rows by table, of the first ``done`` of ``cases``."""

    machine: dict[str, Any]
    tables: tuple[Table, ...]
    quick: bool
    cases: int
    done: int = 0
    seconds: float = 0.0
    rows: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return self.done == self.cases

    @property
    def measured(self) -> list[tuple[Table, list[Row]]]:
        """The tables that have rows."""
        return [(table, self.rows[table.name]) for table in self.tables if self.rows.get(table.name)]

    def to_json(self) -> dict[str, Any]:
        tables = {
            table.name: {
                "title": table.title,
                "method": table.method,
                "rows": rows,
                "summary": table.summary(rows),
            }
            for table, rows in self.measured
        }
        return {
            "format": 1,
            "machine": self.machine,
            "quick": self.quick,
            "complete": self.complete,
            "cases": self.cases,
            "done": self.done,
            "seconds": round(self.seconds, 1),
            "tables": tables,
        }


def bench(
    tables: Sequence[Table],
    plan: Plan,
    progress: Progress | None = None,
    keep: Callable[[Results], object] = lambda results: None,
) -> Results:
    """Measure the tables; ``keep`` is handed what there is after each of them and at the end.

    Ctrl-C ends it early: the results say that they are not complete. Raises UsageError where the engine is not live.
    """
    if library() is None:
        raise UsageError(f"bench measures the native engine, which is {status()}")
    progress = progress or Silent()
    planned = [(table, case) for table in tables for case in table.cases(plan)]
    whole = sum(case.seconds for _, case in planned)
    found = machine()
    rows: dict[str, list[Row]] = {}
    began, past = time.monotonic(), 0.0

    def results(done: int) -> Results:
        return Results(found, tuple(tables), plan.quick, len(planned), done, time.monotonic() - began, rows)

    done = 0
    try:
        for done, (table, case) in enumerate(planned):
            if done and planned[done - 1][0] is not table:
                keep(results(done))
            line = progress_line(f"{table.name} {case.name}", done, len(planned), time.monotonic() - began, past)
            progress.show(past, line)
            rows.setdefault(table.name, []).extend(case.measure())
            past += case.seconds / whole
        done = len(planned)
    except KeyboardInterrupt:
        pass
    finally:
        progress.close()
    keep(results(done))
    return results(done)
