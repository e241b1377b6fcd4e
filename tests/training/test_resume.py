"""Law 4: stopped anywhere and resumed equals never stopped, to the bit; also after SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.tiny import Tiny, plain, tiny_job, weights, without_times
from throughtime.errors import UsageError
from throughtime.training.interrupts import InterruptionError
from throughtime.training.loop import fit
from throughtime.training.progress import Moment, Silent
from throughtime.training.runs import Run
from throughtime.training.settings import TrainingSettings

UPDATES = 15


class StopAt(Silent):
    """Presses Ctrl-C (or what else sends a signal) at one update of this process."""

    def __init__(self, update: int, number: signal.Signals = signal.SIGINT, times: int = 1) -> None:
        self.left, self.number, self.times, self.notes = update, number, times, []  # type: ignore[var-annotated]

    def update(self, moment: Moment) -> None:
        self.left -= 1
        if self.left == 0:
            for _ in range(self.times):
                signal.raise_signal(self.number)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


def outcome(run: Run, model: Tiny) -> dict[str, Any]:
    """All that two runs are compared by: the weights in use, the whole last state, the history."""
    latest = json.loads((run.checkpoint / "latest.json").read_text())
    position = latest["position"]
    position["history"] = without_times(position["history"])
    del position["seconds"]
    history = without_times(run.history.read())
    return {"weights": weights(model), "tensors": latest["tensors"]["sha256"], "position": position, "history": history}


def train_in_pieces(path: Path, settings: TrainingSettings, stops: list[int]) -> dict[str, Any]:
    with Run.create(path) as run:
        for stop in stops:
            with pytest.raises(InterruptionError):
                fit(Tiny(), tiny_job(settings, run=run, progress=StopAt(stop)), resume=True)
        model = Tiny()
        fit(model, tiny_job(settings, run=run), resume=True)
        return outcome(run, model)


COMBINATIONS = [
    {"optimizer": optimizer, "average": average, **more}
    for optimizer, more in [
        ("adamw", {"schedule": "cosine", "warmup": 4}),
        ("sgd", {"schedule": "plateau", "plateau_patience": 1}),
        ("rmsprop", {"momentum": 0.4}),
    ]
    for average in ("none", "ema", "uniform")
]


@pytest.mark.parametrize("values", COMBINATIONS, ids=lambda values: f"{values['optimizer']}-{values['average']}")
def test_stopped_at_any_update_equals_never_stopped(tmp_path: Path, values: dict[str, Any]) -> None:
    settings = plain(epochs=3, batch_size=5, learning_rate=0.05, **values)
    whole = train_in_pieces(tmp_path / "whole", settings, [])
    assert whole["position"]["update"] == UPDATES
    for stop in range(1, UPDATES + 1):
        assert train_in_pieces(tmp_path / str(stop), settings, [stop]) == whole, f"stopped after update {stop}"
    assert train_in_pieces(tmp_path / "often", settings, [1] * 7 + [3, 2]) == whole


def test_resuming_what_is_over_changes_nothing(tmp_path: Path) -> None:
    with Run.create(tmp_path) as run:
        first, again = Tiny(), Tiny(seed=3)
        fitted = fit(first, tiny_job(run=run))
        before = outcome(run, first)
        assert fit(again, tiny_job(run=run), resume=True) == fitted
        assert outcome(run, again) == before


def test_resuming_without_anything_saved_begins_and_says_so(tmp_path: Path) -> None:
    stop = StopAt(100)
    with Run.create(tmp_path) as run:
        fit(Tiny(), tiny_job(run=run, progress=stop), resume=True)
    assert stop.notes == ["nothing was saved yet; training starts from the beginning"]


def test_history_rows_after_the_checkpoint_are_forgotten(tmp_path: Path) -> None:
    with Run.create(tmp_path) as run:
        with pytest.raises(InterruptionError):
            fit(Tiny(), tiny_job(run=run, progress=StopAt(7)))
        run.history.append({"epoch": 2})
        with open(run.history.path, "ab") as file:
            file.write(b'{"epoch": 3, "tra')
        with pytest.raises(InterruptionError):
            fit(Tiny(), tiny_job(run=run, progress=StopAt(4)), resume=True)
        assert [row["update"] for row in run.history.read()] == [5, 10], "while training too"
        fitted = fit(Tiny(), tiny_job(run=run), resume=True)
        assert run.history.read() == fitted.history


def test_the_interruption_says_how_to_go_on(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run") as run, pytest.raises(InterruptionError) as caught:
        fit(Tiny(), tiny_job(run=run, progress=StopAt(7, signal.SIGTERM)))
    assert str(caught.value) == (
        f"stopped in epoch 2, after update 7; its state is saved in {tmp_path / 'run'}; "
        "go on with the same command and --resume"
    )
    assert caught.value.exit_code == 130
    with pytest.raises(InterruptionError, match="nothing is saved, because training has no run folder"):
        fit(Tiny(), tiny_job(progress=StopAt(1)))


def test_the_second_ctrl_c_stops_at_once_and_handlers_are_put_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with Run.create(tmp_path) as run:
        with pytest.raises(KeyboardInterrupt):
            fit(Tiny(), tiny_job(run=run, progress=StopAt(3, times=2)))
        assert not run.checkpoint.exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_stop_while_the_last_epoch_is_evaluated_is_heard(tmp_path: Path) -> None:
    def pressing(model: Tiny) -> dict[str, float]:
        signal.raise_signal(signal.SIGINT)
        return {"cross_entropy": 1.0}

    settings = plain(epochs=1, batch_size=5)
    with Run.create(tmp_path) as run:
        with pytest.raises(InterruptionError):
            fit(Tiny(), tiny_job(settings, run=run, evaluate=pressing))
        assert fit(Tiny(), tiny_job(settings, run=run), resume=True).stopped_because == "the one epoch is done"


def test_a_full_disk_in_mid_training_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = plain(epochs=3, batch_size=5, learning_rate=0.02, checkpoint_seconds=0)
    calls = iter(range(10**6))
    real_fsync = os.fsync

    def fsync(handle: int) -> None:
        if next(calls) > 30:
            raise OSError(28, "No space left on device")
        real_fsync(handle)

    with Run.create(tmp_path / "run") as run:
        with monkeypatch.context() as patch, pytest.raises(UsageError, match="the disk is full .* go on with --resume"):
            patch.setattr(os, "fsync", fsync)
            fit(Tiny(), tiny_job(settings, run=run))
        assert 1 < json.loads((run.checkpoint / "latest.json").read_text())["position"]["update"] < UPDATES
        model = Tiny()
        fit(model, tiny_job(settings, run=run), resume=True)
        assert outcome(run, model) == train_in_pieces(tmp_path / "whole", settings, [])


def test_time_adds_up_over_processes(tmp_path: Path) -> None:
    with Run.create(tmp_path) as run:
        with pytest.raises(InterruptionError):
            fit(Tiny(), tiny_job(run=run, progress=StopAt(7)))
        before = json.loads((run.checkpoint / "latest.json").read_text())["position"]["seconds"]
        fitted = fit(Tiny(), tiny_job(run=run), resume=True)
    assert fitted.seconds > before > 0
    assert sum(row["seconds"] for row in fitted.history) == pytest.approx(fitted.seconds)


def test_killed_again_and_again_equals_never_killed(tmp_path: Path) -> None:
    """SIGKILL at random instants, with a checkpoint after every update; in a process of its own, which forks."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    program = [sys.executable, "-m", "tests.training.killed", str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, env=environment, cwd=root)
    assert done.returncode == 0, done.stderr
    kills, resumed = json.loads(done.stdout)
    assert kills >= 10 and resumed >= 5
    found = [outcome(Run(tmp_path / name), loaded(tmp_path / name)) for name in ("killed", "whole")]
    assert found[0] == found[1]


def loaded(path: Path) -> Tiny:
    model = Tiny()
    model.load_state_dict(Run(path).model.read())
    return model
