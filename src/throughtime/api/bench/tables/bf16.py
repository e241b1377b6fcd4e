"""Products of bfloat16: ours and those of torch's autocast, beside both in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from throughtime.api.bench.flops import training_flops
from throughtime.api.bench.pictures import Mark, dots, titled
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.sides import Side, material, ours, output_of
from throughtime.api.bench.table import Case, Column, Row, Table, geometric_mean
from throughtime.api.bench.tables.grid import sizes
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells.cell import form
from throughtime.cells.engine.native import why_not_bf16
from throughtime.cells.torch_weights import to_torch
from throughtime.use.report.html import Markup

SHAPES = (
    Shape(100, 32, 128, 128),
    Shape(100, 32, 256, 256),
    Shape(100, 64, 512, 512),
    Shape(50, 128, 300, 1024),
    Shape(100, 1, 512, 512),
    Shape(50, 1, 1024, 1024),
)
SMALL = (Shape(35, 20, 200, 200),)

METHOD = (
    "A training step of the LSTM, equal weights on all sides: torch.nn.LSTM in float32 and under autocast to bfloat16, "
    "ours in float32 and with products of bfloat16 (--precision bf16). x is the time of nn.LSTM in float32 / that of "
    "the side. The error is that of the output against nn.LSTM in float64, in the norm. Left out where the machine "
    "has no products of bfloat16."
)


def cases(plan: Plan) -> Iterator[Case]:
    if why_not_bf16() is not None:
        return
    for shape in plan.of(SHAPES, SMALL):
        flops = training_flops(form("lstm"), sizes(shape), shape.steps, shape.batch)
        yield Case(str(shape), plan.seconds(2 * flops, sides=4), partial(measure, shape, plan.effort))


def measure(shape: Shape, effort: Effort) -> list[Row]:
    layer, given = ours("lstm", shape), material(shape)
    rounding = ours("lstm", shape)
    rounding.bf16 = True
    module = to_torch(layer)
    sides = {
        "torch": given.side(output_of(module), module.parameters()),
        "autocast": given.side(under_autocast(module), module.parameters()),
        "ours": given.side(output_of(layer), layer.parameters()),
        "bf16": given.side(output_of(rounding), rounding.parameters()),
    }
    errors = errors_of(sides, to_torch(layer).double(), given.x.double())
    times = alternate({name: side.train for name, side in sides.items()}, effort)
    row: Row = {"shape": shape, "noise": max(time.noise for time in times.values())}
    for name, time in times.items():
        row[f"{name}_ms"], row[f"{name}_x"] = time.ms, times["torch"].seconds / time.seconds
        row[f"{name}_error"] = errors[name]
    return [row]


def under_autocast(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The output of a module of torch, computed by autocast and brought back to float32."""

    def call(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            found: Tensor = module(x)[0].float()
        return found

    return call


@torch.no_grad()
def errors_of(sides: dict[str, Side], module: nn.Module, x: Tensor) -> dict[str, float]:
    """How far each output is from that of ``module`` in float64."""
    exact = module(x)[0]
    return {name: float((side.forward() - exact).norm() / exact.norm()) for name, side in sides.items()}


def summary(rows: Sequence[Row]) -> dict[str, float]:
    names = {"autocast": "nn.LSTM under autocast", "ours": "ours in float32", "bf16": "ours in bf16"}
    found = {
        f"{words}: geometric mean of x": geometric_mean(row[f"{name}_x"] for row in rows)
        for name, words in names.items()
    }
    return {**found, "largest error of bf16 / autocast's": max(r["bf16_error"] / r["autocast_error"] for r in rows)}


def draw(rows: Sequence[Row]) -> Markup:
    title = "How many times faster than torch.nn.LSTM in float32"
    marks = [Mark(str(row["shape"]), row["bf16_x"], row["ours_x"]) for row in rows]
    picture = dots("bf16", title, [("", marks)], label="x", first="bf16", second="float32", level=1.0, logarithmic=True)
    return titled(picture, title, "Both are ours. Shapes are T,B,I,H.")


TABLE = Table(
    name="bf16",
    title="products of bfloat16",
    method=METHOD,
    columns=(
        Column("shape", "T,B,I,H"),
        Column("torch_ms", "nn.LSTM ms"),
        Column("autocast_ms", "autocast ms"),
        Column("ours_ms", "ours ms"),
        Column("bf16_ms", "ours bf16 ms"),
        Column("bf16_x", "x"),
        Column("autocast_error", "autocast error"),
        Column("bf16_error", "error"),
        Column("noise", "noise", percent=True),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
