"""Several processes come to what one comes to; killed and resumed equals never stopped, to the bit, for them too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import throughtime as tt
from tests.laws.material import rows, tiny
from tests.training.tiny import without_times
from throughtime.batch import Batch, Sequences
from throughtime.errors import UsageError
from throughtime.training.distributed import ALONE, Processes, joined
from throughtime.training.runs import Run

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "OMP_NUM_THREADS": "1"}
EARLY = "another process has ended; its own message says why"
LOST = "what was saved last is whole; go on with the same command and --resume"


def scenario(name: str, folder: Path) -> Any:
    """What came of a scenario of tests/training/together.py."""
    program = [sys.executable, "-m", "tests.training.together", name, str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=280, env=ENVIRONMENT, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line, in two processes."""
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
    command = [*start, "throughtime", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, env=ENVIRONMENT)


def last(path: Path) -> tuple[str, dict[str, Any]]:
    """The digest of all tensors of the checkpoint, and its position without times."""
    latest = json.loads((path / "checkpoint" / "latest.json").read_text())
    position = latest["position"]
    del position["seconds"]
    return latest["tensors"]["sha256"], {**position, "history": without_times(position["history"])}


def assert_close(path: Path, other: Path) -> None:
    """Weights and history equal to rounding."""
    found, expected = Run(path), Run(other)
    torch.testing.assert_close(found.model.read(), expected.model.read(), rtol=1e-4, atol=1e-5)
    for row, wanted in zip(found.history.read(), expected.history.read(), strict=True):
        assert row["valid"] == pytest.approx(wanted["valid"], rel=1e-4, abs=1e-5)
        for name in ("epoch", "update", "learning_rate", "gradient_norm", "clipped"):
            assert row[name] == pytest.approx(wanted[name], rel=1e-4, abs=1e-5)
        assert row["train"]["loss"] == pytest.approx(wanted["train"]["loss"], rel=1e-4)


def test_two_and_three_processes_agree_with_one_also_where_a_batch_has_too_few_rows(tmp_path: Path) -> None:
    assert scenario("agreeing", tmp_path) == [[0], [0, 0], [0, 0, 0]]
    for count in (2, 3):
        assert_close(tmp_path / str(count), tmp_path / "1")


def test_a_carried_state_is_shared_out_and_survives_another_number_of_processes(tmp_path: Path) -> None:
    found = scenario("streaming", tmp_path)
    assert found["codes"] == [[130, 130], [130, 130, 130], [130], [130, 130], [0, 0]]
    assert_close(tmp_path / "2", tmp_path / "1")
    assert_close(tmp_path / "changing", tmp_path / "1")
    assert found["few"]["codes"] == [2, 2, 2]
    assert found["few"]["said"][0].startswith("--batch-size 2: 3 processes cannot share")


def test_killed_again_and_again_equals_never_killed(tmp_path: Path) -> None:
    found = scenario("under_fire", tmp_path)
    assert found["kills"] >= 4
    assert found["last"]["codes"] == [0, 0, 0]
    assert last(tmp_path / "killed") == last(tmp_path / "undisturbed")
    model = (tmp_path / "killed" / "model.safetensors").read_bytes()
    assert model == (tmp_path / "undisturbed" / "model.safetensors").read_bytes()
    ended = [said for code, said in found["survivors"] if code == 1]
    assert sum(said.startswith("a process was lost in epoch") and said.endswith(LOST) for said in ended) >= 2
    assert all(said.endswith((LOST, EARLY)) for said in ended)


def test_a_stop_a_value_that_is_not_finite_and_the_time_limit_end_all(tmp_path: Path) -> None:
    found = scenario("stopped", tmp_path)
    interrupted, blown = found["interrupted"], found["blown"]
    assert interrupted["codes"] == [130, 130]
    assert interrupted["said"][0] == (
        f"stopped in epoch 2, after update 5; its state is saved in {tmp_path / 'interrupted'}; "
        "go on with the same command and --resume"
    )
    assert last(tmp_path / "interrupted") == last(tmp_path / "whole")
    assert blown["codes"] == [3, 3] and blown["said"][0] == blown["said"][1]
    assert "after update 8: the loss is inf; located in samples [" in blown["said"][0]
    assert last(tmp_path / "blown")[1]["failure"] == blown["said"][0]
    assert found["late"]["codes"] == [0, 0]
    assert last(tmp_path / "late")[1]["stopped"].startswith("the time limit of")


def test_training_of_steps_and_of_text_and_what_is_refused(tmp_path: Path) -> None:
    found = scenario("trained", tmp_path)
    for name in ("tags", "language_model"):
        assert found[f"{name}-2"] == {"codes": [0, 0], "said": ["", ""]}
        assert_close(tmp_path / f"{name}-2", tmp_path / f"{name}-1")
    assert found["different"]["codes"] == [2, 2]
    assert found["different"]["said"][0].startswith("the processes do not have the same data and settings")
    assert not (tmp_path / "different" / "config.toml").exists()
    assert found["seeds"]["codes"] == [2, 2] and found["seeds"]["said"][0].startswith("--seeds: several processes")
    assert found["taken"]["codes"] == [2, 1]
    assert "is not empty" in found["taken"]["said"][0]
    assert found["taken"]["said"][1] == EARLY
    assert found["alone_afterwards"]["codes"] == [0, 0]
    assert (tmp_path / "who").read_text() == "0", "only the first comes back from train"
    assert (tmp_path / "second" / "report.html").exists()


def options(settings: dict[str, Any]) -> list[str]:
    """The settings as the command line takes them."""
    named = {"input", "output", "epochs", "hidden_size", "batch_size", "threads", "valid", "test"}
    found = []
    for name, value in settings.items():
        values = value if isinstance(value, tuple) and name in ("input", "output") else [value]
        for one in values:
            text = ",".join(one) if isinstance(one, tuple) else str(one)
            found += [f"--{name.replace('_', '-')}", text] if name in named else ["--set", f"{name}={text}"]
    return found


def test_torchrun_trains_and_resumes(tmp_path: Path) -> None:
    """77 training rows in batches of 19: the last one has a single row."""
    settings = tiny("classify", batch_size=19, class_weights="balanced", dropout=0.3)
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows("classify", 129)))
    alone = tt.train(data, tmp_path / "alone", **settings)
    done = torchrun("train", data, "--run", tmp_path / "run", *options(settings))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report: ") == 1 and done.stderr.count("epoch 2/2") == 1, "only the first one speaks"
    assert alone.run.history.read()[-1]["update"] == 2 * 5 and len(alone.run.predictions.read()) == 26
    assert_close(tmp_path / "run", tmp_path / "alone")
    found = tt.load(tmp_path / "run")
    assert found.metrics["test"] == pytest.approx(alone.metrics["test"], abs=1e-5)
    again = torchrun("train", data, "--run", tmp_path / "run", "--resume", *options(settings))
    assert again.returncode == 0 and "is finished; there is nothing to resume" in again.stderr


def test_torchrun_ends_at_a_value_that_is_not_finite(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows("regress", 60)))
    settings = tiny("regress", learning_rate=1e36, warmup=0, optimizer="sgd", clip_norm="none")
    done = torchrun("train", data, "--run", tmp_path / "run", *options(settings))
    assert done.returncode != 0 and "exitcode  : 3" in done.stderr
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("throughtime: ")]
    assert said.startswith("throughtime: stopped in epoch") and "the first value that is not finite is" in said


def batch(count: int) -> Batch:
    data = torch.arange(count * 3.0).reshape(count, 3)
    ids = torch.arange(count) + 100
    columns: dict[str, torch.Tensor | Sequences] = {"x": Sequences(data, ids % 4), "y": ids}
    return Batch(columns, ids, offset=2).drawing(1, 2, 3)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 9])
def test_the_parts_of_a_batch_are_the_batch(count: int) -> None:
    whole, weight = batch(7), lambda part: float(part["y"].sum())
    parts = [Processes(rank, count).part(whole, weight) for rank in range(count)]
    assert sum(share for _, share in parts) == pytest.approx(1)
    rows = [part for part, share in parts if share > 0]
    assert torch.equal(torch.cat([part.sample_ids for part in rows]), whole.sample_ids)
    assert torch.equal(torch.cat([part["x"].data for part in rows]), whole["x"].data)  # type: ignore[union-attr]
    assert torch.equal(torch.cat([part["x"].lengths for part in rows]), whole["x"].lengths)  # type: ignore[union-attr]
    for part, share in parts:
        assert len(part) >= 1 and (share > 0 or torch.equal(part.sample_ids, whole.sample_ids[:1]))
        assert part.draw is not None and torch.equal(part.draw.sample_ids, part.sample_ids)
        assert (part.offset, part.draw.offset, part.draw.update) == (2, 2, 3)


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined() as processes:
        assert processes is ALONE and processes.first
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(UsageError, match="WORLD_SIZE is 2, but RANK is not set; start with torchrun"), joined():
        pass


def test_devices_of_several_processes() -> None:
    second = Processes(1, 2, 1)
    assert second.device(torch.device("cpu")) == torch.device("cpu")
    assert ALONE.device(torch.device("cuda:1")) == torch.device("cuda:1")
    for wanted in ("cuda:1", "mps"):
        with pytest.raises(UsageError, match=f"--device {wanted}: several processes train on cpu, or on cuda"):
            second.device(torch.device(wanted))
