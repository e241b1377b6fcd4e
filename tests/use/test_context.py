"""What context is worth: losses of cut inputs equal those of inputs that were never longer; and the verdict's page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import throughtime as tt
from tests.laws.material import rows, tiny
from throughtime.api.prepare import prepare
from throughtime.api.rows import PreparedRows
from throughtime.batch import Batch, Sequences
from throughtime.data.batches import collated
from throughtime.models.language_model import LanguageModel
from throughtime.models.model import Model
from throughtime.use.inspect.memory import context as module
from throughtime.use.inspect.memory.context import context, context_of_rows, context_of_stream


def trained(kind: str, folder: Path, **changes: object) -> tuple[Model, PreparedRows]:
    options = tiny(kind, epochs=1, **changes)
    run = tt.train(rows(kind), folder / kind, **options)
    prepared = prepare(rows(kind), run.task.name, options, lambda said: None)
    assert isinstance(prepared, PreparedRows) and isinstance(run.model, Model)
    return run.model.double(), prepared


@pytest.mark.parametrize("kind", ["classify", "labels", "regress"])
def test_rows_are_cut_at_their_beginning(kind: str, tmp_path: Path) -> None:
    model, prepared = trained(kind, tmp_path)
    valid = prepared.datasets["valid"]
    batch = collated(valid, np.arange(len(valid)))
    found = context_of_rows(model, batch)
    assert found is not None and found.places == len(valid) and not found.both_ways
    assert found.steps[0] == 1 and found.steps[-1] == int(valid.lengths.max())
    for steps, loss in zip(found.steps, found.losses, strict=True):
        short = dict(batch.columns)
        for name in model.inputs:
            column = batch[name]
            if isinstance(column, Sequences):
                kept = column.lengths.clamp(max=steps)
                data = torch.zeros_like(column.data)
                for row, (length, keep) in enumerate(zip(column.lengths.tolist(), kept.tolist(), strict=True)):
                    data[row, :keep] = column.data[row, length - keep : length]
                short[name] = Sequences(data, kept)
        with torch.no_grad():
            expected = model.losses(Batch(short, batch.sample_ids))[1].mean()
        assert loss == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize(("kind", "both"), [("tags", True), ("steps", True), ("pos", False)])
def test_steps_are_answered_within_a_window(kind: str, both: bool, tmp_path: Path) -> None:
    model, prepared = trained(kind, tmp_path, bidirectional=both)
    valid = prepared.datasets["valid"]
    batch = collated(valid, np.arange(len(valid)))
    found = context_of_rows(model, batch)
    assert found is not None and found.both_ways == both
    lengths = next(column.lengths for column in batch.columns.values() if isinstance(column, Sequences))
    assert found.places == min(512, int(lengths.sum()))
    with torch.no_grad():
        predicted, probabilities = model.head.answers(model(batch))
    target = batch[model.output]
    assert isinstance(target, Sequences)
    truth = torch.cat([target.data[row, :length] for row, length in enumerate(target.lengths.tolist())]).numpy()
    if probabilities is None:
        whole = ((predicted - truth) ** 2).mean()
    else:
        whole = -np.log(probabilities[np.arange(len(truth)), truth]).mean()
    assert found.losses[-1] == pytest.approx(whole, rel=1e-6)


def test_of_a_text_every_place_is_read_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "play.txt").write_text("".join(f"say ({k}) and go {k % 5} on\n" for k in range(200)))
    options = {"hidden_size": 8, "epochs": 1, "bptt": 16}
    run = tt.train(tmp_path / "play.txt", tmp_path / "run", task="language_model", **options)
    model, text = run.model, (tmp_path / "play.txt").read_text()
    assert isinstance(model, LanguageModel)
    prepared = prepare(str(tmp_path / "play.txt"), "language_model", options, lambda said: None, room=tmp_path)
    stream = prepared.streams["valid"]  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "PLACES", 7)
    found = context_of_stream(model.double(), stream, longest=20)
    assert found is not None and found.steps[-1] == 20
    ids = torch.from_numpy(stream.read(0, len(stream)).astype(np.int64))
    at = np.unique(np.linspace(20, len(ids) - 1, 7).astype(np.int64))
    for steps, loss in zip(found.steps, found.losses, strict=True):
        expected = []
        for place in at.tolist():
            with torch.no_grad():
                logs, _ = model.after(ids[None, place - steps : place], None)
            expected.append(-float(logs[0, ids[place]]))
        assert loss == pytest.approx(np.mean(expected), rel=1e-6), text[:0]


def test_the_least_context_is_found_by_halving() -> None:
    for needs in (1, 2, 3, 11, 64, 100):
        chance = np.random.default_rng(needs)
        noise = chance.normal(size=300) * 1e-4

        def loss_at(k: int, needs: int = needs, noise: np.ndarray = noise) -> np.ndarray:
            return np.full(300, 2.0) + max(0, needs - k) / needs + noise

        found = context(loss_at, 100)
        assert found.needs == pytest.approx(needs, abs=max(1, needs // 16))
        assert list(found.steps) == sorted(found.steps) and found.steps[-1] == 100
