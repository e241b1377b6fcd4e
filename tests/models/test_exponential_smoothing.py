"""Exponential smoothing: the recursion by hand and against statsmodels, and what its parameters are fitted to."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.models.exponential_smoothing import Smoothing, Trend, fitted

NAN = np.nan


def smoothing(trend: Trend, alpha: float, beta: float, gamma: float, phi: float, seasonal: list[float]) -> Smoothing:
    return Smoothing(trend, *(np.array([value]) for value in (alpha, beta, gamma, phi)), np.array([seasonal]))


def test_a_damped_trend_by_hand() -> None:
    """Level 10, trend 0; 14 comes, 4 more than was said: level 12, trend 1; then 11, said were 12.5."""
    backtest = Backtest.over(Panel.of_values([np.array([10.0, 14.0, 11.0, 0.0, 0.0])]), 2, 5, 2)
    found = smoothing("damped", 0.5, 0.25, 0.0, 0.5, [0.0]).forecast(backtest)
    level, trend = 12.5 - 0.5 * 1.5, 0.5 - 0.25 * 1.5
    assert found[0] == pytest.approx([12.5, 12.75])
    assert found[1] == pytest.approx([level + 0.5 * trend, level + 0.75 * trend])


def test_a_season_by_hand() -> None:
    """Season 1, -1 by the step of the axis, and the series begins at an odd one: its first level is 5 + 1."""
    panel = Panel.of_values([np.array([5.0, 9.0, 0.0, 0.0, 0.0])])
    panel.begins[:] = 3
    backtest = Backtest.over(panel, 5, 8, 3)
    found = smoothing("none", 0.5, 0.0, 0.25, 1.0, [1.0, -1.0]).forecast(backtest)
    assert found[0] == pytest.approx([7 - 1, 7 + 1.5, 7 - 1])  # 9 came, 7 was said: level + 1, season + 0.5


def test_a_missing_value_was_as_foreseen() -> None:
    values = np.array([1.0, 4.0, NAN, 2.0, 3.0])
    model = smoothing("additive", 0.5, 0.25, 0.0, 1.0, [0.0])
    at_two, at_three = model.forecast(Backtest.over(Panel.of_values([values]), 2, 5, 2))
    assert at_three[0] == pytest.approx(at_two[1])


@pytest.mark.parametrize("season", [1, 4])
@pytest.mark.parametrize("trend", ["none", "additive", "damped"])
def test_the_recursion_is_that_of_statsmodels(trend: Trend, season: int) -> None:
    ets = pytest.importorskip("statsmodels.tsa.exponential_smoothing.ets")
    generator = np.random.default_rng(1)
    values = np.cumsum(generator.normal(size=40)) + np.resize([1.0, -2.0, 0.5, 3.0], 40)
    first = np.array([0.5, -1.0, 0.0, 0.5])[:season] if season > 1 else np.zeros(1)
    named = {"smoothing_level": 0.4, "smoothing_trend": 0.2, "smoothing_seasonal": 0.3, "damping_trend": 0.9}
    theirs = ets.ETSModel(
        values,
        trend=None if trend == "none" else "add",
        damped_trend=trend == "damped",
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
        initialization_method="known",
        initial_level=values[0] - first[0],
        initial_trend=None if trend == "none" else 0.0,
        initial_seasonal=first if season > 1 else None,
    )
    used = [named[name] for name in theirs.param_names if name in named]
    states = theirs.smooth(np.array([*used, *theirs.start_params[len(used) :]]))
    beta, phi = 0.2 if trend != "none" else 0.0, 0.9 if trend == "damped" else 1.0
    ours = smoothing(trend, 0.4, beta, 0.3 if season > 1 else 0.0, phi, first.tolist())
    panel = Panel.of_values([np.concatenate([values, np.zeros(9)])])
    ahead = ours.forecast(Backtest(panel, np.array([0]), np.array([40]), 9))[0]
    assert ahead == pytest.approx(states.forecast(9), abs=1e-9)
    one = ours.forecast(Backtest.over(panel, 1, 40, 1))[:, 0]
    assert one == pytest.approx(states.fittedvalues[1:], abs=1e-9)


def test_parameters_come_from_the_training_values() -> None:
    """A random walk is best followed at once, noise about a level slowly; a season is found, whatever step begins."""
    pytest.importorskip("statsmodels")
    generator = np.random.default_rng(2)
    walk, noise = np.cumsum(generator.normal(size=400)), generator.normal(size=400)
    both = fitted({0: walk, 1: noise}, np.zeros(2, np.int64), "none", 1)
    assert both.alpha[0] > 0.85 and both.alpha[1] < 0.15
    course = np.array([3.0, -1.0, -2.0])
    seasonal = fitted({0: np.resize(np.roll(course, -5), 90) + 0.01 * noise[:90]}, np.array([5]), "none", 3)
    assert seasonal.seasonal[0] == pytest.approx(course, abs=0.01)


def test_series_without_training_share_what_the_others_have() -> None:
    pytest.importorskip("statsmodels")
    generator = np.random.default_rng(3)
    training = {s: np.cumsum(generator.normal(size=60)) for s in (0, 2, 3)}
    model = fitted(training, np.zeros(4, np.int64), "damped", 4)
    for values in (model.alpha, model.beta, model.gamma, model.phi):
        assert values[1] == np.median(values[[0, 2, 3]])
    assert model.seasonal[1] == pytest.approx(model.seasonal[[0, 2, 3]].mean(0))
    many = fitted({s: np.cumsum(generator.normal(size=30)) for s in range(20)}, np.zeros(20, np.int64), "none", 1)
    assert len(np.unique(many.alpha)) <= 9


@pytest.mark.parametrize("values", [np.full(60, 3.0), np.array([1.0, 2.0]), np.array([1.0, NAN, 1.0] * 10)])
@pytest.mark.parametrize("season", [1, 7])
def test_what_does_not_change_or_is_too_short_is_still_forecast(values: np.ndarray, season: int) -> None:
    pytest.importorskip("statsmodels")
    model = fitted({0: values}, np.zeros(1, np.int64), "damped", season)
    found = model.forecast(Backtest(Panel.of_values([values]), np.array([0]), np.array([1]), 3))
    assert np.isfinite(found).all() and found == pytest.approx(np.full((1, 3), values[0]))
