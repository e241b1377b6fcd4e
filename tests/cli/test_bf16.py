"""``--precision bf16`` from training to prediction, and where it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import throughtime as tt
from tests.cells.forms import needs_the_engine
from tests.cli.calling import call
from tests.laws.material import assert_same_answer, rows, tiny
from tests.laws.test_runs import KillAfter, KilledError, fingerprint
from throughtime.cells.engine.native import why_not_bf16
from throughtime.cells.engine.native.library import isas

needs_bf16 = pytest.mark.skipif(why_not_bf16() is not None, reason="this machine has no products of bf16")
TEXTS = [{"text": row["text"], "label": row["label"]} for row in rows("classify", 80)]
SMALL = ["--epochs", "2", "--hidden-size", "5", "--set", "embedding_size=4", "--set", "baselines=majority", "--quiet"]
REFUSED = "--precision bf16: it needs AVX-512 instructions, and the native engine runs with"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_text("".join(f"{a},{b}\n" for a, b in [("text", "label"), *(row.values() for row in TEXTS)]))
    return path


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that lacks the instructions."""
    monkeypatch.setenv("THROUGHTIME_ISA", isas()[0])


@needs_bf16
def test_it_trains_and_predicts_and_the_config_keeps_it(table: Path, tmp_path: Path) -> None:
    for name, more in (("plain", []), ("run", ["--precision", "bf16"])):
        said = call("train", table, "--run", tmp_path / name, *SMALL, *more)
        assert said.code == 0, said.err
    run = tmp_path / "run"
    assert 'precision = "bf16"' in (run / "config.toml").read_text()
    assert fingerprint(run) != fingerprint(tmp_path / "plain")
    assert all(weight.dtype == torch.float32 for weight in tt.load(run).run.model.read().values())
    said = call("predict", run, "--text", "a good film", "--json")
    assert said.code == 0 and "predicted" in said.out, said.err
    again = call("train", "--config", run / "config.toml", "--run", tmp_path / "again", "--quiet")
    assert again.code == 0 and fingerprint(tmp_path / "again") == fingerprint(run), again.err


@needs_bf16
@pytest.mark.parametrize("kind", ["classify", "tags"])
def test_killed_and_resumed_is_never_stopped(kind: str, tmp_path: Path) -> None:
    options = tiny(kind, checkpoint_seconds=0, precision="bf16", dropout=0.3, layers=2)
    tt.train(rows(kind), tmp_path / "whole", **options)
    with pytest.raises(KilledError):
        tt.train(rows(kind), tmp_path / "broken", progress=KillAfter(3), **options)
    tt.train(rows(kind), tmp_path / "broken", resume=True, **options)
    assert fingerprint(tmp_path / "broken") == fingerprint(tmp_path / "whole")


@needs_bf16
def test_a_run_is_used_where_it_could_not_have_been_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = tt.train(TEXTS, tmp_path / "run", precision="bf16", epochs=2, hidden_size=5, baselines=("majority",))
    expected = trained.predict(["a good film"])
    monkeypatch.setenv("THROUGHTIME_ISA", isas()[0])
    (found,) = tt.load(tmp_path / "run").predict(["a good film"])
    assert_same_answer(found, expected[0], 1e-2)


@needs_the_engine
@pytest.mark.usefixtures("without")
def test_it_is_refused_before_anything_is_written(table: Path, tmp_path: Path) -> None:
    said = call("train", table, "--run", tmp_path / "run", "--precision", "bf16", *SMALL)
    assert said.code == 2 and REFUSED in said.err and not list((tmp_path / "run").iterdir())
    said = call("check", table, "--set", "precision=bf16")
    assert said.code == 2 and REFUSED in said.err and said.out == ""
    said = call("train", table, "--run", tmp_path / "run", "--precision", "bf16", "--engine", "reference", *SMALL)
    assert said.code == 0, said.err


@needs_the_engine
@pytest.mark.usefixtures("without")
def test_the_doctor_says_why_it_is_not_live() -> None:
    assert call("doctor", "--json").json["bf16"] == f"not live: {REFUSED.partition(': ')[2]} {isas()[0]}"


@needs_bf16
def test_the_doctor_says_that_it_is_live() -> None:
    assert call("doctor", "--json").json["bf16"] == "live"
