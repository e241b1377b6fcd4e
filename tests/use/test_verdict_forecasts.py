"""The verdict over forecasts: who is better and how sure that is, whether intervals hold, where it fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.use.forecast_material import (
    forecasts,
    hardly_tested,
    hourly,
    many_series,
    undated,
    weekdays,
    with_gaps,
)
from throughtime.errors import UsageError
from throughtime.use.compare import Compared, compare
from throughtime.use.report import ReportMaterial
from throughtime.use.verdict import comparison, direction, kept_gain, metric_axis, scope_of, told_metrics, verdict


def figures(network: float = 0.113, baseline: float = 0.118, metric: str = "mae", **told: Any) -> dict[str, Any]:
    beside = {"name": "linear_autoregression", metric: baseline}
    forecast = {"horizon": 24, "step": "1 hour", "origins": {"test": 2857}, **told}
    return {"task": "forecast", "metric": metric, "test": {metric: network}, "baseline": beside, "forecast": forecast}


def gain(mean: float, low: float, high: float) -> dict[str, float]:
    return {"mean": mean, "low": low, "high": high}


def test_words_for_each_result() -> None:
    start = (
        "On 2,857 forecasts of 24 steps (1 hour each) the network is off by 0.113 on average (mean absolute error), "
        "the baseline (linear autoregression) by 0.118. "
    )
    together = "neighbouring forecasts taken together)"
    assert verdict(figures(gain=gain(0.005, 0.001, 0.009)), 400) == (
        f"{start}The network wins by 4.2 % of the baseline's error (95 % interval 0.8 to 7.6 %, {together}."
    )
    assert verdict(figures(gain=gain(0.005, -0.001, 0.011)), 400) == (
        f"{start}The network is ahead by 4.2 % of the baseline's error, but the 95 % interval of that difference "
        f"(-0.8 to 9.3 %, {together} covers zero: on 2,857 forecasts the two cannot be told apart."
    )
    assert verdict(figures(gain=None), 400) == (
        f"{start}The network is ahead by 4.2 % of the baseline's error; "
        "these two figures alone do not tell how much of that could be chance."
    )
    loses = verdict(figures(0.236, gain=gain(-0.118, -0.2, -0.05)), 400)
    by = "does not beat the baseline: it is behind by 100.0 % of the baseline's error (95 % interval 42.4 to 169.5 %, "
    assert f"{by}{together}. Use the baseline" in loses
    assert "two are equal" in verdict(figures(0.118, gain=gain(0.0, -0.1, 0.1)), 400)


def test_words_without_a_baseline_or_a_figure() -> None:
    alone = {**figures(level=0.8), "baseline": None}
    alone["test"] = {"mae": 0.113, "coverage": 0.9}
    assert verdict(alone, 400).endswith(
        "on average (mean absolute error). No baseline stands beside it, so nothing says whether that is good. "
        "Of the truths 90 % lie within the 80 % interval: it is too wide."
    )
    assert verdict({**alone, "test": {"mae": None}}, 400).startswith(
        "There is no mean absolute error on the test forec"
    )


def test_a_perfect_baseline_is_no_reason_to_divide() -> None:
    assert "it is behind by 0.113 (95 % interval 0.1 to 0.2, neighbouring" in verdict(
        figures(baseline=0.0, gain=gain(-0.113, -0.2, -0.1)), 400
    )


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("mase", "has a mean absolute scaled error of 0.113, the baseline (linear autoregression) 0.118"),
        ("crps", "has a continuous ranked probability score of 0.113, the baseline"),
        ("smape", "has a symmetric percentage error of 0.113"),
    ],
)
def test_other_metrics(metric: str, said: str) -> None:
    assert said in verdict(figures(metric=metric, gain=gain(0.005, 0.001, 0.009)), 400)
    assert direction(metric) == -1


def test_a_gain_of_other_figures_is_no_interval() -> None:
    """As with means over seeds: the gain is that of one of them."""
    found = comparison(figures(gain=gain(0.004, 0.003, 0.005)), 400)
    assert found is not None and found.interval is None and found.result == "ahead"
    found = comparison(figures(gain=gain(0.00500001, 0.003, 0.007)), 400)
    assert found is not None and found.result == "wins"


@pytest.mark.parametrize(
    ("level", "coverage", "said"),
    [
        (0.8, 0.79, "Of the truths 79 % lie within the 80 % interval."),
        (0.8, 0.85, "Of the truths 85 % lie within the 80 % interval."),
        (0.8, 0.749, "Of the truths only 75 % lie within the 80 % interval: it is too narrow."),
        (0.8, 0.851, "Of the truths 85 % lie within the 80 % interval: it is too wide."),
        (0.995, 0.99, "Of the truths 99 % lie within the 99.5 % interval."),
    ],
)
def test_intervals_are_judged(level: float, coverage: float, said: str) -> None:
    made = figures(level=level)
    made["test"]["coverage"] = coverage
    assert verdict(made, 400).endswith(f" {said}")


def test_a_few_forecasts_say_nothing_of_their_interval() -> None:
    made = figures(level=0.8, origins={"test": 7})
    made["test"]["coverage"] = 0.2
    assert verdict(made, 7).endswith("Of the truths 20 % lie within the 80 % interval.")


def test_where_it_fails() -> None:
    steps = {"mae": [0.2, 0.3, 0.5], "baseline_mae": [0.1, 0.4, 0.6]}
    assert verdict(figures(by_horizon=steps), 400).endswith(
        "Up to step 1 the baseline is better, from there on the network; "
        "errors grow from 0.2 at the first step to 0.5 at the last."
    )
    changing = {"mae": [0.2, 0.3, 0.2], "baseline_mae": [0.25, 0.25, 0.25]}  # more than one change tells nothing
    assert verdict(figures(by_horizon=changing), 400).endswith("could be chance.")
    begins = [f"2017-0{k}-01 00:00:00" for k in range(1, 7)]
    dates = {"dates": begins, "mae": [0.1, 0.11, None, 0.1, 0.25, 0.1]}
    assert verdict(figures(by_date=dates), 400).endswith(
        "The hardest stretch of test time begins at 2017-05-01: 0.25, where 0.1 is usual."
    )
    assert verdict(figures(by_date={"dates": begins[:4], "mae": [1, 1, 1, 9]}), 400).endswith("be chance.")


def test_series_on_which_the_baseline_is_better() -> None:
    rows = [("a", 9.0, 10.0), ("b", 3.0, 2.0), ("c", 2.0, 1.9), ("d", None, None)]
    listed = [{"series": name, "mae": mae, "baseline_mae": beside} for name, mae, beside in rows]
    assert verdict(figures(by_series=listed[:3], series=3), 400).endswith(
        "On 2 of 3 series the baseline is better, most on “b” (3, the baseline 2)."
    )
    assert "On 2 of 3 series with the largest errors the base" in verdict(figures(by_series=listed, series=70), 400)
    assert verdict(figures(by_series=listed[:1], series=1), 400).endswith("be chance.")


def test_only_what_is_most_striking_is_said() -> None:
    steps = {"mae": [0.2, 0.3, 0.5], "baseline_mae": [0.3, 0.4, 0.4]}
    rows = [{"series": name, "mae": 3.0, "baseline_mae": 2.0} for name in ("a", "b")]
    said = verdict(figures(by_horizon=steps, by_series=rows, series=2), 400)
    assert said.count(";") == 2 and "the network is better, from there on" in said and "errors grow" not in said


def test_short_stretches_are_not_called_hard() -> None:
    dates = {"dates": ["2017-01-01"] * 20, "mae": [*[0.1] * 19, 0.9]}
    assert "hardest" in verdict(figures(by_date=dates, origins={"test": 480}), 400)
    assert "hardest" not in verdict(figures(by_date=dates, origins={"test": 479}), 400)
    assert "hardest" not in verdict(figures(by_date=dates, origins={"test": 480}, series=2), 400)


def test_what_was_tested() -> None:
    assert str(hourly().scope) == "597 forecasts of 24 steps (1 hour each)"
    assert str(undated().scope) == "200 forecasts of 1 step"
    assert str(scope_of(figures(horizon=1, step="1 month"), 3)) == "2,857 forecasts of 1 step (1 month)"
    assert str(scope_of({"task": "forecast", "metric": "mae", "test": {}}, 3)) == "3 forecasts"
    assert undated().scope.measured_in == "deviations" and hourly().scope.measured_in is None
    assert metric_axis("mse", "deviations") == "mean squared error (in standard deviations, squared)"
    assert metric_axis("mase", "deviations") == "mean absolute scaled error (1 is the error of the naive forecast)"


def compared(name: str, made: ReportMaterial, **changed: Any) -> Compared:
    metrics = {**made.metrics, "forecast": {**made.metrics["forecast"], **changed}}
    return Compared(name, metrics, {}, made.data, made.predictions)


def test_two_runs_side_by_side() -> None:
    """The forecasts that were kept tell how sure the difference of all of them is."""
    good, bad = compared("good", forecasts(skill=3.0)), compared("bad", forecasts(skill=0.8))
    found = compare([bad, good])
    assert [row["run"] for row in found.rows] == ["good", "bad"]
    assert list(found.rows[0])[1:6] == ["mae", "coverage", "mse", "rmse", "mase"]
    assert found.sentences[0].startswith("good has the best mae, ") and "(95 % interval " in found.sentences[0]
    assert "cannot be told apart" not in found.sentences[0]
    noise = np.random.default_rng(2).normal(0, 0.3, (len(good.predictions), 24))
    rows = [
        {**row, "predicted": (np.array(row["predicted"]) + off).tolist()}
        for row, off in zip(good.predictions, noise, strict=True)
    ]
    test = {**good.metrics["test"], "mae": good.metrics["test"]["mae"] + 0.001}
    alike = compare([good, replace(good, name="alike", metrics={**good.metrics, "test": test}, predictions=rows)])
    assert alike.sentences[0].endswith(": on 597 forecasts the two cannot be told apart.")


def test_the_interval_is_told_for_the_figures_of_all_forecasts() -> None:
    made = hourly()
    told, whole = kept_gain(made.metrics, made.predictions), made.metrics["forecast"]["gain"]
    assert told is not None and told["mean"] == pytest.approx(whole["mean"])
    assert 0.4 < (told["high"] - told["low"]) / (whole["high"] - whole["low"]) < 2.5
    scaled = {**made.metrics}
    for side in ("test", "baseline"):  # errors in another unit than the rows
        scaled[side] = {**made.metrics[side], "mae": 100 * made.metrics[side]["mae"]}
    other = kept_gain(scaled, made.predictions)
    assert other is not None and other["high"] == pytest.approx(100 * told["high"])


@pytest.mark.parametrize("metric", ["mse", "rmse"])
def test_squares_are_told_apart_too(metric: str) -> None:
    made = hourly()
    told = kept_gain({**made.metrics, "metric": metric}, made.predictions)
    assert told is not None and told["low"] < told["mean"] < told["high"]
    assert told["mean"] == pytest.approx(made.metrics["baseline"][metric] - made.metrics["test"][metric])


@pytest.mark.parametrize("make", [with_gaps, many_series, weekdays, undated])
def test_series_gaps_and_steps_without_dates(make: Any) -> None:
    made = make()
    assert kept_gain(made.metrics, made.predictions) is not None


def test_what_the_kept_forecasts_cannot_tell() -> None:
    made = hourly()
    assert kept_gain({**made.metrics, "metric": "mase"}, made.predictions) is None
    assert kept_gain(made.metrics, hardly_tested().predictions) is None
    assert kept_gain(made.metrics, [{**row, "baseline": None} for row in made.predictions]) is None
    assert kept_gain(made.metrics, [{**row, "time": "soon"} for row in made.predictions]) is None
    assert kept_gain(made.metrics, []) is None
    several = with_gaps()
    told = {**several.metrics["forecast"], "unit": "deviations"}
    assert kept_gain({**several.metrics, "forecast": told}, several.predictions) is None


def test_runs_that_cannot_be_compared() -> None:
    made = hourly()
    with pytest.raises(UsageError, match="a forecasts 24 steps and b 48: errors grow with the distance"):
        compare([compared("a", made), compared("b", made, horizon=48)])
    with pytest.raises(UsageError, match="a measures errors in units and b in deviations"):
        compare([compared("a", made), compared("b", made, unit="deviations")])
    other = replace(made, data={**made.data, "test_digest": "0"})
    with pytest.raises(UsageError, match="tested on different rows"):
        compare([compared("a", made), compared("b", other)])


def test_the_right_metrics_are_shown() -> None:
    test = {"loss": 0.2, "coverage": 0.8, "mae": 0.1, "crps": 0.07}
    assert told_metrics(test) == ["coverage", "mae", "crps"]


def test_kept_rows_know_their_place_in_time() -> None:
    """Rows in any order give the same."""
    made = hourly()
    shuffled = [made.predictions[i] for i in np.random.default_rng(1).permutation(len(made.predictions))]
    assert kept_gain(made.metrics, shuffled) == pytest.approx(kept_gain(made.metrics, made.predictions))
