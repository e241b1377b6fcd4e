"""What is printed of a run that forecasts: after training, and beside another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import throughtime.api as api
from tests.cli.calling import call
from tests.use.forecast_material import forecasts, hourly, written
from throughtime.cli.output import figures
from throughtime.use.verdict import verdict


def test_closing_lines_of_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = hourly()
    run = written(made, tmp_path / "run")
    told = verdict(made.metrics, made.test_rows, made.predictions)
    trained = SimpleNamespace(run=run, metrics=made.metrics, verdict=told)
    monkeypatch.setattr(api, "train", lambda *_, **__: trained)
    out = call("train", "ETTh1.csv", "--run", tmp_path / "other").out.split("\n")
    test, beside = made.metrics["test"], made.metrics["baseline"]
    assert out[0].startswith(f"test   mae {test['mae']:.4f}  coverage {test['coverage']:.4f}  mse ")
    assert out[1].startswith(f"beside mae {beside['mae']:.4f}  ") and out[1].endswith("  (seasonal_naive)")
    assert out[2] == told
    assert out[3:5] == [f"future: {run.path / 'forecast.json'}", f"report: {run.path / 'report.html'}"]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"mae": 0.11349, "mase": None, "coverage": 0.79}, "mae 0.1135  coverage 0.7900"),
        ({"mae": 2_345_678.9, "mse": 6.1e12, "smape": 0.0}, "mae 2345679  mse 6.1e+12  smape 0.0000"),
        ({"mae": 0.0000123, "rmse": 123.456}, "mae 1.23e-05  rmse 123.4560"),
    ],
)
def test_figures_of_any_size(values: dict[str, Any], line: str) -> None:
    assert figures(values) == line


def test_two_runs_beside_each_other(tmp_path: Path) -> None:
    for name, skill in (("a", 0.8), ("b", 3.0)):
        written(forecasts(skill=skill), tmp_path / name)
    out = call("compare", tmp_path / "a", tmp_path / "b").out
    header, best, *_ = out.split("\n")
    assert header.split()[:6] == ["run", "mae", "coverage", "mse", "rmse", "mase"]
    assert best.startswith(str(tmp_path / "b"))
    assert f"{tmp_path / 'b'} has the best mae" in out and "(95 % interval" in out


def test_other_horizons_are_refused_in_words(tmp_path: Path) -> None:
    made = hourly()
    written(made, tmp_path / "a")
    told = {**made.metrics["forecast"], "horizon": 48}
    written(replace(made, metrics={**made.metrics, "forecast": told}), tmp_path / "b")
    found = call("compare", tmp_path / "a", tmp_path / "b")
    assert found.code == 2
    assert "errors grow with the distance, so they cannot be compared" in " ".join(found.err.split())
