"""Unequal lengths: beside packed sequences in torch, and beside our own time for rows that all run to the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from throughtime.api.bench.flops import training_flops
from throughtime.api.bench.pictures import Mark, dots, titled
from throughtime.api.bench.plan import Plan, Shape
from throughtime.api.bench.sides import check_equal, material, ours, output_of
from throughtime.api.bench.table import Case, Column, Row, Table, by, geometric_mean
from throughtime.api.bench.tables.grid import sizes
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells.cell import form
from throughtime.cells.torch_weights import to_torch
from throughtime.use.report.html import Markup

CELLS = ("lstm", "gru")
SHAPES = (Shape(100, 32, 128, 128), Shape(100, 32, 256, 256))
SMALL = (Shape(40, 8, 32, 48),)
SHORTEST = 0.2  # of T

METHOD = (
    "Lengths spread evenly between 0.2 T and T, in random order; a training step with a dense gradient. torch: "
    "pack_padded_sequence(enforce_sorted=False), the layer, pad_packed_sequence, all of them within the time, as a "
    "user has it. Ours is given the lengths. x is torch's time / ours; / dense is ours / our time when all rows run "
    "to the end, where the share of steps that are valid would be the least."
)


def spread(shape: Shape) -> Tensor:
    """(B,)"""
    lengths = torch.linspace(max(1.0, SHORTEST * shape.steps), shape.steps, shape.batch).round().long()
    lengths[-1] = shape.steps
    return lengths[torch.randperm(shape.batch, generator=torch.Generator().manual_seed(3))]


def packed(module: nn.RNNBase, lengths: Tensor, x: Tensor) -> Tensor:
    """As a user writes it."""
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, _ = pad_packed_sequence(module(packed)[0], batch_first=True)
    return output


def cases(plan: Plan) -> Iterator[Case]:
    for cell in CELLS:
        for shape in plan.of(SHAPES, SMALL):
            flops = training_flops(form(cell), sizes(shape), shape.steps, shape.batch)
            yield Case(f"{cell} {shape}", plan.seconds(2 * flops, sides=3), partial(measure, cell, shape, plan.effort))


def measure(cell: str, shape: Shape, effort: Effort) -> list[Row]:
    layer, given, lengths = ours(cell, shape), material(shape), spread(shape)
    module = to_torch(layer)
    torchs = given.side(partial(packed, module, lengths), module.parameters())
    we = given.side(output_of(partial(layer, lengths=lengths)), layer.parameters())
    dense = given.side(output_of(layer), layer.parameters())
    check_equal({"ours": we, "torch": torchs})
    times = alternate({"torch": torchs.train, "ours": we.train, "dense": dense.train}, effort)
    return [
        {
            "cell": cell,
            "shape": shape,
            "valid": float(lengths.sum()) / (shape.steps * shape.batch),
            "torch_ms": times["torch"].ms,
            "ours_ms": times["ours"].ms,
            "x": times["torch"].seconds / times["ours"].seconds,
            "dense_ms": times["dense"].ms,
            "of_dense": times["ours"].seconds / times["dense"].seconds,
            "noise": max(t.noise for t in times.values()),
        }
    ]


def summary(rows: Sequence[Row]) -> dict[str, float]:
    return {
        f"{cell}: geometric mean of x": geometric_mean(row["x"] for row in own)
        for cell, own in by(rows, "cell").items()
    }


def draw(rows: Sequence[Row]) -> Markup:
    title = "Unequal lengths: how many times faster than packing"
    groups = [(cell, [Mark(str(row["shape"]), row["x"]) for row in own]) for cell, own in by(rows, "cell").items()]
    picture = dots(
        "lengths", title, groups, label="torch's time / ours", first="forward and backward", level=1.0, logarithmic=True
    )
    return titled(picture, title, "On the dashed line both take the same time.")


TABLE = Table(
    name="lengths",
    title="rows of unequal length, against packed sequences",
    method=METHOD,
    columns=(
        Column("cell", "cell"),
        Column("shape", "T,B,I,H"),
        Column("valid", "valid steps", percent=True),
        Column("torch_ms", "torch ms"),
        Column("ours_ms", "ours ms"),
        Column("x", "x"),
        Column("dense_ms", "ours dense ms"),
        Column("of_dense", "/ dense"),
        Column("noise", "noise", percent=True),
    ),
    cases=cases,
    summary=summary,
    draw=draw,
)
