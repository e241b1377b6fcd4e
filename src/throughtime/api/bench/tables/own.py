"""A cell of the reader's own, with the peephole LSTM's equations in other words, beside the built-in one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from typing import Any

import torch

from throughtime.api.bench.flops import training_flops
from throughtime.api.bench.pictures import Mark, dots, titled
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.sides import check_equal, material, named_parts, ours, output_of
from throughtime.api.bench.table import Case, Column, Row, Table, geometric_mean
from throughtime.api.bench.tables.grid import sizes
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells import record, sigmoid, tanh
from throughtime.cells.cell import form
from throughtime.use.report.html import Markup

BUILT_IN = "lstm_peephole"

METHOD = (
    "The peephole LSTM as a reader might write it in a file of his own: other names, the gates in another order, the "
    "terms of each sum too, so that nothing in it can be recognised. A training step of it beside the built-in cell's "
    "with equal weights, in turns; the ratio is own / built-in. The first call takes in everything: recording the "
    "function, deriving the backward pass, making the layer, forward and backward, in a process that has run other "
    "cells."
)

_numbers = count()


def step(p: Any, x: Any, hidden: Any, memory: Any) -> tuple[Any, Any]:
    """Remembers, and looks at what it remembers."""
    candidate = tanh(p.b_g + p.U_g @ hidden + p.W_g @ x)
    keep = sigmoid(memory * p.p_f + p.b_f + p.W_f @ x + p.U_f @ hidden)
    write = sigmoid(p.U_i @ hidden + p.W_i @ x + p.b_i + memory * p.p_i)
    memory = candidate * write + memory * keep
    show = sigmoid(p.b_o + memory * p.p_o + p.U_o @ hidden + p.W_o @ x)
    return tanh(memory) * show, memory


def cases(plan: Plan) -> Iterator[Case]:
    for shape in plan.of():
        flops = training_flops(form(BUILT_IN), sizes(shape), shape.steps, shape.batch)
        yield Case(str(shape), plan.seconds(1.5 * flops, sides=2), partial(measure, shape, plan.effort))


def measure(shape: Shape, effort: Effort) -> list[Row]:
    given, built_in = material(shape), ours(BUILT_IN, shape)
    beside = given.side(output_of(built_in), built_in.parameters())
    beside.train()
    began = time.perf_counter()
    own = ours(record(step, name=f"own_{next(_numbers)}"), shape)  # a name that nobody has met yet
    we = given.side(output_of(own), own.parameters())
    we.train()
    first = time.perf_counter() - began
    with torch.no_grad():
        parts = named_parts(built_in)
        for name, part in named_parts(own).items():
            part.copy_(parts[name])
    check_equal({"the own cell": we, "the built-in one": beside})
    times = alternate({"own": we.train, "built-in": beside.train}, effort)
    return [
        {
            "shape": shape,
            "built_in_ms": times["built-in"].ms,
            "own_ms": times["own"].ms,
            "ratio": times["own"].seconds / times["built-in"].seconds,
            "first_ms": 1e3 * first,
            "noise": max(t.noise for t in times.values()),
        }
    ]


def summary(rows: Sequence[Row]) -> dict[str, float]:
    return {
        "geometric mean of the ratio": geometric_mean(row["ratio"] for row in rows),
        "longest first call beyond a later one, ms": max(row["first_ms"] - row["own_ms"] for row in rows),
    }


def draw(rows: Sequence[Row]) -> Markup:
    title = "An own cell's time / the built-in one's"
    marks = [Mark(str(row["shape"]), row["ratio"]) for row in rows]
    picture = dots("own", title, [("", marks)], label="own / built-in", first="forward and backward", level=1.0)
    return titled(picture, title, "On the dashed line both take the same time.")


TABLE = Table(
    name="own",
    title="a cell in a reader's own file, beside the same one built in",
    method=METHOD,
    columns=(
        Column("shape", "T,B,I,H"),
        Column("built_in_ms", "built-in ms"),
        Column("own_ms", "own ms"),
        Column("ratio", "ratio"),
        Column("first_ms", "first call ms"),
        Column("noise", "noise", percent=True),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
