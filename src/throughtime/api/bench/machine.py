"""The machine that the figures are of."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from typing import Any

import torch

from throughtime.api.machine import versions
from throughtime.cells.engine.native.library import isa_name, isas


def machine() -> dict[str, Any]:
    """Enough to know why figures differ elsewhere."""
    return {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "processor": processor(),
        "machine": platform.machine(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instruction_set": isa_name() if isas() else None,
        "instruction_set_of_torch": torch.backends.cpu.get_cpu_capability(),
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY"),
        "load": load(),
        "versions": versions(),
    }


def processor() -> str:
    """Its name, where the system says it."""
    listed = Path("/proc/cpuinfo")
    rows = listed.read_text(encoding="utf-8", errors="replace").splitlines() if listed.exists() else []
    return next((row.split(":", 1)[1].strip() for row in rows if row.startswith("model name")), platform.processor())


def load() -> float | None:
    """How many programs ran during the last minute: well above 0 before a bench means that it shares the machine."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def machine_line(found: dict[str, Any]) -> str:
    """All that in a line."""
    return (
        f"{found['processor'] or found['machine']}, {found['cores']} cores, {found['threads']} threads, "
        f"{found['instruction_set']} (torch: {found['instruction_set_of_torch']}), "
        f"OMP_WAIT_POLICY {found['omp_wait_policy'] or 'not set'}, load before {found['load']}; "
        + ", ".join(f"{name} {version}" for name, version in found["versions"].items())
        + f"; {found['when']}"
    )
