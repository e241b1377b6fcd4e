"""The acceptance runs on real data: each line runs a command as a user would, and is measured against its bar.

    python benchmarks/acceptance.py --data DATA [LINE ...]

What is done is kept in runs/acceptance/results.json and not done again; a line that was stopped goes on. The table
is written to benchmarks/RESULTS.md after every line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / "runs" / "acceptance"
RESULTS = WORK / "results.json"
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


def beside(metrics: dict[str, Any], *names: str) -> str:
    """The baselines' figures in words."""
    return ", ".join(f"{name} {metrics['baselines'][name]['accuracy']:.4f}" for name in names)


@line("names, 3 seeds")
def names(data: Path) -> Measured:
    found = train(data / "names", WORK / "names", "--seeds", "3")
    accuracy, spread = found["test"]["accuracy"], found["spread"]["test"]["accuracy"]
    baselines = beside(found, "majority", "naive_bayes_characters", "logistic_regression_characters")
    return {
        "bar": "mean accuracy at least 0.80, aim 0.83",
        "reached": f"{accuracy:.4f} ± {spread:.4f}; {baselines}",
        "passed": accuracy >= 0.80 and accuracy > found["baselines"]["majority"]["accuracy"],
    }


@line("reviews")
def reviews(data: Path) -> Measured:
    folder = WORK / "reviews-data"
    if not folder.is_dir():
        half = WORK / "reviews-half"  # what was stopped while it was unpacked
        shutil.rmtree(half, ignore_errors=True)
        with tarfile.open(data / "reviews" / "review_polarity.tar.gz") as archive:
            archive.extractall(half, filter="data")
        half.rename(folder)
    found = train(folder / "txt_sentoken", WORK / "reviews")
    baselines = beside(found, "naive_bayes_words", "logistic_regression_words")
    return {
        "bar": "accuracy at least 0.78, aim 0.84",
        "reached": f"{found['test']['accuracy']:.4f}; {baselines}",
        "passed": found["test"]["accuracy"] >= 0.78,
    }


@line("every cell, one epoch of names")
def every_cell(data: Path) -> Measured:
    from throughtime.cells import cells

    reached, worst = [], 1.0
    for name, cell in cells.items():
        if cell.convolution:
            continue  # reads frames; its epoch is among the tests
        found = train(
            data / "names", WORK / f"cell-{name}", "--cell", name, "--epochs", "1", "--set", "baselines=majority"
        )
        reached.append(f"{name} {found['test']['accuracy']:.3f}")
        worst = min(worst, found["test"]["accuracy"] - found["baselines"]["majority"]["accuracy"])
    return {"bar": "each above majority after one epoch", "reached": ", ".join(reached), "passed": worst > 0}


@line("killed 50 times")
def killed(data: Path) -> Measured:
    """Two cells with dropout; SIGKILL at random instants, with a checkpoint after every update to be hit."""
    chance, kills, equal = random.Random(1), 0, []
    for cell in ("lstm", "gru_reset_before"):
        options = ["--cell", cell, "--epochs", "2", "--hidden-size", "24", "--dropout", "0.3", "--batch-size", "128"]
        options += ["--set", "checkpoint_seconds=0", "--set", "recurrent_dropout=0.1", "--set", "baselines=majority"]
        whole, broken = WORK / f"whole-{cell}", WORK / f"killed-{cell}"
        train(data / "names", whole, *options)
        shutil.rmtree(broken, ignore_errors=True)
        seconds = json.loads((whole / "metrics.json").read_text())["seconds"]
        mine = 0
        while mine < 25:
            command = [PROGRAM, "train", str(data / "names"), "--run", str(broken), "--resume", "--quiet", *options]
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                running.wait(chance.uniform(2.0, 2.0 + seconds / 6))
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.wait()
                mine += 1
            else:
                equal.append(fingerprint(whole) == fingerprint(broken))
                shutil.rmtree(broken)  # it was done before it was killed often enough: begin anew
        train(data / "names", broken, *options)
        kills += mine
        equal.append(fingerprint(whole) == fingerprint(broken))
    return {
        "bar": "weights, optimiser and history equal by hash",
        "reached": f"{kills} kills, {sum(equal)} of {len(equal)} runs equal",
        "passed": all(equal),
    }


def fingerprint(run: Path) -> str:
    """The hash of weights, the last checkpoint's tensors, and the history without its time fields."""
    digest = hashlib.sha256((run / "model.safetensors").read_bytes())
    for tensors in sorted((run / "checkpoint").glob("*.safetensors")):
        digest.update(tensors.read_bytes())
    for row in (run / "history.jsonl").read_text().splitlines():
        kept = {name: value for name, value in json.loads(row).items() if name not in ("seconds", "samples_per_second")}
        digest.update(json.dumps(kept, sort_keys=True).encode())
    return digest.hexdigest()


def machine() -> str:
    """The machine in words."""
    import torch

    model = next(
        (row.split(":")[1].strip() for row in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in row), ""
    )
    return (
        f"{platform.machine()} {model}, {os.cpu_count()} cores ({torch.backends.cpu.get_cpu_capability()}), "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )


def write_results(results: dict[str, Measured]) -> None:
    """benchmarks/RESULTS.md: everything between the marks is ours to replace."""
    rows = [
        f"| {name} | {r['bar']} | {r['reached']} | {'yes' if r['passed'] else '**no**'} | {r['seconds']:.0f} |"
        for name, r in results.items()
    ]
    table = ["| line | bar | reached | passed | seconds |", "|---|---|---|---|---|", *rows]
    machines = sorted({r["machine"] for r in results.values()})
    body = "\n".join(
        ["# Results", "", "Written by `make acceptance`. Machine: " + "; ".join(machines) + ".", "", *table, ""]
    )
    (HERE / "RESULTS.md").write_text(body)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the acceptance lines on real data.")
    parser.add_argument("--data", type=Path, required=True, help="folder with names/, reviews/, ...")
    parser.add_argument("lines", nargs="*", help=f"some of: {', '.join(lines)}")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    results: dict[str, Measured] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, run in lines.items():
        if name in results or (arguments.lines and name not in arguments.lines):
            continue
        print(f"== {name}", flush=True)
        started = time.monotonic()
        results[name] = {**run(arguments.data), "seconds": time.monotonic() - started, "machine": machine()}
        RESULTS.write_text(json.dumps(results, indent=1))
        write_results(results)
        print(f"   {results[name]['reached']} ({'passed' if results[name]['passed'] else 'MISSED'})", flush=True)
    write_results(results)


if __name__ == "__main__":
    main()
