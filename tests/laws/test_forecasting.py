"""Laws 2 to 9 over the forecaster, by the way a user goes: nothing of the future, nothing of other series."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from tests.laws.test_runs import KillAfter, KilledError, fingerprint
from throughtime.api.prepare import prepare
from throughtime.errors import DataError, NonFiniteError, ThroughtimeError, UsageError
from throughtime.models.settings import ForecastSettings
from throughtime.settings import declared
from throughtime.synthetic.sales import COLUMNS, sales

MASKS = {"dropout": 0.3, "zoneout": 0.1, "recurrent_dropout": 0.2, "drop_connect": 0.2}
TINY: dict[str, Any] = {
    "task": "forecast",
    "output": ("sold",),
    "input": ("price", "size"),
    "known": ("campaign",),
    "horizon": 3,
    "context_length": 9,
    "epochs": 2,
    "hidden_size": 5,
    "batch_size": 16,
    "windows": 80,
    "threads": 1,
    "baselines": ("naive",),
}
DAYS = 70


def rows(shops: int = 3, days: int = DAYS, missing: bool = True) -> list[dict[str, Any]]:
    """Three shops, some days of which are missing; price goes along, the campaign is planned."""
    found = [dict(zip(COLUMNS, row, strict=True)) for row in sales(shops, days, seed=4)]
    for k, row in enumerate(found):
        row["part"] = "train" if k % days < 0.7 * days else "valid" if k % days < 0.85 * days else "test"
    for place in (5, DAYS + 20, 2 * DAYS - 2) if missing else ():
        if place < len(found):
            found[place]["sold"] = None
    return found


def tiny(**changes: Any) -> dict[str, Any]:
    return {**TINY, **changes}


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
@pytest.mark.parametrize("updates", [1, 3, 7, 9])
def test_killed_and_resumed_is_never_stopped(decoding: str, updates: int, tmp_path: Path) -> None:
    options = tiny(decoding=decoding, layers=2, checkpoint_seconds=0, learned_state=True, **MASKS)
    tt.train(rows(), tmp_path / "whole", **options)
    with pytest.raises(KilledError):
        tt.train(rows(), tmp_path / "broken", progress=KillAfter(updates), **options)
    tt.train(rows(), tmp_path / "broken", resume=True, **options)
    assert fingerprint(tmp_path / "broken") == fingerprint(tmp_path / "whole")


@pytest.mark.parametrize("cell", ["lstm", "rnn", "lstm_1997", "gru_layernorm", "mgu", "indrnn"])
@pytest.mark.parametrize("decoding", ["direct", "recursive"])
def test_every_cell_forecasts_and_is_loaded(cell: str, decoding: str, tmp_path: Path) -> None:
    trained = tt.train(rows(), tmp_path / "run", **tiny(cell=cell, decoding=decoding, epochs=1))
    assert len(trained.predict([*rows(), *planned()])) == 3


@pytest.mark.parametrize("outputs", ["point", "quantiles", "gaussian", "student_t"])
@pytest.mark.parametrize("decoding", ["direct", "recursive"])
def test_saved_is_loaded_and_config_reruns(outputs: str, decoding: str, tmp_path: Path) -> None:
    free = tiny(outputs=outputs, decoding=decoding)
    del free["context_length"], free["horizon"]
    trained = tt.train(rows(), tmp_path / "run", **free)
    again = tt.train(rows(), tmp_path / "again", config=tmp_path / "run" / "config.toml")
    assert fingerprint(again.path) == fingerprint(trained.path)
    assert again.metrics["test"] == trained.metrics["test"]
    further = [*rows(), *planned(int(trained.metrics["forecast"]["horizon"]))]
    assert tt.load(trained.path).predict(further) == trained.predict(further)


def planned(days: int = 3) -> list[dict[str, Any]]:
    """The days after the last one, with what is known of them."""
    whole = [dict(zip(COLUMNS, row, strict=True)) for row in sales(3, DAYS + days, seed=4)]
    return [
        {**row, "sold": None, "price": None}
        for shop in range(3)
        for row in whole[shop * (DAYS + days) + DAYS : (shop + 1) * (DAYS + days)]
    ]


def numbers(found: list[dict[str, Any]]) -> np.ndarray:
    return np.array([[row[name] for name in ("predicted", "lower", "upper")] for row in found], dtype=np.float64)


def test_a_series_is_forecast_as_it_is_alone_whatever_else_is_asked(tmp_path: Path) -> None:
    trained = tt.train(rows(), tmp_path / "run", **TINY)
    given = [*rows(), *planned()]
    together = trained.predict(given)
    for k, row in enumerate(together):
        (alone,) = trained.predict([one for one in given if one["shop"] == row["series"]])
        assert alone["time"] == row["time"] and alone["series"] == row["series"]
        np.testing.assert_allclose(numbers([alone]), numbers([together[k]]), rtol=1e-5)


@pytest.mark.parametrize("decoding", ["direct", "recursive"])
def test_the_future_changes_no_forecast(decoding: str, tmp_path: Path) -> None:
    """Of every kind of covariate: what was forecast of a day is the same whatever came of it and after it."""
    trained = tt.train(rows(), tmp_path / "run", **tiny(decoding=decoding, test="0.2"))
    before = {(row["series"], row["time"]): row for row in trained.run.predictions.read()}
    assert len(before) > 5
    wild = rows()
    cut = 66  # of the days, within the test split
    for shop in range(3):
        for day in range(cut, DAYS):
            wild[shop * DAYS + day] |= {"sold": 1e4 + day, "price": 55.0}
    other = tt.train(wild, tmp_path / "other", **tiny(decoding=decoding, test="0.2"))
    assert fingerprint(other.path)[0] == fingerprint(trained.path)[0]  # training ended long before
    after = {(row["series"], row["time"]): row for row in other.run.predictions.read()}
    dates = [row["date"] for row in wild[:DAYS]]
    earlier = [key for key in before if key in after and dates.index(key[1]) <= cut]
    assert earlier
    for key in earlier:
        assert after[key]["predicted"] == before[key]["predicted"], key
        assert after[key]["lower"] == before[key]["lower"], key


def test_new_rows_are_read_without_training_anew(tmp_path: Path) -> None:
    """The forecast after new rows is that of a run's own network over all rows, old and new."""
    whole = rows()
    first = [row for k, row in enumerate(whole) if k % DAYS < DAYS - 6]
    trained = tt.train(first, tmp_path / "run", **TINY)
    late = [row for k, row in enumerate(whole) if k % DAYS >= DAYS - 6]
    by_new_rows = trained.predict([*late, *planned()])
    by_all_rows = trained.predict([*whole, *planned()])
    assert [row["time"] for row in by_new_rows] == [row["time"] for row in by_all_rows]
    np.testing.assert_allclose(numbers(by_new_rows), numbers(by_all_rows), rtol=1e-5)


def test_of_a_new_series_the_future_changes_no_measure_of_what_came_before(tmp_path: Path) -> None:
    """It is scaled by its beginning, and judged from there on."""
    trained = tt.train(rows(), tmp_path / "run", **TINY)
    new = [{**row, "shop": "shop 999"} for row in rows(missing=False)[:DAYS]]
    steps = trained.settings.task.context_length
    assert isinstance(steps, int)
    found = []
    for cut in (steps + 10, DAYS):
        keeper = trained.forecaster
        panel = keeper.reader.read(keeper._read(new[:cut])).panel
        scales, looked = keeper.scales.with_begun(panel, steps)
        assert looked.tolist() == [steps]
        found.append((scales.of(panel)[0], scales.errors_of(panel)[0]))
    assert found[0] == found[1]
    shifted = [{**row, "sold": row["sold"] + (1e6 if k < steps else 0)} for k, row in enumerate(new)]
    assert trained.evaluate(shifted)["mae"] > 1e5  # the beginning does count
    assert trained.evaluate(new)["mae"] < 1e3


@pytest.mark.parametrize("count", [1, 2])
def test_a_new_series_of_a_row_or_two_is_refused(count: int, tmp_path: Path) -> None:
    trained = tt.train(rows(), tmp_path / "run", **TINY)
    new = [{**row, "shop": "shop 999"} for row in [*rows()[DAYS - count : DAYS], *planned()[:3]]]
    with pytest.raises(DataError, match=r'"shop 999" is not known from training, and .* how far it moves'):
        trained.predict(new)
    more = [{**row, "shop": "shop 999"} for row in [*rows()[DAYS - 3 : DAYS], *planned()[:3]]]
    assert len(trained.predict(more)) == 1


def test_a_plan_needs_no_column_of_what_is_to_be_forecast_and_none_that_never_changes(tmp_path: Path) -> None:
    given = [{name: value for name, value in row.items() if name != "part"} for row in rows()]
    trained = tt.train(given, tmp_path / "run", **tiny(known=("campaign", "size")))
    whole = trained.predict(planned())
    assert len(whole) == 3
    without = [{name: row[name] for name in ("shop", "date", "campaign")} for row in planned()]
    assert trained.predict(without) == whole
    blank = [{**row, "size": None} for row in planned()]
    assert trained.predict(blank) == whole
    rest = [{name: value for name, value in row.items() if name != "price"} for row in rows()]
    with pytest.raises(UsageError, match='unknown column "price"'):
        trained.predict(rest)


def test_rows_without_times_follow_the_runs_own(tmp_path: Path) -> None:
    values = [float(k % 7 + k // 20) for k in range(130)]
    options: dict[str, Any] = {"task": "forecast", "horizon": 3, "epochs": 1, "hidden_size": 4}
    trained = tt.train({"y": values[:120]}, tmp_path / "run", **options)
    (late,), (all_of_them,) = trained.predict({"y": values[120:]}), trained.predict({"y": values})
    assert late["predicted"] == all_of_them["predicted"] != trained.predict()[0]["predicted"]
    assert int(late["time"][0]) == int(trained.predict()[0]["time"][0]) + 10
    assert trained.evaluate({"y": values[120:]})["mae"] < 3


def test_names_and_gaps_that_come_up_later_change_nothing_that_was_learnt(tmp_path: Path) -> None:
    given = rows(missing=False)
    for row in given:
        row["kind"] = "odd" if row["date"] < "2021" or int(row["date"][-1]) % 2 else "even"
    options = tiny(input=("price", "kind"), known=("kind",))
    trained = tt.train(given, tmp_path / "run", **options)
    later = [dict(row) for row in given]
    later[DAYS - 3]["kind"], later[2 * DAYS - 5]["sold"] = "new", None
    other = tt.train(later, tmp_path / "other", **options)
    assert fingerprint(other.path)[0] == fingerprint(trained.path)[0]
    notes = other.run.data.read()["notes"]
    assert 'column "kind": "new" stands only after the training part, and read as none' in notes


def test_what_is_missing_beside_the_series_is_counted(tmp_path: Path) -> None:
    given = rows()
    for k in (3, 9, DAYS + 4):
        given[k]["price"] = None
    notes = tt.train(given, tmp_path / "run", **tiny(epochs=1)).run.data.read()["notes"]
    told = [note for note in notes if note.startswith('column "price"')]
    assert len(told) == 1 and told[0].startswith(f'column "price": 3 of {3 * DAYS} values are missing')


def test_steps_of_which_only_a_part_is_there_are_not_added_up(tmp_path: Path) -> None:
    days = [{"day": str(np.datetime64("2024-01-03") + k), "sold": 10.0} for k in range(200)]  # Wednesday to Saturday
    options: dict[str, Any] = {"step": "1w", "within": "sum", "horizon": 2, "epochs": 1, "hidden_size": 4}
    trained = tt.train(days, tmp_path / "run", task="forecast", **options)
    assert set(trained.forecaster.last.values[0].tolist()) == {70.0}
    notes = trained.run.data.read()["notes"]
    assert any(note.startswith("2 steps at the ends of the series left aside, of which only a part") for note in notes)
    assert trained.predict()[0]["time"][0] == "2024-07-15"  # the Monday of the week that the rows end in
    told: list[str] = []
    trained.predict([{"day": str(np.datetime64("2024-07-15") + k), "sold": 10.0} for k in range(9)], tell=told.append)
    assert any("1 step at the ends" in note and "2024-07-22" in note for note in told)
    whole_days = [str(np.datetime64("2024-01-01") + k) for k in range(90)]
    open_hours = [{"day": f"{day} {hour:02}:30", "sold": 1.0} for day in whole_days for hour in (9, 13, 14)]
    uneven = tt.train(open_hours, tmp_path / "uneven", task="forecast", **{**options, "step": "1d"})
    assert not any("left aside" in note for note in uneven.run.data.read()["notes"])  # nobody knows when a day is over


def test_a_day_of_25_hours_is_a_whole_day(tmp_path: Path) -> None:
    days = [{"day": str(np.datetime64("2020-01-01") + k), "sold": 1.0 + k % 7} for k in range(670)]  # to 2021-10-31
    options: dict[str, Any] = {"step": "1mo", "within": "sum", "horizon": 2, "epochs": 1, "hidden_size": 4}
    trained = tt.train(days, tmp_path / "run", task="forecast", zone="Europe/Berlin", **options)
    assert not any("left aside" in note for note in trained.run.data.read()["notes"])
    assert trained.predict()[0]["time"][0].startswith("2021-11-01")


def test_series_of_equal_names_are_refused(tmp_path: Path) -> None:
    given = [
        {**row, "a": "a, b" if row["shop"] == "shop 001" else "a", "b": "c" if row["shop"] == "shop 001" else "b, c"}
        for row in rows()
    ]
    with pytest.raises(DataError, match='two series are both named "a, b, c"'):
        tt.train(given, tmp_path / "run", **tiny(series="a,b"))


def test_a_gap_where_the_context_begins_is_read_as_in_training(tmp_path: Path) -> None:
    values: list[float | None] = [float(20 + 7 * (k % 5) + k % 3) for k in range(150)]
    values[-7], values[60] = None, None
    options: dict[str, Any] = {"task": "forecast", "horizon": 2, "context_length": 7, "epochs": 1, "hidden_size": 4}
    trained = tt.train({"y": values}, tmp_path / "run", **options)
    kept = trained.run.forecast.read()["rows"][0]
    np.testing.assert_allclose(trained.predict()[0]["predicted"], kept["predicted"], rtol=1e-5)


def test_series_that_are_not_known_are_named(tmp_path: Path) -> None:
    trained = tt.train(rows(), tmp_path / "run", **TINY)
    new = [{**row, "shop": "shop 999"} for row in [*rows(missing=False)[:DAYS], *planned()[:3]]]
    told: list[str] = []
    trained.predict(new, tell=told.append)
    assert 'the series "shop 999" is not known from training: it is scaled by its own values' in told
    told.clear()
    trained.evaluate([row for row in rows() if row["shop"] != "shop 999"], tell=told.append)
    assert not any("not known" in note for note in told)


def test_forecasts_that_a_metric_leaves_out_are_counted(tmp_path: Path) -> None:
    given = rows(missing=False)
    for k in range(DAYS):
        given[k]["sold"] = 5.0 if k < 0.85 * DAYS else float(k)
    trained = tt.train(given, tmp_path / "run", **tiny(epochs=1))
    each = trained.metrics["forecast"]["origins"]["test"] // 3
    assert trained.metrics["forecast"]["unscaled"] == each
    assert f"{each} of the forecasts do not count" in trained.verdict
    assert "unscaled" not in tt.train(rows(), tmp_path / "other", **tiny(epochs=1)).metrics["forecast"]


def test_baselines_stand_beside_the_score_and_intervals_are_measured(tmp_path: Path) -> None:
    options = tiny()
    del options["baselines"]
    trained = tt.train(rows(), tmp_path / "run", **options)
    assert {"naive", "drift", "linear_autoregression"} <= set(trained.metrics["baselines"])
    keys = {"mae", "mse", "rmse", "smape", "mase", "pinball", "crps", "coverage"}
    assert keys <= set(trained.metrics["test"]) and keys <= set(trained.metrics["baseline"])
    assert trained.verdict


# setting: (another value, what else must be set so that it can act)
FLIPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "horizon": (4, {}),
    "context_length": (6, {}),
    "known": (("campaign", "price"), {"input": ("size",)}),
    "calendar": (False, {}),
    "zone": ("Nowhere/Land", {}),
    "step": ("2d", {"within": "mean"}),
    "within": ("mean", {"step": "2d"}),
    "outputs": ("gaussian", {}),
    "loss": ("absolute", {"outputs": "point"}),
    "decoding": ("recursive", {}),
    "normalise": ("mean", {"linear": False}),
    "linear": (False, {}),
    "identity": ("no", {}),
    "windows": (33, {}),
    "level": (0.5, {}),
    "paths": (7, {"decoding": "recursive", "outputs": "gaussian"}),
    "season": (7, {}),
    "measured": ("deviations", {}),
    "input": (("size",), {}),
    "series": ("shop,size", {"input": ("price",)}),
    "time": ("shop", {}),
    "valid": ("0.2", {}),
    "test": ("40:60", {"valid": "30:40"}),
    "split": ("part", {}),
    "missing": ((str(rows()[0]["price"]),), {}),
    "group": ("shop", {}),
    "crop": (5, {}),
    "tokens": ("words", {}),
    "kinds": (("price=number",), {}),
    "bidirectional": (True, {}),
    "hidden_size": (7, {}),
    "layers": (2, {}),
    "dropout": (0.5, {}),
    "embedding_size": (5, {}),
    "pooling": ("mean", {}),
    "init_from": ("none/such", {}),
    "learned_state": (True, {}),
    "metric": ("crps", {}),
    "precision": ("float64", {}),
}


def outcome(run: Path, options: dict[str, Any]) -> Any:
    try:
        trained = tt.train(rows(), run, **options)
    except ThroughtimeError as error:
        return error
    said = {k: v for k, v in trained.metrics.items() if k not in ("seconds", "versions", "engine")}
    return json.dumps([said, trained.run.predictions.read(), fingerprint(run)], sort_keys=True)


@pytest.mark.parametrize("name", list(FLIPS))
def test_an_option_changes_the_result_or_says_why_not(name: str, tmp_path: Path) -> None:
    value, around = FLIPS[name]
    options = tiny(**around)
    before = outcome(tmp_path / "before", options)
    after = outcome(tmp_path / "after", {**options, name: value})
    if isinstance(before, ThroughtimeError):  # what stands around it needs it
        assert name in ("within",) and isinstance(after, str), before
    elif isinstance(after, ThroughtimeError):
        assert after.exit_code == 2 and name.replace("_", "-")[:4] in str(after).replace("_", "-"), after
    else:
        assert after != before


def test_every_setting_of_the_task_is_flipped() -> None:
    assert {setting.name for setting in declared(ForecastSettings)} <= set(FLIPS)


@pytest.mark.parametrize("cell", ["rnn:activation=relu", "lstm:activation=identity,output_activation=identity"])
def test_a_non_finite_value_stops_training_and_is_located(cell: str, tmp_path: Path) -> None:
    wild = {"learning_rate": 1e20, "clip_norm": None, "schedule": "constant", "warmup": 0, "optimizer": "sgd"}
    with pytest.raises(NonFiniteError) as stopped:
        tt.train(rows(), tmp_path / "run", **tiny(cell=cell, outputs="point", **wild))
    assert "the first value that is not finite is" in str(stopped.value) and "shop" in str(stopped.value)
    assert stopped.value.exit_code == 3


def test_a_series_that_begins_late_is_forecast_and_neither_learnt_nor_measured(tmp_path: Path) -> None:
    late = [{**row, "shop": "late"} for k, row in enumerate(rows(1)) if k >= DAYS - 5]
    told: list[str] = []
    chosen = {name: value for name, value in tiny(series="shop").items() if name != "task"}
    prepared = prepare([*rows(), *late], "forecast", chosen, told.append)
    assert any("1 of 4 series begin after the training part" in note for note in told)
    assert prepared.figures()["series"] == 3
    trained = tt.train([*rows(), *late], tmp_path / "run", **tiny(series="shop"))
    assert {row["series"] for row in trained.run.predictions.read()} == {"shop 001", "shop 002", "shop 003"}
    planned_for_all = [*planned(), *({**row, "shop": "late"} for row in planned() if row["shop"] == "shop 001")]
    assert {row["series"] for row in trained.predict(planned_for_all)} >= {"late"}


def test_where_only_a_line_is_to_be_learnt_the_linear_forecast_answers_alone_and_it_is_said(tmp_path: Path) -> None:
    chance = np.random.default_rng(2)
    values = [0.0]
    for noise in chance.normal(size=300):
        values.append(0.7 * values[-1] + noise)
    days = [{"day": str(np.datetime64("2024-01-01") + k), "y": value} for k, value in enumerate(values)]
    trained = tt.train(days, tmp_path / "run", output="y", horizon=2, epochs=1, hidden_size=4, learning_rate=1e-5)
    assert trained.metrics["forecast"]["share"] == 0.0
    assert "The linear forecast within it answers alone" in trained.verdict
    found = trained.inspect(days)
    assert found.findings[0].name == "unused"
    assert all(layer["reach"] is not None for layer in found.to_json()["layers"])  # of the network by itself
    assert float(trained.model.head.share) == 0.0  # type: ignore[arg-type,union-attr]
