"""How fast every cell computes its products, beside the LSTM; and cells that torch lacks beside a loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from throughtime.api.bench.flops import training_flops
from throughtime.api.bench.pictures import Mark, dots, titled
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.sides import check_equal, material, ours, output_of
from throughtime.api.bench.table import Case, Column, Row, Table, by, geometric_mean
from throughtime.api.bench.tables.grid import of_torch, sizes
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells.cell import cells, form
from throughtime.cells.recurrent import Recurrent
from throughtime.use.report.html import Markup

LSTM = "lstm"
BESIDE_A_LOOP = ("indrnn",)  # the peephole LSTM's is in the grid
FRAMES = Shape(20, 8, 8, 16)  # T, B, channels, channels of the state
SPACE = 16  # height and width

METHOD = (
    "A training step of every registered cell, beside the LSTM's at the same shape, in turns. GFLOP/s count the "
    "products of the cell's own equations and nothing else; relative is the cell's figure / the LSTM's. A cell with "
    "little product and much arithmetic unit by unit stands low without being slow. indrnn also runs beside a loop in "
    f"plain torch, and so does convlstm, on frames of {SPACE} x {SPACE}; the column engine says what ran our side."
)


def cases(plan: Plan) -> Iterator[Case]:
    for name, cell in cells.items():
        if cell.convolution:
            continue
        for shape in plan.of():
            flops = training_flops(form(name), sizes(shape), shape.steps, shape.batch)
            yield Case(
                f"{name} {shape}", plan.seconds(1.5 * flops, sides=2), partial(measure, name, shape, plan.effort)
            )
    shape = FRAMES._replace(steps=3, batch=2) if plan.quick else FRAMES
    yield Case("convlstm", plan.seconds(3e9, sides=2), partial(measure_frames, shape, plan.effort))


def measure(name: str, shape: Shape, effort: Effort) -> list[Row]:
    layer, lstm, given = ours(name, shape), ours(LSTM, shape), material(shape)
    we = given.side(output_of(layer), layer.parameters())
    beside = given.side(output_of(lstm), lstm.parameters())
    sides = {"ours": we.train, LSTM: beside.train}
    if name in BESIDE_A_LOOP:
        loop = of_torch(layer, given)
        check_equal({"ours": we, "the loop": loop})
        sides["loop"] = loop.train
    times = alternate(sides, effort)
    gflops = {
        side: training_flops(one.graph, sizes(shape), shape.steps, shape.batch) / times[side].seconds / 1e9
        for side, one in (("ours", layer), (LSTM, lstm))
    }
    row: Row = {
        "cell": name,
        "shape": shape,
        "ours_ms": times["ours"].ms,
        "gflops": gflops["ours"],
        "lstm_gflops": gflops[LSTM],
        "relative": gflops["ours"] / gflops[LSTM],
        "engine": layer.used_engine(given.x),
        "noise": max(t.noise for t in times.values()),
    }
    if "loop" in times:
        row |= {"loop_ms": times["loop"].ms, "loop_x": times["loop"].seconds / times["ours"].seconds}
    return [row]


def measure_frames(shape: Shape, effort: Effort) -> list[Row]:
    size = (shape.input_size, SPACE, SPACE)
    layer, given = Recurrent("convlstm", size, shape.hidden_size, initialisation="uniform"), material(shape, *size[1:])
    we, loop = given.side(output_of(layer), layer.parameters()), of_torch(layer, given)
    check_equal({"ours": we, "the loop": loop})
    times = alternate({"ours": we.train, "loop": loop.train}, effort)
    flops = training_flops(layer.graph, layer.directions[0].sizes, shape.steps, shape.batch)
    return [
        {
            "cell": "convlstm",
            "shape": shape,
            "ours_ms": times["ours"].ms,
            "gflops": flops / times["ours"].seconds / 1e9,
            "loop_ms": times["loop"].ms,
            "loop_x": times["loop"].seconds / times["ours"].seconds,
            "engine": layer.used_engine(given.x),
            "noise": max(t.noise for t in times.values()),
        }
    ]


def summary(rows: Sequence[Row]) -> dict[str, float]:
    found = {}
    for cell, own in by(rows, "cell").items():
        for key, words in (("relative", "geometric mean of relative"), ("loop_x", "geometric mean of x loop")):
            values = [row[key] for row in own if key in row]
            if values:
                found[f"{cell}: {words}"] = geometric_mean(values)
    return found


def draw(rows: Sequence[Row]) -> Markup | None:
    relative = {cell: [row["relative"] for row in own if "relative" in row] for cell, own in by(rows, "cell").items()}
    marks = [Mark(cell, geometric_mean(values)) for cell, values in relative.items() if values]
    if not marks:
        return None
    title = "GFLOP/s of every cell, beside the LSTM's"
    picture = dots("cells", title, [("", marks)], label="GFLOP/s / the LSTM's", first="geometric mean", level=1.0)
    return titled(picture, title, "On the dashed line as fast as the LSTM.")


TABLE = Table(
    name="cells",
    title="every cell's products a second, beside the LSTM's",
    method=METHOD,
    columns=(
        Column("cell", "cell"),
        Column("shape", "T,B,I,H"),
        Column("ours_ms", "ours ms"),
        Column("gflops", "GFLOP/s"),
        Column("lstm_gflops", "LSTM's GFLOP/s"),
        Column("relative", "relative"),
        Column("loop_ms", "loop ms"),
        Column("loop_x", "x loop"),
        Column("engine", "engine"),
        Column("noise", "noise", percent=True),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
