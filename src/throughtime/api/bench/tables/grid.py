"""LSTM, GRU and Elman network beside torch's layers, and the peephole LSTM beside a loop in torch, over many shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from throughtime.api.bench.flops import forward_flops, peak, sgemm, training_flops
from throughtime.api.bench.loops import LOOPS
from throughtime.api.bench.pictures import Mark, dots, pair, titled
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.sides import Material, Side, check_equal, material, ours, output_of
from throughtime.api.bench.table import Case, Column, Row, Table, by, geometric_mean
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells.cell import form
from throughtime.cells.equations.parameters import Sizes
from throughtime.cells.recurrent import Recurrent
from throughtime.cells.torch_weights import to_torch
from throughtime.use.report.html import Markup

CELLS = ("lstm", "gru", "rnn", "lstm_peephole")

METHOD = (
    "One layer, float32, equal weights on both sides. lstm, gru and rnn: torch.nn.LSTM, GRU and RNN; lstm_peephole: a "
    "loop over the steps in plain torch. A training step is forward and backward; x requires a gradient and that of "
    "the output is dense. Forward alone (fw) is under no_grad. Both sides and a product of square matrices take turns "
    "in one process; medians. The ideal is the time of all products of a training step (6 B T gates H (I + H) flops) "
    "at the speed of that product; the share is ideal / ours. x is torch's time / ours: above 1 we are faster. Noise "
    "is half the distance between the quartiles, as a share of the median, of the noisier side."
)


def cases(plan: Plan) -> Iterator[Case]:
    for cell in CELLS:
        for shape in plan.of():
            flops = training_flops(form(cell), sizes(shape), shape.steps, shape.batch)
            yield Case(
                f"{cell} {shape}", plan.seconds(4 / 3 * flops, sides=4), partial(measure, cell, shape, plan.effort)
            )


def sizes(shape: Shape) -> Sizes:
    return Sizes(shape.input_size, shape.hidden_size, shape.hidden_size)


def of_torch(layer: Recurrent, given: Material) -> Side:
    """What torch has for the cell, with the weights of ``layer``: its own layer, or the loop written by hand."""
    weights = {name: weight.detach().clone() for name, weight in layer.weights(layer.directions[0]).items()}
    if layer.graph.cell in LOOPS:
        learned = {name: weight.requires_grad_() for name, weight in weights.items()}
        return given.side(partial(LOOPS[layer.graph.cell], p=learned), learned.values())
    module = to_torch(layer)
    return given.side(output_of(module), module.parameters())


def measure(cell: str, shape: Shape, effort: Effort) -> list[Row]:
    layer, given = ours(cell, shape), material(shape)
    torch, we = of_torch(layer, given), given.side(output_of(layer), layer.parameters())
    check_equal({"ours": we, "torch": torch})
    product = sgemm()
    both = alternate({"torch": torch.train, "ours": we.train, "sgemm": product}, effort)
    forward = alternate({"torch": torch.forward, "ours": we.forward, "sgemm": product}, effort)
    flops = training_flops(layer.graph, sizes(shape), shape.steps, shape.batch)
    flops_forward = forward_flops(layer.graph, sizes(shape), shape.steps, shape.batch)
    ideal = flops / peak(both["sgemm"].seconds)
    ideal_forward = flops_forward / peak(forward["sgemm"].seconds)
    return [
        {
            "cell": cell,
            "shape": shape,
            "ideal_ms": 1e3 * ideal,
            "torch_ms": both["torch"].ms,
            "ours_ms": both["ours"].ms,
            "x": both["torch"].seconds / both["ours"].seconds,
            "share": ideal / both["ours"].seconds,
            "gflops": flops / both["ours"].seconds / 1e9,
            "forward_ideal_ms": 1e3 * ideal_forward,
            "forward_torch_ms": forward["torch"].ms,
            "forward_ours_ms": forward["ours"].ms,
            "forward_x": forward["torch"].seconds / forward["ours"].seconds,
            "forward_share": ideal_forward / forward["ours"].seconds,
            "forward_gflops": flops_forward / forward["ours"].seconds / 1e9,
            "peak_gflops": peak(both["sgemm"].seconds) / 1e9,
            "noise": max(t[side].noise for t in (both, forward) for side in ("torch", "ours")),
        }
    ]


def summary(rows: Sequence[Row]) -> dict[str, float]:
    found = {}
    for cell, own in by(rows, "cell").items():
        found[f"{cell}: geometric mean of x"] = geometric_mean(row["x"] for row in own)
        found[f"{cell}: geometric mean of x, forward"] = geometric_mean(row["forward_x"] for row in own)
    for key, words in (("x", "worst x"), ("forward_x", "worst x, forward")):
        worst = min(rows, key=lambda row: row[key])
        found[f"{words} ({worst['cell']} {worst['shape']})"] = worst[key]
    return found


def draw(rows: Sequence[Row]) -> Markup:
    groups = by(rows, "cell").items()
    times = [(cell, [Mark(str(row["shape"]), row["x"], row["forward_x"]) for row in own]) for cell, own in groups]
    shares = [
        (cell, [Mark(str(row["shape"]), row["share"], row["forward_share"]) for row in own]) for cell, own in groups
    ]
    chart = partial(dots, first="forward and backward", second="forward alone", level=1.0)
    faster, near = "How many times faster than torch", "How near to the ideal"
    return pair(
        titled(
            chart("grid-x", faster, times, label="torch's time / ours", logarithmic=True),
            faster,
            "On the dashed line both take the same time. Shapes are T,B,I,H.",
        ),
        titled(
            chart("grid-share", near, shares, label="time of the products at full speed / our time"),
            near,
            "At the dashed line nothing but products at full speed.",
        ),
    )


TABLE = Table(
    name="grid",
    title="against torch's layers, and the peephole LSTM against a loop",
    method=METHOD,
    columns=(
        Column("cell", "cell"),
        Column("shape", "T,B,I,H"),
        Column("ideal_ms", "ideal ms"),
        Column("torch_ms", "torch ms"),
        Column("ours_ms", "ours ms"),
        Column("x", "x"),
        Column("share", "of ideal", percent=True),
        Column("gflops", "GFLOP/s"),
        Column("forward_ideal_ms", "fw ideal"),
        Column("forward_torch_ms", "fw torch"),
        Column("forward_ours_ms", "fw ours"),
        Column("forward_x", "fw x"),
        Column("noise", "noise", percent=True),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
