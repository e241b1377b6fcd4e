"""Which engine does the work: the fastest that can, unless one is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable

from throughtime.cells.engine import reference, torch_path
from throughtime.cells.engine.contract import Result, Work
from throughtime.errors import UsageError, unknown

ENGINES = ("auto", "torch", "reference")


def default_engine() -> str:
    """The engine named by the environment variable THROUGHTIME_ENGINE, else auto."""
    name = os.environ.get("THROUGHTIME_ENGINE", "auto")
    if name not in ENGINES:
        raise unknown("engine in THROUGHTIME_ENGINE", name, ENGINES)
    return name


def choose(work: Work, engine: str) -> tuple[str, Callable[[Work], Result]]:
    """The name of the engine that does this work, and its function; UsageError if the one asked for cannot."""
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    if engine == "reference":
        return "reference", reference.run
    problem = torch_path.why_not(work)
    if problem is None:
        return "torch", torch_path.run
    if engine == "torch":
        raise UsageError(f"engine torch cannot run this: {problem}; use --engine auto or reference")
    return "reference", reference.run
