"""One step at a time, the state carried on: what each way of doing it costs a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import Any

import torch
from torch import Tensor, nn

from throughtime.api.bench.onnx_lstm import session
from throughtime.api.bench.pictures import Mark, dots, titled
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.sides import TOLERANCE, ours
from throughtime.api.bench.table import Case, Column, Row, Table, by, geometric_mean
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells.recurrent import Recurrent
from throughtime.cells.torch_weights import to_torch
from throughtime.errors import ThroughtimeError
from throughtime.use.report.html import Markup

SHAPES = (Shape(1, 1, 64, 256),)
SMALL = (Shape(1, 1, 16, 32),)
INPUTS = 16  # different ones, in turn

LSTM = "nn.LSTM"

METHOD = (
    "An LSTM with B = 1 (I = 64 and H = 256, unless shapes are given) reads one step after the other without "
    "gradients and hands its state on; the time of a step, all ways in turns in one process. nn.LSTM and a call of "
    "Recurrent are given sequences of one step. ONNX Runtime takes part where onnxruntime and onnx are installed, "
    "with one thread, which at this size is its fastest."
)

Stream = Callable[[], Any]  # reads the next step; returns the hidden values (1, H)


def cases(plan: Plan) -> Iterator[Case]:
    for shape in dict.fromkeys(shape._replace(steps=1, batch=1) for shape in plan.of(SHAPES, SMALL)):
        yield Case(size_of(shape), plan.seconds(0, sides=5), partial(measure, shape, plan.effort))


def size_of(shape: Shape) -> str:
    return f"I = {shape.input_size}, H = {shape.hidden_size}"


@torch.no_grad()
def measure(shape: Shape, effort: Effort) -> list[Row]:
    ways = streams(shape)
    check_streams(ways)
    times = alternate(ways, effort)
    return [
        {
            "way": name,
            "size": size_of(shape),
            "us": 1e6 * time.seconds,
            "x": times[LSTM].seconds / time.seconds,
            "noise": time.noise,
        }
        for name, time in times.items()
    ]


def streams(shape: Shape) -> dict[str, Stream]:
    """Every way that there is on this machine, each with the same weights and a state of its own."""
    layer = ours("lstm", shape)
    module = to_torch(layer)
    cell = nn.LSTMCell(shape.input_size, shape.hidden_size)
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in module.state_dict().items()})
    steps = torch.randn(INPUTS, 1, shape.input_size, generator=torch.Generator().manual_seed(4))
    sequences = [step[:, None] for step in steps]
    found = {LSTM: _carried(module, sequences), "nn.LSTMCell": _carried_cell(cell, steps)}
    runtime = session(module)
    if runtime is not None:
        found["ONNX Runtime"] = _carried_onnx(runtime, steps, shape.hidden_size)
    found["Recurrent, a call"] = _carried(lambda x, state: layer(x, state=state), sequences)
    if hasattr(Recurrent, "step"):
        found["Recurrent.step"] = _carried(layer.step, list(steps))
    return found


@torch.no_grad()
def check_streams(ways: dict[str, Stream]) -> None:
    """Raise ThroughtimeError unless all ways give the same after a few steps."""
    for _ in range(3):
        values = {name: torch.as_tensor(way()).flatten() for name, way in ways.items()}
    for name, value in values.items():
        error = float((value - values[LSTM]).abs().max())
        if not error <= TOLERANCE:
            raise ThroughtimeError(f"bench: {name} and {LSTM} differ by {error:.1e}; they cannot be compared")


def _carried(layer: Callable[[Tensor, Any], tuple[Tensor, Any]], inputs: Sequence[Tensor]) -> Stream:
    following, state = cycle(inputs), None

    def step() -> Tensor:
        nonlocal state
        output, state = layer(next(following), state)
        return output

    return step


def _carried_cell(cell: nn.LSTMCell, inputs: Tensor) -> Stream:
    following, state = cycle(inputs), None

    def step() -> Tensor:
        nonlocal state
        state = cell(next(following), state)
        return state[0]

    return step


def _carried_onnx(runtime: Any, inputs: Tensor, units: int) -> Stream:
    following = cycle([step[None].numpy() for step in inputs])
    h = c = torch.zeros(1, 1, units).numpy()

    def step() -> Any:
        nonlocal h, c
        h, c = runtime.run(["h", "c"], {"x": next(following), "h0": h, "c0": c})
        return h

    return step


def summary(rows: Sequence[Row]) -> dict[str, float]:
    return {
        f"{way}: geometric mean of x nn.LSTM": geometric_mean(row["x"] for row in own)
        for way, own in by(rows, "way").items()
        if way != LSTM
    }


def draw(rows: Sequence[Row]) -> Markup:
    title = "Microseconds of a step"
    groups = [(name, [Mark(row["way"], row["us"]) for row in own]) for name, own in by(rows, "size").items()]
    picture = dots("streaming", title, groups, label="µs", first="one step, B = 1", logarithmic=True)
    return titled(picture, title, "The scale is logarithmic.")


TABLE = Table(
    name="streaming",
    title="one step at a time",
    method=METHOD,
    columns=(
        Column("way", "way"),
        Column("size", "size"),
        Column("us", "µs a step"),
        Column("x", "x nn.LSTM"),
        Column("noise", "noise", percent=True),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
