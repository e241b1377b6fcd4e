"""What every line uses: the registry, the command line as a user calls it, the hash of a run."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORK = Path(__file__).resolve().parents[2] / "runs" / "acceptance"
PROGRAM = str(Path(sys.executable).with_name("throughtime"))

Measured = dict[str, Any]  # "bar", "reached" (words), "passed" (bool), "seconds"
lines: dict[str, Callable[[Path], Measured]] = {}


def line(name: str) -> Callable[[Callable[[Path], Measured]], Callable[[Path], Measured]]:
    """Register a line under its name."""

    def register(run: Callable[[Path], Measured]) -> Callable[[Path], Measured]:
        lines[name] = run
        return run

    return register


def train(data: Path, run: Path, *options: str) -> dict[str, Any]:
    """Train by the command line, going on where it was stopped; metrics.json."""
    subprocess.run(
        [PROGRAM, "train", str(data), "--run", str(run), "--resume", *options], check=True, stdout=subprocess.DEVNULL
    )
    return json.loads((run / "metrics.json").read_text())


def beside(metrics: dict[str, Any], *names: str, of: tuple[str, ...] = ("accuracy",)) -> str:
    """The figures of these baselines, or of all that have them, in words."""
    found = {name: metrics["baselines"][name] for name in names or metrics["baselines"]}
    shown = {name: [figures[metric] for metric in of if metric in figures] for name, figures in found.items()}
    return ", ".join(
        f"{name} " + " ".join(f"{one:.4f}" for one in figures) for name, figures in shown.items() if figures
    )


def fingerprint(run: Path) -> str:
    """The hash of weights, the last checkpoint's tensors, and the history without its time fields."""
    digest = hashlib.sha256((run / "model.safetensors").read_bytes())
    for tensors in sorted((run / "checkpoint").glob("*.safetensors")):
        digest.update(tensors.read_bytes())
    for row in (run / "history.jsonl").read_text().splitlines():
        kept = {name: value for name, value in json.loads(row).items() if name not in ("seconds", "samples_per_second")}
        digest.update(json.dumps(kept, sort_keys=True).encode())
    return digest.hexdigest()
