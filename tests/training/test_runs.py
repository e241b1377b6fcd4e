"""The run folder: who may write into it, what is in it, and what is said of damage."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.tiny import Tiny
from throughtime.errors import DataError, UsageError
from throughtime.settings import as_dict, build
from throughtime.training.runs import Run
from throughtime.training.settings import TrainingSettings


def finished_run(path: Path) -> Run:
    with Run.create(path) as run:
        run.config.write({"training": as_dict(TrainingSettings())})
        run.metrics.write({"test": {"accuracy": 0.75}})
        run.model.write(Tiny().state_dict())
        run.predictions.write([{"id": 0}, {"id": 1}])
        run.finish()
    return run


def test_all_files_have_the_names_of_the_design(tmp_path: Path) -> None:
    assert {file.path.name for file in Run(tmp_path)} == {
        "config.toml", "fields.json", "vocabulary.json", "scaling.json", "cell.json", "model.safetensors",
        "history.jsonl", "metrics.json", "predictions.jsonl", "data.json", "report.html", "environment.json",
        "samples.json", "attention.json", "forecast.json", "observations.jsonl", "inspection.json",
    }  # fmt: skip


def test_a_folder_that_is_not_empty_is_refused_unless_resumed(tmp_path: Path) -> None:
    finished_run(tmp_path / "run")
    with pytest.raises(
        UsageError, match="is not empty; choose another --run, or go on with what is there with --resume"
    ):
        Run.create(tmp_path / "run")
    with Run.create(tmp_path / "run", resume=True) as run:
        assert run.finished


def test_resuming_into_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(UsageError, match='is not a run folder: it holds "thesis.docx"'):
        Run.create(tmp_path, resume=True)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    for path in (tmp_path / "run", tmp_path / "run" / "inner"):
        with pytest.raises(UsageError, match="--run"):
            Run.create(path)


def test_what_a_kill_left_aside_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".model.safetensors.partial").write_bytes(b"half")
    Run.create(tmp_path, resume=True).close()
    assert list(tmp_path.iterdir()) == []


def test_two_processes_never_train_into_one_folder(tmp_path: Path) -> None:
    program = "import sys; from throughtime.training.runs import Run; Run.create(sys.argv[1], resume=True)"
    with Run.create(tmp_path / "run"):
        other = subprocess.run(
            [sys.executable, "-c", program, tmp_path / "run"], capture_output=True, text=True, timeout=60
        )
        assert "another process is training into this folder" in other.stderr
    other = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "run"], capture_output=True, text=True, timeout=60
    )
    assert other.returncode == 0, other.stderr


def test_the_run_of_a_seed_is_a_run_inside(tmp_path: Path) -> None:
    with Run.create(tmp_path / "run") as run, run.member(3) as member:
        member.metrics.write({})
    assert (tmp_path / "run" / "seed-3" / "metrics.json").exists()
    Run.create(tmp_path / "run", resume=True).close()


def test_open_wants_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such run"):
        Run.open(tmp_path / "run")
    with pytest.raises(UsageError, match="is not a run folder"):
        Run.open(tmp_path)
    with Run.create(tmp_path / "begun") as run:
        run.config.write({})
    with pytest.raises(UsageError, match="is not finished; go on with throughtime train"):
        Run.open(tmp_path / "begun")
    assert finished_run(tmp_path / "run").metrics.read() == Run.open(tmp_path / "run").metrics.read()


def test_checksums_are_sha256_by_name(tmp_path: Path) -> None:
    finished_run(tmp_path)
    sums = json.loads((tmp_path / "checksums.json").read_text())["sha256"]
    assert sorted(sums) == ["config.toml", "metrics.json", "model.safetensors", "predictions.jsonl"]
    for name, digest in sums.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(
    "name", ["config.toml", "metrics.json", "model.safetensors", "predictions.jsonl", "checksums.json"]
)
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, damage: str) -> None:
    finished_run(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    unfinished = (name, damage) == ("checksums.json", "missing")
    with pytest.raises(UsageError if unfinished else DataError) as caught:
        Run.open(tmp_path)
    assert unfinished or name == "checksums.json" or name in str(caught.value)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    sums = json.loads((tmp_path / "checksums.json").read_text())
    (tmp_path / "checksums.json").write_text(json.dumps({**sums, "format": 2}))
    with pytest.raises(UsageError, match="written by a newer throughtime"):
        Run.open(run.path)


def test_a_report_written_anew_is_sealed_anew(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    run.metrics.write({"test": {"accuracy": 0.5}})
    run.finish()
    assert Run.open(tmp_path).metrics.read() == {"test": {"accuracy": 0.5}}


def test_the_configuration_reruns_the_run(tmp_path: Path) -> None:
    settings = TrainingSettings(clip_norm=None, learning_rate=1e-05, schedule="step", schedule_factor=0.25, patience=3)
    strange: dict[str, Any] = {
        "path": 'C:\\x\n"quoted" \x7f é 😀',
        "columns": ("a", "b c"),
        "with space": True,
        "big": 1e300,
    }
    run = Run(tmp_path)
    run.config.write({"training": as_dict(settings), "data": strange})
    found = run.config.read()
    assert build([TrainingSettings], found["training"])[TrainingSettings] == settings
    assert found["data"] == {**strange, "columns": ["a", "b c"]}


def test_json_lines_keep_every_character_a_line_each(tmp_path: Path) -> None:
    rows = [{"text": "one\u2028two\x85\n\r\x00"}, {"text": "half a pair \ud83d"}, {"x": [0.1, 1e-300, None]}, {}]
    run = Run(tmp_path)
    run.predictions.write(rows)
    assert run.predictions.read() == rows
    run.predictions.write([])
    assert run.predictions.read() == []


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.history.path.write_text('{"epoch": 1}\n{"epo')
    with pytest.raises(DataError, match=r"history.jsonl: the file is damaged \(row 2"):
        run.history.read()


def test_equal_weights_are_equal_bytes(tmp_path: Path) -> None:
    model = Tiny()
    model.tied = model.out
    runs = [Run(tmp_path / "a"), Run(tmp_path / "b")]
    for run in runs:
        run.model.write(model.state_dict())
    assert runs[0].model.path.read_bytes() == runs[1].model.path.read_bytes()
    for name, tensor in runs[0].model.read().items():
        assert torch.equal(tensor, model.state_dict()[name])


def test_weights_that_are_not_weights_are_named(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.model.path.write_bytes(b"\xff" * 40)
    with pytest.raises(DataError, match=r"model.safetensors: the file is damaged"):
        run.model.read()
