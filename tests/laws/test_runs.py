"""Laws 4, 5, 7 and 9 over every task and every cell, by the way a user goes: train, load, resume."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import throughtime as tt
from tests.laws.material import OUTPUT, STEPWISE, assert_same_answer, rows, tiny
from throughtime.cells import cells
from throughtime.errors import DataError, NonFiniteError
from throughtime.models.metrics import metrics
from throughtime.training.progress import Moment, Silent

TASKS = list(OUTPUT)  # and each kind of output that they have
DENSE = [name for name, cell in cells.items() if not cell.convolution]
EVERY_MASK = {
    "dropout": 0.3,
    "zoneout": 0.1,
    "recurrent_dropout": 0.2,
    "drop_connect": 0.2,
    "token_dropout": 0.1,
    "layers": 2,
}
DRAWN_TOO = {
    "channels": {"token_dropout": 0.0},
    "transduce": {"scheduled_sampling": 0.3},
}  # what else is drawn in a task, or cannot be


class KilledError(Exception):
    """Stands for a SIGKILL: training is left where it is."""


class KillAfter(Silent):
    def __init__(self, updates: int) -> None:
        self.left = updates

    def update(self, moment: Moment) -> None:
        self.left -= 1
        if self.left == 0:
            raise KilledError


def fingerprint(run: Path) -> tuple[str, list[dict[str, Any]]]:
    """The weights' hash, and the history without its time fields."""
    history = [json.loads(row) for row in (run / "history.jsonl").read_text().splitlines()]
    kept = [{k: v for k, v in row.items() if k not in ("seconds", "samples_per_second")} for row in history]
    return hashlib.sha256((run / "model.safetensors").read_bytes()).hexdigest(), kept


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("updates", [1, 2, 4, 5])
def test_killed_and_resumed_is_never_stopped(task: str, updates: int, tmp_path: Path) -> None:
    options = tiny(task, checkpoint_seconds=0, average="ema", **{**EVERY_MASK, **DRAWN_TOO.get(task, {})})
    tt.train(rows(task), tmp_path / "whole", **options)
    with pytest.raises(KilledError):
        tt.train(rows(task), tmp_path / "broken", progress=KillAfter(updates), **options)
    tt.train(rows(task), tmp_path / "broken", resume=True, **options)
    assert fingerprint(tmp_path / "broken") == fingerprint(tmp_path / "whole")


@pytest.mark.parametrize("task", ["classify", "tags"])
@pytest.mark.parametrize("cell", DENSE)
def test_every_cell_trains_resumes_and_is_loaded(cell: str, task: str, tmp_path: Path) -> None:
    options = tiny(task, cell=cell, checkpoint_seconds=0, dropout=0.3)
    if task == "tags":
        options["letters"] = "recurrent"  # the cell reads them too
    whole = tt.train(rows(task), tmp_path / "whole", **options)
    with pytest.raises(KilledError):
        tt.train(rows(task), tmp_path / "broken", progress=KillAfter(4), **options)
    tt.train(rows(task), tmp_path / "broken", resume=True, **options)
    assert fingerprint(tmp_path / "broken") == fingerprint(tmp_path / "whole")
    saved = whole.run.predictions.read()
    answers = tt.load(tmp_path / "whole").predict([row["inputs"] for row in saved])
    assert [answer["predicted"] for answer in answers] == [row["predicted"] for row in saved]


@pytest.mark.parametrize("task", TASKS)
def test_saved_is_loaded_and_config_reruns(task: str, tmp_path: Path) -> None:
    material = tmp_path / "rows.jsonl"
    material.write_text("".join(json.dumps(row) + "\n" for row in rows(task)))
    trained = tt.train(material, tmp_path / "run", **tiny(task))
    saved = trained.run.predictions.read()
    loaded = tt.load(tmp_path / "run")
    for row, answer in zip(saved, loaded.predict([row["inputs"] for row in saved]), strict=True):
        assert_same_answer(answer, row, 1e-5 if task in ("regress", "steps") else 1e-6)
    assert loaded.evaluate([{**r["inputs"], OUTPUT[task]: r["truth"]} for r in saved]) == pytest.approx(
        trained.metrics["test"], rel=1e-5
    )
    tt.train(run=tmp_path / "again", config=tmp_path / "run" / "config.toml")
    assert fingerprint(tmp_path / "again") == fingerprint(tmp_path / "run")


@pytest.mark.parametrize("task", TASKS)
def test_one_row_alone_is_answered_as_in_its_batch(task: str, tmp_path: Path) -> None:
    trained = tt.train(rows(task), tmp_path / "run", **tiny(task, precision="float64"))
    some = [{k: v for k, v in row.items() if k != OUTPUT[task]} for row in rows(task)[:7]]
    together = trained.predict(some)
    for row, answer in zip(some, together, strict=True):
        (alone,) = trained.predict([row])
        assert_same_answer(alone, answer, 1e-12)
        if task in STEPWISE:
            assert len(alone["predicted"]) == len(row["words"])


@pytest.mark.parametrize("kind", STEPWISE)
def test_rows_of_unequal_steps_are_refused_with_their_place(kind: str, tmp_path: Path) -> None:
    trained = tt.train(rows(kind), tmp_path / "run", **tiny(kind, epochs=1))
    first, second, *_ = rows(kind)
    shorter = {**second, OUTPUT[kind]: second[OUTPUT[kind]][:-1]}
    with pytest.raises(DataError, match=f'^the records row 2, column "{OUTPUT[kind]}": .* steps?, but column'):
        trained.evaluate([first, shorter])
    if kind == "steps":
        with pytest.raises(DataError, match='^the records row 2, column "signal": .* steps?, but column "words" has 0'):
            trained.predict([first, {**second, "words": []}])


@pytest.mark.parametrize("task", TASKS)
def test_a_baseline_stands_beside_the_score_and_the_verdict_is_honest(task: str, tmp_path: Path) -> None:
    trained = tt.train(rows(task), tmp_path / "run", **tiny(task, baselines=(), epochs=1))
    found = trained.metrics
    assert found["baseline"]["name"] in found["baselines"]
    score = {name: metrics[found["metric"]] for name in found["baselines"]}
    sign = 1 if metrics[found["metric"]].better == "higher" else -1
    best = max(score, key=lambda name: sign * found["baselines"][name]["valid"][found["metric"]])
    assert found["baselines"][best]["valid"][found["metric"]] == pytest.approx(
        found["baselines"][found["baseline"]["name"]]["valid"][found["metric"]]
    )
    certain = task == "transduce" or found["baseline"]["name"] == "linear_chain"  # it gives no probabilities
    without = {"cross_entropy", "perplexity"} if certain else set()
    assert set(found["test"]) - without <= set(found["baseline"])
    if task != "transduce":
        assert set(found["test"]) <= set.union(*(set(figures) for figures in found["baselines"].values()))
    network, baseline = (sign * found[part][found["metric"]] for part in ("test", "baseline"))
    if network < baseline:
        assert (
            "does not beat" in trained.verdict
            or "cannot be told apart" in trained.verdict
            or "ahead" in trained.verdict
        )


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("cell", ["rnn:activation=relu", "lstm:activation=identity,output_activation=identity"])
def test_a_non_finite_value_stops_training_and_is_located(task: str, cell: str, tmp_path: Path) -> None:
    options = tiny(task, cell=cell, learning_rate=1e20, clip_norm=None, schedule="constant", warmup=0, optimizer="sgd")
    with pytest.raises(NonFiniteError) as stopped:
        tt.train(rows(task), tmp_path / "run", **options)
    message = str(stopped.value)
    assert "the first value that is not finite is" in message, message
    assert ("sample" in message and "row" in message) or "the weight" in message, message
    assert stopped.value.exit_code == 3


def test_several_seeds_give_means_and_spread(tmp_path: Path) -> None:
    trained = tt.train(rows("classify"), tmp_path / "run", **tiny("classify", seeds=3, seed=5))
    members = [json.loads((tmp_path / "run" / f"seed-{k}" / "metrics.json").read_text()) for k in (5, 6, 7)]
    figures = torch.tensor([member["test"]["accuracy"] for member in members], dtype=torch.float64)
    assert trained.metrics["test"]["accuracy"] == pytest.approx(float(figures.mean()))
    assert trained.metrics["spread"]["test"]["accuracy"] == pytest.approx(float(figures.std()))
    alone = tt.train(rows("classify"), tmp_path / "alone", **tiny("classify", seed=6))
    assert fingerprint(alone.path) == fingerprint(tmp_path / "run" / "seed-6")


def test_resume_of_a_finished_run_does_nothing(tmp_path: Path) -> None:
    options = tiny("classify")
    tt.train(rows("classify"), tmp_path / "run", **options)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    tt.train(rows("classify"), tmp_path / "run", resume=True, **options)
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()} == before
    shutil.rmtree(tmp_path / "run")
    tt.train(rows("classify"), tmp_path / "run", resume=True, **options)  # nothing saved yet: from the beginning
