"""Looking into a network while it learns: what is seen is right, and training does not notice."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import throughtime as tt
from throughtime.batch import Batch, Draw, Sequences
from throughtime.cells import cells, record, sigmoid, tanh
from throughtime.cells.cell import form
from throughtime.cells.recurrent import Recurrent
from throughtime.training.observe import look
from throughtime.training.observe.gates import squashings, units
from throughtime.training.observe.jacobian import spectral_norms
from throughtime.training.observe.looking import longest_rows
from throughtime.training.observe.updates import gradients_of, updates, weights_of
from throughtime.training.observe.watched import watched

LENGTHS = torch.tensor([5, 9, 1, 7])


class Summed(nn.Module):
    """A number from the sum of a layer's outputs."""

    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer

    def loss(self, batch: Batch) -> Tensor:
        x = batch["x"]
        assert isinstance(x, Sequences)
        hidden, _ = self.layer(x.data, x.lengths, draw=batch.draw)
        return (hidden.flatten(1).sum(1) - 0.3).square().mean()


def drawn(cell: str, **options: Any) -> tuple[Summed, Batch]:
    generator = torch.Generator().manual_seed(3)
    graph = record(drifting, name="drifting") if cell == "drifting" else form(cell)
    convolution = graph.convolution
    size: int | Sequence[int] = (2, 4, 3) if convolution else 3
    layer = Recurrent(graph, size, 4, generator=generator, **options).double()
    shape = (4, 9, *((2, 4, 3) if convolution else (3,)))
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    return Summed(layer), Batch({"x": Sequences(x, LENGTHS)}, torch.tensor([5, 2, 9, 4]))


def drifting(p: Any, x: Any, h: Any, s: Any) -> Any:
    """A cell of the reader's own, with two states and a product of a product."""
    keep = sigmoid(p.W_k @ x + p.U_k @ h + p.b_k)
    s = keep * s + (1 - keep) * tanh(p.W @ x + p.U @ (keep * h))
    return tanh(s), s


@pytest.mark.parametrize("cell", [*(name for name, _ in cells.items()), "drifting"])
def test_every_cell_is_looked_into(cell: str) -> None:
    """All quantities, states, distances and Jacobians, in two layers and both directions, with masks."""
    model, batch = drawn(cell, num_layers=2, bidirectional=True, dropout=0.2)
    for drawing in (None, Draw(1, 2, 3, batch.sample_ids)):
        found = look(model.train(drawing is not None), Batch(batch.columns, batch.sample_ids, draw=drawing))
        assert [entry.place.partition(", ")[2] for entry in found] == [
            "layer 0",
            "layer 0, backward",
            "layer 1",
            "layer 1, backward",
        ]
        known = {*dict(model.layer.graph.names), *model.layer.graph.states}
        for entry in found:
            assert {measured.name for measured in entry.units} == known
            assert entry.distances is not None and entry.distances.norms["all"][0] > 0
            assert entry.jacobian is None  # one row has a single step
    for entry in look(model, batch.rows(torch.tensor([0, 1, 3]))):
        assert entry.jacobian is not None and entry.jacobian > 0


ON_ENGINES = [
    (cell, engine)
    for cell in (*(name for name, _ in cells.items()), "drifting")
    for engine in ("native", "torch", "reference")
    if engine != "torch" or cell in ("rnn", "lstm", "gru")  # torch has no other layers
]


@pytest.mark.parametrize(("cell", "engine"), ON_ENGINES)
def test_what_is_recorded_equals_the_reference_on_any_engine(cell: str, engine: str) -> None:
    model, batch = drawn(cell)
    x = batch["x"]
    assert isinstance(x, Sequences)
    truth = model.layer.record(x.data, x.lengths)
    model.layer.engine = engine
    for name, values in model.layer.record(x.data, x.lengths).items():
        torch.testing.assert_close(values, truth[name], rtol=0, atol=0)
    output, _ = model.layer(x.data, x.lengths)
    state = model.layer.graph.states[0]
    if model.layer.graph.output in model.layer.graph.new_states:
        torch.testing.assert_close(output, truth[f"l0.{state}"], rtol=1e-12, atol=1e-12)


def test_a_quantity_is_what_its_equation_says() -> None:
    model, batch = drawn("lstm")
    x = batch["x"]
    assert isinstance(x, Sequences)
    recorded = model.layer.record(x.data, x.lengths)
    weights = {name: weight.detach() for name, weight in model.layer.named_parameters()}
    h = c = torch.zeros(4, dtype=torch.float64)
    for step in range(9):
        summed = weights["weight_ih_l0"] @ x.data[1, step] + weights["weight_hh_l0"] @ h + weights["bias_l0"]
        i, f, g, o = summed.chunk(4)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        for name, value in {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}.items():
            torch.testing.assert_close(recorded[f"l0.{name}"][1, step], value, rtol=1e-12, atol=1e-12)


def test_the_norm_of_a_step_s_jacobian() -> None:
    generator = torch.Generator().manual_seed(7)
    for states in (1, 2):
        before = [
            torch.randn(3, 4, generator=generator, dtype=torch.float64, requires_grad=True) for _ in range(states)
        ]
        maps = [torch.randn(3, 4 * states, 4, generator=generator, dtype=torch.float64) for _ in range(states)]
        joined = torch.cat(before, 1)
        after = [torch.tanh((joined[:, None] @ matrix)[:, 0]) for matrix in maps]
        found = spectral_norms(before, after)
        for row in range(3):
            whole = torch.autograd.functional.jacobian(
                lambda s, row=row, maps=maps: torch.cat([torch.tanh(s @ matrix[row]) for matrix in maps]),
                joined[row].detach(),
            )
            assert float(found[row]) == pytest.approx(float(torch.linalg.matrix_norm(whole, 2)), rel=1e-3)


def test_saturated_dead_and_still_units() -> None:
    model, batch = drawn("lstm")
    size = model.layer.hidden_size
    with torch.no_grad():
        model.layer.bias_l0[3 * size : 3 * size + 2] = 50.0  # of the output gate two units of four are open for ever
        model.layer.bias_l0[size] = -50.0  # and one of the forget gate is shut
    (call,) = watched(model, batch).calls
    found = {entry.name: entry for entry in units(call)}
    assert squashings(model.layer.graph) == {"i": "sigmoid", "f": "sigmoid", "g": "tanh", "o": "sigmoid"}
    o, f = found["o"], found["f"]
    assert o.high is not None and o.low is not None and f.low is not None
    np.testing.assert_allclose(o.high[:2], 1)
    assert f.low[0] == 1
    assert o.still == pytest.approx(0.5)
    assert found["c"].saturated == 0 and found["c"].squashing is None
    values = model.layer.record(batch["x"].data, batch["x"].lengths)["l0.o"]  # type: ignore[union-attr]
    valid = torch.cat([values[row, :length] for row, length in enumerate(LENGTHS.tolist())])
    np.testing.assert_allclose(o.mean, valid.mean(0).detach(), rtol=1e-12)


def test_how_far_an_update_moves_the_weights() -> None:
    model, batch = drawn("rnn")
    model.loss(batch).backward()
    before, gradients = weights_of(model), gradients_of(model)
    with torch.no_grad():
        for weight in model.parameters():
            weight -= 0.1 * weight.grad  # type: ignore[operator]
    found = updates(model, before, gradients)
    name = "layer.weight_hh_l0"
    gradient = model.layer.weight_hh_l0.grad
    assert isinstance(gradient, Tensor)
    assert found[name].gradient == pytest.approx(float(gradient.norm()))
    assert found[name].ratio == pytest.approx(0.1 * float(gradient.norm()) / float(before[name].norm()))
    assert found["layer.bias_l0"].ratio == 0  # it began as 0


def test_the_longest_rows_are_looked_at() -> None:
    _, batch = drawn("rnn")
    some = longest_rows(batch, 2)
    assert some is not None and some.sample_ids.tolist() == [2, 4]
    some = longest_rows(batch, 2, most=6)
    assert some is not None and some.sample_ids.tolist() == [5, 9]
    assert longest_rows(batch, 2, most=0) is None


ROWS = [{"text": ("ab" if k % 2 else "ba") * (1 + k % 5), "label": "xy"[k % 2]} for k in range(160)]
TEXT = "to be or not to be, that is the question\n" * 40


@pytest.mark.parametrize("material", ["rows", "text"])
def test_looking_changes_no_bit(material: str, tmp_path: Path) -> None:
    """Weights and history, with masks, carried states and truncation."""
    data: Any = ROWS
    options: dict[str, Any] = {"output": "label"}
    if material == "text":
        data, options = tmp_path / "play.txt", {"bptt": 12, "task": "language_model"}
        data.write_text(TEXT)
    found = []
    for observe in (True, False):
        run = tmp_path / f"run-{observe}"
        tt.train(data, run, epochs=2, hidden_size=8, dropout=0.3, recurrent_dropout=0.1, observe=observe, **options)
        history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
        for row in history:
            del row["seconds"], row["samples_per_second"]
        found.append(((run / "model.safetensors").read_bytes(), history))
        assert (run / "observations.jsonl").exists() == observe
    assert found[0] == found[1]


def test_a_line_of_observations(tmp_path: Path) -> None:
    run = tt.train(ROWS, tmp_path / "run", output="label", epochs=2, hidden_size=8, cell="gru")
    rows = run.run.observations.read()
    first = rows[0]
    assert (first["epoch"], first["update"]) == (1, 0)
    assert {layer["place"] for layer in first["layers"]} == {
        "text, layer 0",
        "text, layer 0, backward",
    }
    layer = first["layers"][0]
    assert layer["cell"] == "gru" and len(layer["distances"]["h"]) > 2 and layer["jacobian"] > 0
    assert set(layer["quantities"]) == {"r", "z", "n", "h"}
    assert {"encoders.0.recurrent.weight_hh_l0", "head.summary.weight"} <= set(first["parameters"])
    for figures in first["parameters"].values():
        assert math.isfinite(figures["ratio"]) and figures["weight"] >= 0
    assert first["seconds"] > 0
