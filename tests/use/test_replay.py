"""A batch that stopped training gives the same value again; where it is, and the steps before it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from tests.cli.calling import call
from tests.laws.material import rows, tiny
from tests.laws.test_language import text
from tests.laws.test_language import tiny as tiny_text
from tests.use.all_material import ALL
from throughtime.api import replay
from throughtime.errors import NonFiniteError, UsageError
from throughtime.training.runs import Run
from throughtime.use.inspect.replay.again import Replayed
from throughtime.use.report import build

WILD: dict[str, Any] = {
    "learning_rate": 1e20,
    "clip_norm": None,
    "schedule": "constant",
    "warmup": 0,
    "optimizer": "sgd",
}
OWN = '''
from throughtime.cells import cell, relu, sqrt

@cell
def rooted(p, x, h):
    """Where relu shuts, the root is taken of 0: its derivative is infinite, and times relu's 0 it is NaN."""
    return sqrt(relu(p.W @ x + 0.1) * (1 + p.u * h * h))
'''
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "a relu that grows": ("classify", {"cell": "rnn:activation=relu"}),
    "with masks of every kind": (
        "tags",
        {
            "cell": "lstm:activation=identity,output_activation=identity",
            "dropout": 0.3,
            "layers": 2,
            "recurrent_dropout": 0.2,
            "zoneout": 0.1,
            "drop_connect": 0.1,
            "token_dropout": 0.2,
        },
    ),
    "both directions": ("regress", {"cell": "rnn:activation=relu", "layers": 2, "bidirectional": True}),
    "products of bfloat16": (
        "classify",
        {"cell": "rnn:activation=relu", "precision": "bf16", "engine": "reference", "learning_rate": 1e4},
    ),
    "classes that weigh": ("classify", {"cell": "rnn:activation=relu", "class_weights": "balanced"}),
    "a weight": ("classify", {"cell": "lstm", "learning_rate": 1e300, "optimizer": "adamw"}),
}


def stopped(path: Path, data: Any, **options: Any) -> tuple[Replayed, str]:
    with pytest.raises(NonFiniteError) as caught:
        tt.train(data, path, **options)
    return replay(path), str(caught.value)


def check(found: Replayed, said: str) -> None:
    """The same value, at the place that training named, and the same on a second look."""
    assert found.said == said
    assert found.remarks == () or all("weights" in remark for remark in found.remarks)
    assert found.found is not None and str(found.found) in said
    assert f"the loss is {found.loss:g}" in said
    assert found.place in said
    assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()
    if found.trail is not None and found.trail.exact:
        last = [values[-1] for values in (*found.trail.sizes.values(), *found.trail.gradients.values())]
        assert not all(math.isfinite(value) for value in last)
        assert all(math.isfinite(values[k]) for values in found.trail.sizes.values() for k in range(len(values) - 1))
        assert 1 <= len(found.trail.steps) <= 21
        assert str(found.trail.sample) in said


@pytest.mark.parametrize("name", ROWS)
def test_of_rows(name: str, tmp_path: Path) -> None:
    task, options = ROWS[name]
    found, said = stopped(tmp_path / "run", rows(task), **tiny(task, **{**WILD, **options}))
    check(found, said)
    again = replay(tmp_path / "run")
    assert again.lines() == found.lines() and again.to_json() == found.to_json()
    if name == "a weight":
        assert found.trail is None and found.found is not None and found.found.tensor.startswith("the weight ")
    else:
        assert found.parts()["sample"].endswith(found.place) and "row" in found.place


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_of_running_text_with_its_state(unit: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(text())
    options = tiny_text(cell="rnn:activation=relu", tokens=unit, **{**WILD, "learning_rate": 1e3})
    found, said = stopped(tmp_path / "run", tmp_path / "text.txt", **options)
    check(found, said)
    assert found.found is not None and found.found.inside is not None and found.trail is not None
    assert found.trail.failing == found.found.step and "text.txt" in found.place
    assert found.trail.tokens is not None and len(found.trail.tokens) == len(found.trail.steps)


def test_of_a_gradient_that_is_not_finite(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    options = tiny("classify", cell="rooted", use=(tmp_path / "own.py",), clip_norm=None)
    found, said = stopped(tmp_path / "run", rows("classify"), **options)
    check(found, said)
    assert math.isfinite(found.loss) and found.gradient_norm is not None and math.isnan(found.gradient_norm)
    assert found.found is not None and found.trail is not None
    assert found.parts()["gradient"] == "h" and list(found.trail.gradients) == ["h"]
    running = found.trail.steps if found.trail.backward else found.trail.steps[::-1]
    assert list(running) == sorted(running), "the gradient goes from the end of the sequence to its beginning"
    assert "|dF/dh|" in found.lines()[-len(found.trail.steps) - 1]


def test_from_the_command_line(tmp_path: Path) -> None:
    lines = [f"{row['text']}\t{row['label']}" for row in rows("classify")]
    (tmp_path / "talk.tsv").write_text("\n".join(["text\tlabel", *lines]) + "\n")
    options = [
        "--cell",
        "rnn:activation=relu",
        "--learning-rate",
        "1e6",
        "--set",
        "warmup=0",
        "--set",
        "clip-norm=none",
    ]
    options += ["--hidden-size", "6", "--epochs", "40", "--threads", "1", "--set", "optimizer=sgd", "--batch-size", "8"]
    said = call("train", tmp_path / "talk.tsv", "--run", tmp_path / "run", "--output", "label", *options, "--quiet")
    assert said.code == 3
    found = replay(tmp_path / "run")
    assert found.said in said.err and found.remarks == ()
    assert "talk.tsv row" in found.place


def test_a_run_that_goes_on_has_nothing_to_replay(tmp_path: Path) -> None:
    options = tiny("classify", cell="lstm")
    trained = tt.train(rows("classify"), tmp_path / "run", **options)
    with pytest.raises(UsageError, match="is finished"):
        replay(trained.path)


def test_a_batch_of_another_checkpoint_is_refused(tmp_path: Path) -> None:
    stopped(tmp_path / "a", rows("classify"), **tiny("classify", **{**WILD, "cell": "rnn:activation=relu"}))
    options = tiny("classify", batch_size=8, **{**WILD, "cell": "rnn:activation=relu", "learning_rate": 1e5})
    stopped(tmp_path / "b", rows("classify"), **options)
    (one, other) = (Run(tmp_path / name) for name in "ab")
    for path in one.checkpoint.iterdir():
        path.unlink()
    for path in other.checkpoint.iterdir():
        path.rename(one.checkpoint / path.name)
    with pytest.raises(UsageError, match="belongs to another checkpoint"):
        replay(one.path)


def test_on_a_page(tmp_path: Path) -> None:
    found, _ = stopped(tmp_path / "run", rows("tags"), **tiny("tags", **{**WILD, "cell": "rnn:activation=relu"}))
    made = replace(next(iter(ALL.values()))(), inspection={"nan": found.to_json()})
    page = build(made)
    assert "Where training stopped" in page and found.trail is not None
    assert all(f">{cell}<" in page for row in found.trail.rows() for cell in row)
    assert "Where training stopped" not in build(replace(made, inspection={}))
