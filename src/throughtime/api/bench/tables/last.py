"""A loss on the last step alone: on its way back the gradient becomes too small for a number, and torch slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from torch import Tensor

from throughtime.api.bench.flops import training_flops
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.sides import Material, check_equal, material, ours
from throughtime.api.bench.table import Case, Column, Row, Table
from throughtime.api.bench.tables.grid import sizes
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells.cell import form
from throughtime.cells.torch_weights import to_torch

SHAPES = (Shape(784, 64, 1, 128),)
SMALL = (Shape(100, 8, 1, 32),)

METHOD = (
    "A training step of the LSTM with y[:, -1].sum().backward(), as for a class of a whole sequence, beside "
    "torch.nn.LSTM as it is. Far from the end the gradient is denormal, which processors treat slowly; the engine "
    "takes it for 0."
)


def of_last(layer: Callable[[Tensor], tuple[Tensor, object]]) -> Callable[[Tensor], Tensor]:
    """The loss: the sum of the last step's output."""
    return lambda x: layer(x)[0][:, -1].sum()


def cases(plan: Plan) -> Iterator[Case]:
    for shape in plan.of(SHAPES, SMALL):
        flops = training_flops(form("lstm"), sizes(shape), shape.steps, shape.batch)
        yield Case(str(shape), plan.seconds(10 * flops, sides=2), partial(measure, shape, plan.effort))


def measure(shape: Shape, effort: Effort) -> list[Row]:
    layer, given = ours("lstm", shape), Material(material(shape).x, None)
    module = to_torch(layer)
    torch, we = given.side(of_last(module), module.parameters()), given.side(of_last(layer), layer.parameters())
    check_equal({"ours": we, "torch": torch})
    times = alternate({"torch": torch.train, "ours": we.train}, effort)
    return [
        {
            "cell": "lstm",
            "shape": shape,
            "torch_ms": times["torch"].ms,
            "ours_ms": times["ours"].ms,
            "x": times["torch"].seconds / times["ours"].seconds,
            "noise": max(t.noise for t in times.values()),
        }
    ]


def summary(rows: Sequence[Row]) -> dict[str, float]:
    return {}


def draw(rows: Sequence[Row]) -> None:
    return None


TABLE = Table(
    name="last",
    title="the loss on the last step alone",
    method=METHOD,
    columns=(
        Column("cell", "cell"),
        Column("shape", "T,B,I,H"),
        Column("torch_ms", "torch ms"),
        Column("ours_ms", "ours ms"),
        Column("x", "x"),
        Column("noise", "noise", percent=True),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
