"""Forecasts explained: what was given adds up, and is by hand what a line gives; the page and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime as tt
from tests.cli.calling import call
from tests.models.test_forecasting import HORIZON, forecaster, reads
from tests.use.forecast_material import hourly
from tests.use.page_reader import Page, section
from throughtime.data.scaling import Scaling
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.windows import Windows
from throughtime.data.times import Axis, Step, Style
from throughtime.models.model import Model
from throughtime.use.forecasting import forecasts
from throughtime.use.inspect.explain import ExplainedForecast, explain_forecast, forecast_lines
from throughtime.use.report import build

UNIT = Scaling(20.0, 4.0)


def dated(normalise: str = "last") -> Windows:
    windows = reads(normalise)
    return replace(windows, panel=replace(windows.panel, axis=Axis(0, Step.parse("1d"), Style("%Y-%m-%d"))))


def one(windows: Windows, series: int = 0, first: int = 20) -> Backtest:
    return Backtest(windows.panel, np.array([series]), np.array([first]), HORIZON)


def explained(model: Model, windows: Windows, step: int = 2, calendar: int = 1, **where: int) -> ExplainedForecast:
    asked = one(windows, **where)
    return explain_forecast(model, windows, asked, step, scaling=UNIT, target="sold", calendar=calendar)


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_all_that_was_given_adds_up_to_the_forecast(cell: str, normalise: str, decoding: str) -> None:
    windows = dated(normalise)
    model = forecaster(windows, cell, decoding=decoding)
    for where in ({}, {"series": 1, "first": 2}):
        found = explained(model, windows, **where)
        asked = one(windows, **where)
        point = forecasts(model, windows, asked).point[0, 2]
        assert found.value == pytest.approx(UNIT.unscale(point)) and found.attribution.complete
        assert found.attribution.score == pytest.approx(found.value)
        whole = sum(part.total for part in found.parts)
        assert whole == pytest.approx(found.value - found.attribution.baseline, abs=UNIT.deviation * 2e-3)
        level = [] if normalise == "none" else [{"last": "last value", "standard": "mean of the window"}[normalise]]
        expected = ["sold, before", "p, before", "calendar, before", "k1, before", "calendar, ahead", "k1, ahead"]
        assert [part.name for part in found.parts] == expected + level
        steps = min(5, where.get("first", 20))
        assert [len(part.given) for part in found.parts] == [steps] * 4 + [HORIZON] * 2 + [1] * len(level)
        assert [len(part.times) for part in found.parts] == [len(part.given) for part in found.parts]


def test_of_a_linear_forecast_each_value_gives_its_weight_times_itself() -> None:
    windows = dated("none")
    model = forecaster(windows)
    torch.nn.init.zeros_(model.head.last.weight)  # type: ignore[union-attr]
    torch.nn.init.zeros_(model.head.last.bias)  # type: ignore[union-attr]
    found = explained(model, windows)
    values = windows.panel.filled[0][15:20]
    linear = model.head.linear  # type: ignore[union-attr]
    np.testing.assert_allclose(found.parts[0].given, UNIT.deviation * linear.weights[2].numpy() * values, rtol=1e-6)  # type: ignore[union-attr,index]
    ahead = {part.name: part for part in found.parts}["k1, ahead"]
    known = windows.panel.known[0][20 : 20 + HORIZON, 1]
    weights = (linear.response[2] * linear.known[:, 1]).numpy()  # type: ignore[union-attr,index]
    np.testing.assert_allclose(ahead.given, UNIT.deviation * weights * known, rtol=1e-6)
    assert found.linear == pytest.approx(found.value)
    assert found.attribution.baseline == pytest.approx(UNIT.unscale(float((linear.response @ linear.bias)[2])))  # type: ignore[union-attr,operator]


def test_the_linear_part_is_what_is_said_without_the_network() -> None:
    windows = dated()
    model = forecaster(windows)
    found = explained(model, windows)
    assert found.drawn is None
    model.head.share.zero_()  # type: ignore[union-attr,operator]
    assert found.linear == pytest.approx(UNIT.unscale(forecasts(model, windows, one(windows)).point[0, 2]))
    assert found.linear != pytest.approx(found.value)
    model.head.linear.weights.zero_()  # type: ignore[union-attr,operator]
    assert explained(model, windows).linear is None


@pytest.mark.parametrize("normalise", ["none", "last", "standard"])
def test_without_a_value_is_the_forecast_were_it_missing(normalise: str) -> None:
    windows = dated(normalise)
    model = forecaster(windows)
    found = explained(model, windows)
    for k, step in enumerate(range(15, 20)):
        values = [part.copy() for part in windows.panel.values]
        values[0][step] = np.nan
        other = replace(windows, panel=replace(windows.panel, values=tuple(values)))
        expected = UNIT.unscale(forecasts(model, other, one(other)).point[0, 2])
        assert found.without[k] == pytest.approx(expected, rel=1e-6)
    assert found.without[-1] != pytest.approx(found.value)


def test_of_drawn_futures_the_one_is_explained_that_goes_on_from_what_it_expects() -> None:
    windows = dated()
    model = forecaster(windows, decoding="recursive", outputs="gaussian")
    found = explained(model, windows)
    assert found.drawn == pytest.approx(UNIT.unscale(forecasts(model, windows, one(windows)).point[0, 2]))
    assert found.drawn != pytest.approx(found.value) and found.attribution.score == pytest.approx(found.value)
    assert forecast_lines(found)[1].startswith(f"predicted is the mean of futures that are drawn, {found.drawn:.6g}")


def test_a_column_of_the_users_own_named_calendar_stays_its_own() -> None:
    windows = dated()
    windows = replace(windows, panel=replace(windows.panel, known_names=("k0", "calendar")))
    names = [part.name for part in explained(forecaster(windows), windows).parts]
    assert {"calendar of the times, before", "calendar, before"} <= set(names)


def test_what_comes_after_is_not_looked_at() -> None:
    windows = dated()
    model = forecaster(windows)
    values = [part.copy() for part in windows.panel.values]
    values[0][20:] = 1e3
    other = replace(windows, panel=replace(windows.panel, values=tuple(values)))
    assert explained(model, windows).to_json() == explained(model, other).to_json()


def test_lines_say_the_forecast_what_gave_most_and_what_is_missing() -> None:
    windows = dated()
    values = [part.copy() for part in windows.panel.values]
    values[0][18] = np.nan
    windows = replace(windows, panel=replace(windows.panel, values=tuple(values)))
    found = explained(forecaster(windows), windows)
    told = forecast_lines(found)
    assert told[0] == f"a, 1970-01-23 (step 2 of 0 to 3): {found.value:.6g}"
    assert told[1].startswith(f"the linear forecast says {found.linear:.6g}, and the network adds ")
    largest = max(found.parts, key=lambda part: abs(part.total))
    assert told[5].split("  ")[1].strip() == largest.name
    assert any(line.split()[:2] == ["1970-01-19", "missing"] for line in told)


def test_the_page_shows_each_and_any_name() -> None:
    windows = dated()
    found = explained(forecaster(windows), windows).to_json()
    hostile = {
        **found,
        "series": "<b>x</b>",
        "parts": [{**part, "column": "<i>", "name": "<i>, before"} for part in found["parts"]],
    }
    made = replace(hourly(), inspection={"forecasts": [found, hostile]})
    page = build(made)
    assert Page(page).wrong == []
    body = section(page, "explained_forecasts")
    headings = body.texts("h3")
    assert [heading.partition(",")[0] for heading in headings] == ["a", "<b>x</b>"] and "1970-01-23" in headings[0]
    assert "<i>, before" in body.texts("bdi") and any("Had the series stayed at its mean" in t for t in body.texts("p"))
    assert "explained_forecasts" not in build(hourly())


def shops() -> list[dict[str, Any]]:
    chance = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for shop in ("north", "south"):
        for k in range(120):
            day = str(np.datetime64("2024-01-01") + k)
            price = float(chance.integers(1, 4))
            rows.append({"shop": shop, "day": day, "price": price, "sold": 10 - 2 * price + float(k % 7)})
    return rows


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("forecast") / "run"
    tt.train(shops(), where, output="sold", horizon=3, hidden_size=4, epochs=1, seed=1)
    return where


def test_the_command_explains_and_keeps_it_in_the_report(run: Path) -> None:
    found = call("inspect", run, "--series", "south", "--at", "1")
    assert found.out.startswith("south, 2024-05-01 (step 1 of 0 to 2): ")
    whole = json.loads(call("inspect", run, "--series", "north", "--json").out)
    given = sum(part["total"] for part in whole["parts"])
    assert whole["step"] == 2
    assert given == pytest.approx(whole["value"] - whole["score"]["baseline"], abs=1e-2)
    body = section((run / "report.html").read_text("utf-8"), "explained_forecasts")
    assert [heading.partition(": ")[0] for heading in body.texts("h3")] == ["south, 2024-05-01", "north, 2024-05-02"]


def test_new_rows_are_gone_on_from(run: Path, tmp_path: Path) -> None:
    table = tmp_path / "new.csv"
    table.write_text("shop,day,price,sold\nsouth,2024-04-30,2,9\n")
    assert call("inspect", run, "--series", "south", "--at", "0", "--data", table).out.startswith("south, 2024-05-01 (")
    refused = call("inspect", run, "--series", "north", "--data", table)
    assert refused.code == 2 and 'unknown series "north"' in refused.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--series", "west"], 'unknown series "west"'),
        (["--series", "north", "--at", "3"], "step 3: the steps 0 to 2 are forecast"),
        (["--series", "north", "--text", "a"], "--text and --series: one inspection at a time"),
        (["--at", "1"], "--at goes with --text, --row or --series"),
        (["--text", "a"], "with --series NAME and --at N alone"),
        (["--series", "north", "--answer", "a"], "--answer a: a forecast is a number"),
        (["--row", "1"], "a forecaster is asked why the future of a series is forecast so"),
        (["--series", "north", "--step", "1"], "with --series NAME and --at N alone"),
        (["--text", "a", "--record", "f"], "with --series NAME and --at N alone"),
    ],
)
def test_what_cannot_be_explained_is_said(run: Path, options: list[str], told: str) -> None:
    found = call("inspect", run, *options)
    assert found.code == 2 and told in found.err


def test_of_several_seeds_the_best_one_forecasts_and_is_explained(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"output": "sold", "horizon": 3, "hidden_size": 4, "epochs": 1}
    trained = tt.train(shops(), tmp_path / "run", seed=1, seeds=2, **settings)
    alone = tt.load(tmp_path / "run" / f"seed-{trained.metrics['best_seed']}")
    assert trained.predict() == alone.predict() and trained.evaluate(shops()) == alone.evaluate(shops())
    assert trained.explain_forecast("north").to_json() == alone.explain_forecast("north").to_json()
    assert (tmp_path / "run" / "observations.jsonl").read_text() == alone.run.observations.path.read_text()
