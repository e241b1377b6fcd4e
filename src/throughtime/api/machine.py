"""The machine that a run is trained on: device, threads, versions."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import torch

from throughtime.api.settings import MachineSettings
from throughtime.cells.engine import default_engine
from throughtime.cells.engine.native import why_not_bf16
from throughtime.errors import UsageError


def device_of(settings: MachineSettings) -> torch.device:
    """The device that was asked for; UsageError if it is not there."""
    if settings.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(settings.device)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        raise UsageError(f"--device {settings.device}: there is no such device here; choose cpu or auto") from None
    return device


def require_precision(settings: MachineSettings, device: torch.device) -> None:
    """Raise UsageError where ``--precision bf16`` cannot be; the reference computes it anywhere."""
    if settings.precision != "bf16" or settings.engine == "reference":
        return
    problem = why_not_bf16() if device.type == "cpu" else f"it runs on the CPU, and the device is {device}"
    if problem is not None:
        raise UsageError(f"--precision bf16: {problem}; leave it out")


def engine_of_environment() -> dict[str, str]:
    """The setting ``engine`` where THROUGHTIME_ENGINE names one: it goes before a file's, and behind an option."""
    return {"engine": default_engine()} if os.environ.get("THROUGHTIME_ENGINE") else {}


@contextmanager
def threads_of(settings: MachineSettings) -> Iterator[None]:
    """Run with the number of threads that was asked for, and give back the old one."""
    before = torch.get_num_threads()
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def versions() -> dict[str, str]:
    """Of the library and of what its numbers depend on."""
    return {name: version(name) for name in ("throughtime", "torch", "numpy")} | {"python": platform.python_version()}


def environment(device: torch.device) -> dict[str, Any]:
    """What environment.json keeps: enough to know why numbers differ elsewhere."""
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "implementation": sys.implementation.name,
    }
