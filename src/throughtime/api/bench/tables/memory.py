"""The memory that a training step takes at its peak, each side alone in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial

import torch

from throughtime.api.bench.pictures import Mark, dots, titled
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.table import Case, Column, Row, Table, geometric_mean
from throughtime.errors import ThroughtimeError
from throughtime.use.report.html import Markup

PROGRAM = "throughtime.api.bench.step_memory"

METHOD = (
    "Three training steps of an LSTM, each side alone in a fresh process. What counts is the highest amount of memory "
    "the process ever had (VmHWM), less what it had when layer, input and gradient of the output were there and a "
    "tiny layer had run: so activations, gradients and whatever the engine keeps, no libraries. Ratio is ours / "
    "torch's."
)


def cases(plan: Plan) -> Iterator[Case]:
    for shape in plan.of():
        yield Case(str(shape), 8.0, partial(measure, shape))


def measure(shape: Shape) -> list[Row]:
    peaks = {side: peak_mb(side, shape) for side in ("torch", "ours")}
    return [
        {
            "shape": shape,
            "torch_mb": peaks["torch"],
            "ours_mb": peaks["ours"],
            "ratio": peaks["ours"] / peaks["torch"],
        }
    ]


def peak_mb(side: str, shape: Shape) -> float:
    """Megabytes of a side's step, from a child process."""
    words = [sys.executable, "-m", PROGRAM, side, str(shape), str(torch.get_num_threads())]
    child = subprocess.run(words, capture_output=True, text=True)
    if child.returncode:
        raise ThroughtimeError(f"bench memory: {side} {shape} ended with {child.returncode}: {child.stderr[-400:]}")
    # never 0: what fits into memory that is there already takes less than a page
    return max(json.loads(child.stdout), 4096) / 1e6


def summary(rows: Sequence[Row]) -> dict[str, float]:
    return {"geometric mean of the ratio": geometric_mean(row["ratio"] for row in rows)}


def draw(rows: Sequence[Row]) -> Markup:
    title = "Memory of a training step, MB"
    marks = [Mark(str(row["shape"]), row["ours_mb"], row["torch_mb"]) for row in rows]
    picture = dots("memory", title, [("", marks)], label="MB", first="ours", second="nn.LSTM", logarithmic=True)
    return titled(picture, title, "The scale is logarithmic.")


TABLE = Table(
    name="memory",
    title="peak memory of a training step",
    method=METHOD,
    columns=(
        Column("shape", "T,B,I,H"),
        Column("torch_mb", "nn.LSTM MB"),
        Column("ours_mb", "ours MB"),
        Column("ratio", "ratio"),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
