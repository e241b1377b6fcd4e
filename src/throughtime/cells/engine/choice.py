"""Which engine does the work: the fastest that can, unless one is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch

from throughtime.cells.engine import native, reference, torch_path
from throughtime.cells.engine.backwards import in_both_directions
from throughtime.cells.engine.contract import Result, Work
from throughtime.cells.engine.native.untraced import untraced
from throughtime.errors import UsageError, unknown

ENGINES = ("auto", "native", "torch", "reference")

_WHY_NOT: dict[str, Callable[[Work], str | None]] = {"native": native.why_not, "torch": torch_path.why_not}
_RUN: dict[str, Callable[[Work], Result]] = {
    "native": native.run,
    "torch": in_both_directions(torch_path.run),
    "reference": in_both_directions(reference.run),
}


def default_engine() -> str:
    """The engine named by the environment variable THROUGHTIME_ENGINE, else auto."""
    name = os.environ.get("THROUGHTIME_ENGINE", "auto")
    if name not in ENGINES:
        raise unknown("engine in THROUGHTIME_ENGINE", name, ENGINES)
    return name


@untraced
def choose(work: Work, engine: str) -> tuple[str, Callable[[Work], Result]]:
    """The name of the engine that does this work, and its function; UsageError if the one asked for cannot."""
    if engine not in ENGINES:
        raise unknown("engine", engine, ENGINES)
    if work.checkpoint_time is not None and torch.is_grad_enabled() and not work.looked_into:
        problem = native.why_not(work)
        if problem is not None:
            raise UsageError(f"checkpoint_time needs the native engine: {problem}; leave checkpoint_time out")
    if work.bf16 and (problem := _why_not_bf16(work, engine)) is not None:
        raise UsageError(f"bf16: {problem}; use float32")
    if engine == "auto":
        fast = ("native",) if work.bf16 else ("native", "torch")
        engine = next((name for name in fast if _WHY_NOT[name](work) is None), "reference")
    elif engine != "reference":
        problem = _WHY_NOT[engine](work)
        if problem is not None:
            raise UsageError(f"engine {engine} cannot run this: {problem}; use --engine auto or reference")
    return engine, _RUN[engine]


def _why_not_bf16(work: Work, engine: str) -> str | None:
    """In words; the reference could always, but is not what somebody wants who gives up precision for speed."""
    if work.graph.convolution:
        return f"the cell {work.graph.cell} is convolutional"
    if work.x.dtype != torch.float32:
        return f"sums and states are float32, and the input is {work.x.dtype}"
    if engine == "torch":
        return "torch's layers have no such products"
    if engine == "reference":
        return None
    if work.x.device.type != "cpu":
        return f"the native engine runs on the CPU, and the input lies on {work.x.device}"
    return native.why_not_bf16()
