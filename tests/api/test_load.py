"""A finished run is loaded and used on whatever machine it is carried to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import throughtime as tt
from tests.cells.forms import fastest
from tests.laws.material import rows, tiny
from throughtime.errors import UsageError
from throughtime.models.model import used_engine
from throughtime.settings import changed


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device is there")
def test_a_run_of_another_machines_device_answers_here(tmp_path: Path) -> None:
    trained = tt.train(rows("classify"), tmp_path / "run", **tiny("classify"))
    elsewhere = tt.load(tmp_path / "run")
    machine = changed(elsewhere.settings.machine, device="cuda:1")
    elsewhere.__dict__["settings"] = replace(elsewhere.settings, machine=machine)
    row = {"text": "good plot", "size": 2, "shop": "A"}
    assert elsewhere.predict([row]) == trained.predict([row])


def test_none_is_a_value_like_any_other(tmp_path: Path) -> None:
    """``clip_norm=None`` is no bound, not the default bound."""
    free = tt.train(rows("classify"), tmp_path / "free", **tiny("classify", clip_norm=None))
    assert free.settings.training.clip_norm is None
    with pytest.raises(UsageError, match="--layers None"):
        tt.train(rows("classify"), tmp_path / "none", **tiny("classify", layers=None))


def test_the_environment_names_the_engine_from_python_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_ENGINE", "reference")
    trained = tt.train(rows("classify"), tmp_path / "run", **tiny("classify"))
    assert trained.metrics["engine"] == "reference" == used_engine(trained.model)
    monkeypatch.setenv("THROUGHTIME_ENGINE", "auto")
    assert used_engine(tt.load(tmp_path / "run").model) == fastest("lstm")
    monkeypatch.setenv("THROUGHTIME_ENGINE", "torhc")
    with pytest.raises(UsageError, match='unknown engine in THROUGHTIME_ENGINE "torhc"'):
        _ = tt.load(tmp_path / "run").model


def test_inputs_without_a_sequence_are_refused() -> None:
    rows = [{"x": i / 7, "y": i % 2} for i in range(40)]
    with pytest.raises(UsageError, match=r'nothing to read in order: the inputs are "x" \(number\)'):
        tt.check(rows, output="y")


def test_the_mask_of_no_dropout_cannot_be_unlocked() -> None:
    rows = [{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)]
    with pytest.raises(UsageError, match="--set locked_dropout=no"):
        tt.check(rows, output="label", dropout=0, locked_dropout=False)
