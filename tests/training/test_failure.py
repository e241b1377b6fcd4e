"""The batch at which training stopped is kept whole, until training has gone on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.training.test_loop import Failing
from tests.training.tiny import Tiny, evaluate, scripted, tiny_job
from throughtime.batch import Batch, Sequences
from throughtime.errors import DataError, NonFiniteError, UsageError
from throughtime.training.checkpoint import load_weights
from throughtime.training.failure import Failure, load_failure, save_failure
from throughtime.training.loop import fit
from throughtime.training.runs import Run


def failure(update: int = 7) -> Failure:
    """One with something in each of its parts."""
    lengths = torch.tensor([3, 0, 2])
    columns: dict[str, torch.Tensor | Sequences] = {
        "a/ö \ud800": Sequences(torch.randn(3, 4, 2), lengths),
        "again": Sequences(torch.randint(9, (3, 4)), lengths),
        "": torch.tensor([1.5, -2.5, float("inf")]),
    }
    state = (torch.randn(2, 3, 5), torch.randn(2, 3, 5))
    batch = Batch(columns, torch.tensor([31, 8, 17]), offset=12).drawing(3, 2, update).after(state)
    return Failure(batch, update, float("nan"), float("inf"), ("a", "b", "c \ud800"), 4, {"head.w": torch.rand(3)})


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    kept = failure()
    save_failure(tmp_path, kept)
    found = load_failure(tmp_path)
    assert (found.update, repr(found.loss), found.gradient_norm) == (7, "nan", float("inf"))
    assert (found.places, found.processes) == (kept.places, 4)
    assert torch.equal(found.buffers["head.w"], kept.buffers["head.w"])
    batch, expected = found.batch, kept.batch
    assert list(batch.columns) == list(expected.columns)
    for name, column in expected.columns.items():
        other = batch.columns[name]
        if isinstance(column, Sequences):
            assert isinstance(other, Sequences)
            assert torch.equal(other.data, column.data) and torch.equal(other.lengths, column.lengths)
        else:
            assert isinstance(other, torch.Tensor) and torch.equal(other, column)
    assert batch.offset == 12 and torch.equal(batch.sample_ids, expected.sample_ids)
    assert batch.draw is not None and (batch.draw.seed, batch.draw.epoch, batch.draw.update) == (3, 2, 7)
    assert batch.draw.offset == 12 and torch.equal(batch.draw.sample_ids, expected.sample_ids)
    assert batch.state is not None and expected.state is not None
    assert all(torch.equal(a, b) for a, b in zip(batch.state, expected.state, strict=True))


def test_a_batch_without_state_and_draw_has_none(tmp_path: Path) -> None:
    save_failure(tmp_path, Failure(Batch({"x": torch.ones(1)}, torch.tensor([5])), 0, 1.0, None, ("",)))
    found = load_failure(tmp_path)
    assert found.batch.state is None and found.batch.draw is None and found.gradient_norm is None


def test_a_later_one_takes_its_place(tmp_path: Path) -> None:
    save_failure(tmp_path, failure(3))
    save_failure(tmp_path, failure(4))
    assert load_failure(tmp_path).update == 4
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_damage_is_named(suffix: str, tmp_path: Path) -> None:
    save_failure(tmp_path, failure())
    (path,) = tmp_path.glob(f"*{suffix}")
    old = path.read_bytes()
    path.write_bytes(old.replace(b"31", b"32") if suffix == ".json" else old[:-1] + bytes([old[-1] ^ 1]))
    if suffix == ".json":
        path.write_bytes(old.replace(b'"update": 7', b'"update": 8'))
    with pytest.raises(DataError, match="the kept batch is damaged .* the run itself is whole") as caught:
        load_failure(tmp_path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_training_keeps_the_batch_it_stops_at_and_the_weights_before_it(what: str, tmp_path: Path) -> None:
    model, places = Failing(what, 7), tiny_job(place=lambda batch, sample: f"row {sample + 1}")
    with Run.create(tmp_path) as run, pytest.raises(NonFiniteError):
        fit(model, tiny_job(run=run, place=places.place))
    found = load_failure(Run.stopped(tmp_path).failure)
    assert found.update == 7 and found.batch.draw is not None and found.batch.draw.update == 7
    assert found.places == tuple(f"row {sample + 1}" for sample in found.batch.sample_ids.tolist())
    assert (found.gradient_norm is None) == (what == "loss")
    weights, position = load_weights(run.checkpoint) or ({}, None)
    assert position is not None and position.update == 7
    assert all(torch.equal(weights[name], weight) for name, weight in model.state_dict().items())
    again = Failing(what, 7)
    again.load_state_dict(weights)
    loss = again.loss(found.batch)
    loss.backward()
    assert repr(float(loss.detach())) == repr(found.loss)


def test_it_is_removed_once_training_has_gone_on(tmp_path: Path) -> None:
    with Run.create(tmp_path) as run:
        with pytest.raises(NonFiniteError):
            fit(Failing("loss", 7), tiny_job(run=run))
        assert run.failure.is_dir()
        with pytest.raises(NonFiniteError):
            fit(Failing("loss", 9), tiny_job(run=run), resume=True)
        assert load_failure(run.failure).update == 9
        fit(Tiny(), tiny_job(run=run), resume=True)
        assert not run.failure.exists()


def test_a_metric_that_is_not_finite_leaves_no_batch(tmp_path: Path) -> None:
    with Run.create(tmp_path) as run:
        with pytest.raises(NonFiniteError):
            fit(Failing("loss", 7), tiny_job(run=run))
        with pytest.raises(NonFiniteError, match="on the validation split"):
            fit(Tiny(), tiny_job(run=run, evaluate=scripted([float("nan")])), resume=True)
    with pytest.raises(UsageError, match="was not stopped by a value that is not finite in a batch"):
        Run.stopped(tmp_path)


def test_there_is_nothing_to_replay_in_other_runs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such run"):
        Run.stopped(tmp_path / "none")
    with pytest.raises(UsageError, match="holds nothing to replay"):
        Run.stopped(tmp_path)
    with Run.create(tmp_path / "run") as run:
        fit(Tiny(), tiny_job(run=run, evaluate=evaluate))
        with pytest.raises(UsageError, match=r"go on with .* --resume"):  # as after Ctrl-C: saved, and not finished
            Run.stopped(run.path)
        run.finish()
    with pytest.raises(UsageError, match="is finished"):
        Run.stopped(run.path)
    with pytest.raises(UsageError, match="holds no batch"):
        load_failure(run.failure)


def test_of_several_seeds_the_one_that_stopped_is_named(tmp_path: Path) -> None:
    with Run.create(tmp_path) as parent, parent.member(5) as member, pytest.raises(NonFiniteError):
        fit(Failing("loss", 0), tiny_job(run=member))
    with pytest.raises(UsageError, match=r"a run for each seed; the one that stopped is .*seed-5"):
        Run.stopped(tmp_path)
