"""Linear autoregression against regressions written out, a loop over the steps, and known processes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.models.linear_autoregression import (
    Direct,
    Recursive,
    choose,
    fit_direct,
    fit_recursive,
)
from throughtime.models.linear_autoregression import products as products_module
from throughtime.models.linear_autoregression.choice import sensible_lags

NAN = np.nan


def some_panel(holes: float = 0.0, covariates: int = 2) -> Panel:
    """Three series of unequal length, one shorter than many lags, with two covariates known four steps ahead."""
    generator = np.random.default_rng(1)
    values, known = [], []
    for steps in (90, 9, 60):
        ahead = generator.normal(size=(steps + 4, covariates))
        one = np.cumsum(generator.normal(size=steps)) + ahead[:steps].sum(1)
        one[1:-1][generator.random(steps - 2) < holes] = NAN
        values.append(one)
        known.append(ahead)
    return Panel.of_values(values, known)


def ridge(features: np.ndarray, target: np.ndarray, l2: float) -> tuple[np.ndarray, float]:
    """Weights and bias with the least mean of squared errors plus ``l2`` times the squared weights."""
    off = features - features.mean(0)
    weights = np.linalg.solve(
        off.T @ off / len(off) + l2 * np.eye(off.shape[1]), off.T @ (target - target.mean()) / len(off)
    )
    return weights, float(target.mean() - features.mean(0) @ weights)


@pytest.mark.parametrize("use_known", [False, True])
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("lags", [1, 2, 5])
def test_direct_is_a_ridge_regression_a_step(lags: int, relative: bool, use_known: bool) -> None:
    backtest = Backtest.over(some_panel(), 0, 90, 3)
    direct = fit_direct(backtest, lags, 0.3, relative, use_known)
    x, last = backtest.lags(lags), backtest.lags(1) if relative else 0.0
    for step in range(3):
        features = np.concatenate([x - last, backtest.known[:, step]] if use_known else [x - last], axis=1)
        weights, bias = ridge(features, (backtest.truth - last)[:, step], 0.3)
        assert direct.weights[step] == pytest.approx(weights[:lags], abs=1e-9)
        assert direct.known[step] == pytest.approx(weights[lags:], abs=1e-9)
        assert direct.bias[step] == pytest.approx(bias)
        said = features @ weights + bias + (last[:, 0] if relative else 0)
        assert direct.forecast(backtest)[:, step] == pytest.approx(said)


def test_fewer_lags_from_the_products_of_more() -> None:
    """The products of 12 lags hold those of 4: the same weights as if nothing but 4 had ever been looked at."""
    backtest = Backtest.over(some_panel(), 0, 90, 2)
    many = products_module.Products.of(backtest, 12, True)
    for relative in (False, True):
        shared, alone = Direct.of(many, 4, 0.1, relative, True), fit_direct(backtest, 4, 0.1, relative, True)
        assert shared.weights == pytest.approx(alone.weights) and shared.known == pytest.approx(alone.known)


def test_forecasts_with_gaps_are_left_out() -> None:
    backtest = Backtest.over(some_panel(holes=0.05), 0, 90, 3)
    whole = ~np.isnan(backtest.truth).any(1)
    assert 0.5 < whole.mean() < 1
    found = fit_direct(backtest, 3, 0.1, True, True)
    expected = fit_direct(backtest.select(np.flatnonzero(whole)), 3, 0.1, True, True)
    assert found.weights == pytest.approx(expected.weights)


def test_where_nearly_all_have_gaps_they_are_bridged() -> None:
    """Every third value is missing: no forecast of six steps is whole, and still a line is learned."""
    line = np.arange(60.0)
    line[2:-1:3] = NAN
    backtest = Backtest.over(Panel.of_values([line]), 0, 60, 6, context=2)
    assert np.isnan(backtest.truth).any(1).mean() > 0.9
    direct = fit_direct(backtest, 3, 1e-8, True, False)
    at = backtest.select(np.flatnonzero(backtest.first == 31))  # after the values of steps 28, (29), 30
    assert direct.forecast(at)[0] == pytest.approx(31 + np.arange(6.0), abs=0.7)


def test_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    backtest = Backtest.over(some_panel(holes=0.02), 0, 90, 3)
    models = [fit(backtest, 4, 0.1, True, True) for fit in (fit_direct, fit_recursive)]
    monkeypatch.setattr(products_module, "NUMBERS_AT_ONCE", 50)
    again = [fit(backtest, 4, 0.1, True, True) for fit in (fit_direct, fit_recursive)]
    for one, other in zip(models, again, strict=True):
        assert one.forecast(backtest) == pytest.approx(other.forecast(backtest), abs=1e-9)


@pytest.mark.parametrize("lags", [1, 4])
@pytest.mark.parametrize("relative", [False, True])
def test_recursive_reads_its_own_forecasts(relative: bool, lags: int) -> None:
    backtest = Backtest.over(some_panel(holes=0.05), 0, 90, 5)
    model = fit_recursive(backtest, lags, 0.1, relative, True)
    weights, known, bias = model.step.weights[0], model.step.known[0], model.step.bias[0]
    found = model.forecast(backtest)
    for n in range(0, len(backtest), 7):
        window = list(backtest.lags(lags)[n])
        for step in range(5):
            last = window[-1] if relative else 0.0
            window.append(last + (np.array(window[-lags:]) - last) @ weights + backtest.known[n, step] @ known + bias)
        assert found[n] == pytest.approx(np.array(window[lags:]))


def test_recursive_learns_from_every_step_that_is_forecast() -> None:
    """Strides and horizons leave none out; what lies before the first forecast and after the last one is not seen."""
    panel = Panel.of_values([np.concatenate([np.full(5, 1e6), np.sin(np.arange(40.0)), np.full(5, 1e6)])])
    every = Backtest.over(panel, 7, 45, 3, context=7)
    model = fit_recursive(every.select(np.arange(0, len(every), 5)), 2, 1e-9, False, False)
    two = 2 * np.cos(1)  # sin(t + 1) = 2 cos(1) sin(t) - sin(t - 1)
    assert model.step.weights[0] == pytest.approx([-1, two], abs=1e-5)


def test_one_forecast_of_one_step() -> None:
    backtest = Backtest(Panel.of_values([np.array([1.0, 2.0, 4.0])]), np.array([0]), np.array([2]), 1)
    for fit in (fit_direct, fit_recursive):
        assert fit(backtest, 2, 0.1, False, False).forecast(backtest).tolist() == [[4.0]]


def test_a_constant_series_is_forecast_as_itself() -> None:
    backtest = Backtest.over(Panel.of_values([np.zeros(30)]), 0, 30, 4)
    choice, model = choose(backtest, backtest, seasons=[7])
    assert (model.forecast(backtest) == 0).all() and str(choice)


def test_the_right_order_is_chosen() -> None:
    """An AR process with a weight at lag 3 only, beside a covariate that counts."""
    generator = np.random.default_rng(3)
    ahead = generator.normal(size=(3000, 1))
    values = np.zeros(3000)
    for t in range(3, 3000):
        values[t] = -0.8 * values[t - 3] + ahead[t, 0] + 0.1 * generator.normal()
    panel = Panel.of_values([values], [ahead])
    train, valid = Backtest.over(panel, 0, 2000, 4), Backtest.over(panel, 2000, 3000, 4)
    choice, model = choose(train, valid)
    assert choice.lags == 3 and choice.use_known and "3 lags" in str(choice) and "known ahead" in str(choice)
    assert np.mean((model.forecast(valid) - valid.truth) ** 2) == pytest.approx(0.01 * (1 + 1 + 1 + 1.64) / 4, rel=0.1)
    _, direct = choose(train, valid, ways=("direct",))
    assert isinstance(direct, Direct) and direct.known[0] == pytest.approx([1], abs=0.02)


def test_the_score_chooses() -> None:
    """A score that prefers low forecasts gets lower ones than the squared error does."""
    backtest = Backtest.over(some_panel(), 0, 90, 2)
    usual = choose(backtest, backtest)[1].forecast(backtest)
    low = choose(backtest, backtest, lambda predicted: -float(predicted.max()))[1].forecast(backtest)
    assert low.max() < usual.max()


def test_what_grows_beyond_all_bounds_is_not_chosen() -> None:
    backtest = Backtest.over(some_panel(), 0, 90, 2)
    usual = choose(backtest, backtest)[1].forecast(backtest).max()

    def score(predicted: np.ndarray) -> float:
        return NAN if predicted.max() > usual - 0.1 else float(predicted.max())

    assert choose(backtest, backtest, score)[1].forecast(backtest).max() <= usual - 0.1


def test_lags_reach_no_further_than_the_series() -> None:
    train = Backtest.over(Panel.of_values([np.zeros(20), np.zeros(20)]), 0, 20, 4)
    assert sensible_lags(train, [4]) == [1, 2, 3, 4, 7, 8]  # first forecasts begin at 1 ... 16


def test_what_is_set_is_not_tried() -> None:
    backtest = Backtest.over(some_panel(), 0, 90, 2)
    for relative in (False, True):
        _, direct = choose(backtest, backtest, ways=("direct",), longest=4, relative=(relative,))
        assert direct.relative == relative and direct.lags <= 4


def test_saved_is_loaded() -> None:
    backtest = Backtest.over(some_panel(), 0, 90, 3)
    for use_known in (False, True):
        for one in (fit_direct(backtest, 4, 0.1, True, use_known), fit_recursive(backtest, 4, 0.1, False, use_known)):
            again = type(one).from_json(json.loads(json.dumps(one.to_json())))
            assert isinstance(again, Direct | Recursive)
            assert (again.forecast(backtest) == one.forecast(backtest)).all()  # type: ignore[arg-type]
