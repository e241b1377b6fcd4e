"""The bench compares what is equal, counts right, and has all its rows; how long anything takes is no test."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.cells.forms import assert_near, inputs, layer, needs_the_engine, weighted
from tests.use.page_reader import Page
from throughtime.api.bench import TABLES, Folder, Plan, Results, Shape, bench, chosen, in_words, markdown, page
from throughtime.api.bench.flops import forward_flops, products, training_flops
from throughtime.api.bench.loops import LOOPS
from throughtime.api.bench.plan import SHAPES
from throughtime.api.bench.progress import PlainLines, Silent
from throughtime.api.bench.sides import check_equal, material, named_parts, ours, output_of
from throughtime.api.bench.table import Case, Column, Row, Table
from throughtime.api.bench.tables import lengths, own, streaming
from throughtime.api.bench.timing import Effort, alternate
from throughtime.cells import cells, record
from throughtime.cells.engine.native import why_not_bf16
from throughtime.cells.equations.parameters import Sizes, stacks
from throughtime.cells.recurrent import Recurrent
from throughtime.errors import ThroughtimeError, UsageError

TINY = (Shape(6, 3, 4, 5), Shape(4, 1, 3, 18))
FEW = {"grid": TINY[:1], "cells": TINY[1:], "memory": (Shape(60, 16, 32, 48),)}  # what takes longer, at one shape
ROWS = {"grid": 4, "own": 2, "lengths": 2 * 2, "last": 2, "memory": 1, "bf16": 2}


# The products of one step of one row, counted by hand: matrices times inputs and units.


@pytest.mark.parametrize(
    ("cell", "multiplications"),
    [
        ("lstm", 4 * (15 + 25)),
        ("lstm_peephole", 4 * (15 + 25)),
        ("gru", 3 * (15 + 25)),
        ("gru_reset_before", 3 * (15 + 25)),
        ("mgu", 2 * (15 + 25)),
        ("rnn", 15 + 25),
        ("indrnn", 15),
        ("lstm_coupled", 3 * (15 + 25)),
    ],
)
def test_products_are_counted_on_the_graph(cell: str, multiplications: int) -> None:
    graph, sizes = cells[cell].graph(), Sizes(input_size=3, hidden_size=5, output_size=5)
    assert products(graph, sizes) == multiplications
    assert forward_flops(graph, sizes, steps=7, batch=2) == 2 * 7 * 2 * multiplications
    assert training_flops(graph, sizes, steps=7, batch=2) == 6 * 7 * 2 * multiplications


def test_products_of_an_output_and_of_frames() -> None:
    own_output = cells["rnn"].graph(output=True)
    assert products(own_output, Sizes(input_size=3, hidden_size=5, output_size=2)) == 15 + 25 + 10
    frames = Sizes(input_size=2, hidden_size=3, output_size=3, space=(4, 6), kernel_size=5)
    assert products(cells["convlstm"].graph(), frames) == 4 * (3 * 2 + 3 * 3) * 25 * 24


@pytest.mark.parametrize("name", LOOPS)
def test_the_loops_written_by_hand_are_the_cells(name: str) -> None:
    made = layer(name, engine="reference")
    x = inputs(made, batch=3, steps=6).requires_grad_()
    copies = {key: value.detach().clone().requires_grad_() for key, value in made.weights(made.directions[0]).items()}
    again = x.detach().clone().requires_grad_()
    expected, found = made(x)[0], LOOPS[name](again, copies)
    assert_near(found, expected, "output")
    weighted(expected).backward()
    weighted(found).backward()
    assert x.grad is not None and again.grad is not None
    assert_near(again.grad, x.grad, "gradient of x")
    for key, value in made.weights(made.directions[0]).items():
        assert value.grad is not None and copies[key].grad is not None
        assert_near(copies[key].grad, value.grad, key)


def test_the_own_cell_is_the_built_in_one_in_other_words() -> None:
    graph, built_in = record(own.step), layer(own.BUILT_IN, engine="reference")
    assert graph.signature != built_in.graph.signature
    gates = {name: [m.name for m in stack.members] for stack in stacks(graph) if (name := stack.name) == "bias"}
    assert gates["bias"] != ["b_i", "b_f", "b_g", "b_o"]
    made = Recurrent(graph, 3, 5, engine="reference").double()
    with torch.no_grad():
        parts = named_parts(built_in)
        for name, part in named_parts(made).items():
            part.copy_(parts[name])
    x = inputs(built_in, batch=2, steps=5)
    assert_near(made(x)[0], built_in(x)[0])


@needs_the_engine
def test_what_computes_something_else_is_not_compared() -> None:
    shape = TINY[0]
    given, first, second = material(shape), ours("lstm", shape), ours("lstm", shape)
    sides = {
        "ours": given.side(output_of(first), first.parameters()),
        "the other": given.side(output_of(second), second.parameters()),
    }
    check_equal(sides)
    with torch.no_grad():
        second.weight_hh_l0[1, 2] += 0.5
    with pytest.raises(ThroughtimeError, match="the other and ours differ by .* they cannot be compared"):
        check_equal(sides)


@pytest.mark.parametrize("shape", [Shape(100, 32, 1, 1), Shape(7, 5, 1, 1), Shape(1, 3, 1, 1), Shape(9, 1, 1, 1)])
def test_lengths_are_spread_up_to_the_longest(shape: Shape) -> None:
    found = lengths.spread(shape)
    assert found.shape == (shape.batch,) and int(found.max()) == shape.steps
    assert int(found.min()) >= max(1, math.floor(0.2 * shape.steps))
    if shape.batch == 32:
        assert int(found.min()) == 20 and abs(float(found.double().mean()) - 60) < 0.5
        assert found.tolist() != sorted(found.tolist()) != sorted(found.tolist(), reverse=True)


def test_sides_take_turns() -> None:
    calls: list[str] = []
    sides = {name: lambda name=name: calls.append(name) for name in "ab"}
    times = alternate(sides, Effort(samples=4, sample_seconds=0.0, seconds=0.0))
    assert "".join(calls) == "aabb" + "abbaabba"
    assert all(0 < time.seconds < 1 and time.noise >= 0 for time in times.values())


def test_short_calls_are_repeated_within_a_sample() -> None:
    calls: list[int] = []
    alternate({"a": lambda: calls.append(1)}, Effort(samples=1, sample_seconds=1e-3, seconds=0.0))
    assert len(calls) > 20


def test_shapes_and_tables_by_name() -> None:
    assert Shape.read(" 1,2, 3,4") == (1, 2, 3, 4) and len(set(SHAPES)) == 8
    for wrong in ("1,2,3", "1,2,3,0", "a,b,c,d", ""):
        with pytest.raises(UsageError, match="write steps, batch, input size and hidden size"):
            Shape.read(wrong)
    assert [table.name for table in chosen()] == [table.name for table in TABLES]
    assert [table.name for table in chosen(("own", "grid"))] == ["grid", "own"]
    with pytest.raises(UsageError, match='unknown table "gird"; did you mean "grid"'):
        chosen(("own", "gird"))


@needs_the_engine
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_has_all_its_rows(table: Table) -> None:
    if table.name == "bf16" and why_not_bf16() is not None:
        assert not list(table.cases(Plan()))
        return
    shapes = FEW.get(table.name, TINY)
    results = bench([table], Plan(shapes, quick=True))
    assert results.complete and list(results.rows) == [table.name]
    rows = results.rows[table.name]
    if table.name == "streaming":
        assert {"nn.LSTM", "nn.LSTMCell", "Recurrent, a call"} <= {row["way"] for row in rows}
        assert len({row["size"] for row in rows}) == 2
    else:
        # every cell but the convolutional one, which has shapes of its own; other tests may have registered more
        assert len(rows) == (len(list(cells.items())) if table.name == "cells" else ROWS[table.name])
        assert {str(shape) for shape in shapes} <= {str(row["shape"]) for row in rows}
    for row in rows:
        assert all(row.get("noise", 0.0) >= 0.0 and _good(value) for key, value in row.items() if key != "noise")
    shown = {column.key for column in table.columns}
    assert shown <= {key for row in rows for key in row}, "a column that no row fills"
    assert all(_good(value) for value in table.summary(rows).values())
    _can_be_read(results, table, rows)


def _good(value: object) -> bool:
    return not isinstance(value, float) or (math.isfinite(value) and value > 0)


def _can_be_read(results: Results, table: Table, rows: Sequence[Row]) -> None:
    """As JSON, in words, as a text and as a page, each with every row."""
    data = json.loads(json.dumps(results.to_json()))
    assert data["complete"] and len(data["tables"][table.name]["rows"]) == len(rows)
    assert {"processor", "threads", "instruction_set", "versions"} <= set(data["machine"])
    assert sum(line.startswith("| ") for line in markdown(results).splitlines()) == 1 + len(rows)
    assert f"{table.name}: {table.title}" in in_words(results)
    found = Page(page(results))
    assert found.wrong == [] and len(found.texts("tbody")) == 1
    pictures = found.texts("svg")
    assert bool(pictures) == (table.draw(rows) is not None)
    assert "://" not in page(results) and "<script" not in page(results)


@needs_the_engine
def test_the_ratio_is_of_the_times_beside_it() -> None:
    (row,) = bench(chosen(("last",)), Plan(TINY[:1], quick=True)).rows["last"]
    assert row["x"] == pytest.approx(row["torch_ms"] / row["ours_ms"])
    row = bench(chosen(("grid",)), Plan(TINY[:1], quick=True)).rows["grid"][1]
    assert row["cell"] == "gru" and row["forward_x"] == pytest.approx(row["forward_torch_ms"] / row["forward_ours_ms"])
    assert row["share"] == pytest.approx(row["ideal_ms"] / row["ours_ms"])
    flops = 6 * 6 * 3 * 3 * 5 * (4 + 5)
    assert row["gflops"] == pytest.approx(flops / row["ours_ms"] / 1e6)
    assert row["ideal_ms"] == pytest.approx(flops / row["peak_gflops"] / 1e6)


@needs_the_engine
def test_streams_agree_and_need_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = streaming.streams(TINY[0])
    streaming.check_streams(ways)
    wrong: dict[str, streaming.Stream] = {**ways, "nn.LSTMCell": lambda: torch.full((1, 5), 0.5)}
    with pytest.raises(ThroughtimeError, match="nn.LSTMCell and nn.LSTM differ"):
        streaming.check_streams(wrong)
    monkeypatch.delattr(Recurrent, "step", raising=False)
    assert "Recurrent.step" not in streaming.streams(TINY[0])


@needs_the_engine
def test_what_was_measured_is_kept_after_every_table_and_when_stopped(tmp_path: Path) -> None:
    def stop() -> list[Row]:
        raise KeyboardInterrupt

    def table(name: str, *measures: Callable[[], list[Row]]) -> Table:
        return Table(
            name,
            "a title",
            "Nothing is measured.",
            (Column("shape", "T,B,I,H"), Column("x", "x"), Column("share", "share", percent=True)),
            lambda plan: [Case("a case", 1.0, measure) for measure in measures],
            lambda rows: {"most x": max(row["x"] for row in rows)},
            lambda rows: None,
        )

    row: Row = {"shape": TINY[0], "x": 1.234567, "share": 0.5}
    folder, seen = Folder.made(tmp_path / "new" / "folder"), []

    def keep(results: Results) -> None:
        seen.append((results.done, results.complete))
        folder.keep(results)

    tables = [table("one", lambda: [row]), table("two", lambda: [row, row], stop), table("three", lambda: [row])]
    results = bench(tables, Plan(), Silent(), keep)
    assert (results.complete, results.done, results.cases) == (False, 2, 4) and seen == [(1, False), (2, False)]
    kept = json.loads((folder.path / "results.json").read_text())
    plain = {**row, "shape": list(TINY[0])}
    assert {name: found["rows"] for name, found in kept["tables"].items()} == {"one": [plain], "two": [plain, plain]}
    assert kept["tables"]["one"]["summary"] == {"most x": 1.234567} and not kept["complete"]
    text = (folder.path / "results.md").read_text()
    assert text.count("| 6,3,4,5 | 1.23 | 50 % |") == 3 and "2 of 4 cases" in text
    assert "2 of 4 cases" in (folder.path / "results.html").read_text()


@needs_the_engine
def test_progress_names_what_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    bench(chosen(("own",)), Plan(TINY, quick=True), PlainLines(sys.stderr, every_seconds=0.0))
    first, second = capsys.readouterr().err.splitlines()
    assert first == "own 6,3,4,5  0/2 measured"
    assert second.startswith("own 4,1,3,18  1/2 measured  ") and second.endswith(" left") and " a second  " in second


def test_without_the_engine_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.api.bench.run.library", lambda: None)
    monkeypatch.setattr("throughtime.api.bench.run.status", lambda: "not built: no compiler")
    with pytest.raises(UsageError, match="bench measures the native engine, which is not built: no compiler"):
        bench(TABLES, Plan(quick=True))


def test_a_folder_that_cannot_be_made_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="no folder can be made there"):
        Folder.made(tmp_path / "file" / "folder")


def test_material_is_the_same_for_all() -> None:
    first, second = material(TINY[0]), material(TINY[0])
    assert isinstance(first.dy, Tensor) and torch.equal(first.x, second.x) and first.x.shape == (3, 6, 4)
