"""Baselines of forecasts: by hand, from nothing that came later, each series by itself, with honest quantiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from throughtime.data.scaling import Scaling
from throughtime.data.series import seasons as seasons_module
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.models.baselines import EXTRAS, Answer, Material, baselines, calibrated
from throughtime.models.baselines import forecasts as forecasts_module
from throughtime.models.baselines.naive import last_value, season_before, straight_on
from throughtime.models.intervals import LEVELS, Calibration, in_two_halves, levels_for
from throughtime.models.metrics import Outcome, metrics

NAN = np.nan
NAMES = ("drift", "exponential_smoothing", "linear_autoregression", "naive", "seasonal_naive")
MAE = metrics["mae"].score
HORIZON = 4


def some_values(seed: int = 1) -> list[np.ndarray]:
    """Three series of unequal length with a season of 6 and holes, and one that never changes; all end at step 150."""
    generator = np.random.default_rng(seed)
    found = []
    for steps in (150, 90, 149):
        values = np.resize([1.0, -1.0, 0.0, 2.0, 0.5, -2.5], steps) + np.cumsum(0.2 * generator.normal(size=steps))
        values[1:-1][generator.random(steps - 2) < 0.05] = NAN
        found.append(values)
    return [*found, np.zeros(150)]


def some_panel(values: list[np.ndarray] | None = None) -> Panel:
    values = some_values() if values is None else values
    known = [np.cos(np.arange(160 - len(one), 170))[: len(one) + HORIZON, None] for one in values]
    return replace(Panel.of_values(values, known), begins=np.array([150 - len(one) for one in values]))


def material(panel: Panel, begin: int, end: int, level: float | None = 0.8) -> Material:
    scalings = [Scaling(10.0 * s, 1.0 + s) for s in range(len(panel))]
    return Material.of_backtest(Backtest.over(panel, begin, end, HORIZON), scalings, np.arange(1.0, 5.0), level)


def splits(panel: Panel) -> tuple[Material, Material, Material]:
    return material(panel, 0, 100), material(panel, 100, 125), material(panel, 125, 150)


def answer(name: str, panel: Panel) -> Answer:
    found = baselines[name](*splits(panel), MAE)
    assert found is not None
    return found


def asked(*values: float, first: int, horizon: int = 3) -> Backtest:
    """One forecast of a series after its first values."""
    return Backtest(Panel.of_values([np.array([*values, *[9.0] * horizon])]), np.array([0]), np.array([first]), horizon)


@pytest.fixture(autouse=True)
def _all_installed(request: pytest.FixtureRequest) -> None:
    if "exponential_smoothing" in request.node.name:
        pytest.importorskip("statsmodels")


def test_without_learning_by_hand() -> None:
    five = asked(1.0, 2.0, NAN, 4.0, 9.0, first=5, horizon=7)
    assert last_value(five).tolist() == [[9.0] * 7]
    assert season_before(3, five).tolist() == [[2.0, 4.0, 9.0, 2.0, 4.0, 9.0, 2.0]]  # 2 stands for what is missing
    assert season_before(7, five)[0, :3].tolist() == [1.0, 1.0, 1.0]  # the first value for those before it
    assert straight_on(five)[0].tolist() == [11.0, 13.0, 15.0, 17.0, 19.0, 21.0, 23.0]
    assert straight_on(asked(5.0, first=1)).tolist() == [[5.0, 5.0, 5.0]]
    assert straight_on(asked(5.0, 7.0, NAN, first=3)).tolist() == [[8.0, 9.0, 10.0]]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_came_after_an_origin_changes_its_forecast(name: str) -> None:
    """Other values from step 137 on: only forecasts that begin later differ, and settings and valid do not."""
    one = answer(name, some_panel())
    values = [np.where(150 - len(v) + np.arange(len(v)) >= 137, v + 50, v) for v in some_values()]
    other = answer(name, some_panel(values))
    asked_for = splits(some_panel())[2].backtest
    before = asked_for.panel.begins[asked_for.series] + asked_for.first <= 137
    assert 0 < before.sum() < len(before)
    assert one.settings == other.settings and (one.valid.predicted == other.valid.predicted).all()
    assert one.test.spread is not None and other.test.spread is not None
    assert (one.test.predicted[before] == other.test.predicted[before]).all()
    assert (one.test.spread.quantiles[before] == other.test.spread.quantiles[before]).all()
    assert (one.test.predicted[~before] != other.test.predicted[~before]).any()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_learned_from_what_comes_after_training(name: str) -> None:
    """Other values in valid: where what is chosen stays the same, a forecast from the first step of valid does too."""
    train, valid, _ = splits(some_panel())
    values = [np.where(150 - len(v) + np.arange(len(v)) >= 101, 1.01 * v + 0.1, v) for v in some_values()]
    others = splits(some_panel(values))
    one, other = (baselines[name](*parts, MAE) for parts in ((train, valid, valid), (*others[:2], others[1])))
    assert one is not None and other is not None and one.settings == other.settings
    first = valid.backtest.panel.begins[valid.backtest.series] + valid.backtest.first <= 101
    assert first.any() and (one.valid.predicted[first] == other.valid.predicted[first]).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_forecast_does_not_hang_on_what_else_is_asked(name: str) -> None:
    train, valid, test = splits(some_panel())
    whole = answer(name, some_panel())
    chosen = np.random.default_rng(2).permutation(np.flatnonzero(test.backtest.series != 1))[:20]
    assert test.rolling is not None
    part = replace(test, rolling=replace(test.rolling, backtest=test.backtest.select(chosen)))
    some = baselines[name](train, valid, part, MAE)
    assert some is not None and some.settings == whole.settings
    assert some.test.predicted == pytest.approx(whole.test.predicted[chosen], abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_series_that_never_changes_is_forecast_as_it_is(name: str) -> None:
    """Deviation 0 before it was scaled: in units it is its mean, in an interval of no width by its own."""
    panel = Panel.of_values([np.zeros(60)])
    parts = [
        Material.of_backtest(Backtest.over(panel, *span, 3), [Scaling(7.0, 1.0)], np.array([0.0]), 0.8)
        for span in ((0, 40), (40, 50), (50, 60))
    ]
    found = baselines[name](*parts, MAE)
    if name == "seasonal_naive":
        assert found is None  # nothing comes again where nothing changes
        return
    assert found is not None and (found.test.predicted == 7.0).all()
    assert metrics["coverage"].compute(found.test) == 1.0 and not metrics["mase"].applies(found.test)


@pytest.mark.parametrize("name", NAMES)
def test_one_forecast_of_one_step_of_a_short_series(name: str) -> None:
    values = np.array([0.0, 1.0, -1.0, 2.0, 1.0])
    panel = Panel.of_values([values])
    parts = [
        Material.of_backtest(Backtest.over(panel, *span, 1), [Scaling(0.0, 1.0)], np.array([1.5]), 0.8)
        for span in ((0, 3), (3, 4), (4, 5))
    ]
    found = baselines[name](*parts, MAE)
    if found is None:
        assert name == "seasonal_naive"
        return
    assert found.test.predicted.shape == (1, 1) and np.isfinite(found.test.predicted).all()
    assert "1 known values are too few for the quantiles at 0.025" in found.settings


def test_units_or_deviations() -> None:
    backtest = Backtest.over(Panel.of_values([np.array([-1.0, 0.5]), np.array([0.0, 3.0, NAN, 1.0])]), 1, 4, 1)
    scalings, scales = [Scaling(10.0, 2.0), Scaling(-5.0, 4.0)], np.array([4.0, NAN])
    units = Material.of_backtest(backtest, scalings, scales, 0.8)
    quantiles = np.tile([-1.0, 0.0, 1.0], (3, 1, 1))
    outcome = units.forecast(np.ones((3, 1)), quantiles, (0.1, 0.5, 0.9))
    assert outcome.truth[:, 0].tolist() == [11.0, 7.0, -1.0] and outcome.predicted[:, 0].tolist() == [12.0, -1.0, -1.0]
    assert outcome.spread is not None and outcome.spread.quantiles[:2, 0].tolist() == [[8, 10, 12], [-9, -5, -1]]
    assert metrics["mase"].compute(outcome) == 0.25
    bare = Material.of_backtest(backtest, scalings, scales, 0.8, "deviations").forecast(np.ones((3, 1)))
    assert bare.truth[:, 0].tolist() == [0.5, 3.0, 1.0] and bare.spread is None
    assert metrics["mase"].compute(bare) == 0.25


def test_quantiles_of_test_come_from_valid_and_those_of_valid_from_its_other_half() -> None:
    _, valid, test = splits(some_panel())
    points = [last_value(part.backtest) for part in (valid, test)]
    calibration, outcomes = calibrated(valid, points[0], None, test, points[1], None)
    expected = Calibration.fit(valid.backtest.truth, points[0], None)
    assert (calibration.offsets == expected.offsets).all()
    assert (outcomes["test"].spread.quantiles == test.rolling.measured(expected.apply(points[1], None))).all()
    halves = in_two_halves(valid.backtest.truth, points[0], None, valid.rolling.times)
    assert (outcomes["valid"].spread.quantiles == valid.rolling.measured(halves)).all()


def test_an_interval_of_any_level_has_its_bounds() -> None:
    panel = some_panel()
    parts = [material(panel, *span, 0.77) for span in ((0, 100), (100, 125), (125, 150))]
    found = baselines["naive"](*parts, MAE)
    assert found is not None and found.test.spread is not None and found.test.spread.levels == levels_for(0.77)
    assert 0 < metrics["coverage"].compute(found.test) <= 1
    none = [material(panel, *span, None) for span in ((0, 100), (100, 125), (125, 150))]
    found = baselines["naive"](*none, MAE)
    assert found is not None and metrics["crps"].applies(found.test) and not metrics["coverage"].applies(found.test)


@pytest.mark.parametrize("watched", ["pinball", "crps", "mase", "mse", "smape"])
def test_what_is_watched_chooses(watched: str) -> None:
    """Of two forecasts that are off by 0.01 and by 5: by whatever metric, quantiles or not."""
    valid = splits(some_panel())[1]
    near, far = (lambda backtest, off=off: np.nan_to_num(backtest.truth) + off for off in (0.01, 5.0))
    noisy: Callable[[Backtest], np.ndarray] = lambda backtest: far(backtest) * np.sin(np.arange(len(backtest)))[:, None]  # noqa: E731
    chosen = forecasts_module.best_of([("noisy", noisy), ("near", near)], valid, metrics[watched].score)
    assert chosen[0] == "near"


def test_what_is_no_number_is_never_chosen() -> None:
    valid = splits(some_panel())[1]
    wild = lambda backtest: np.full((len(backtest), HORIZON), np.inf)  # noqa: E731
    assert forecasts_module.best_of([("wild", wild), ("last", last_value)], valid, MAE)[0] == "last"


def test_few_of_many_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts_module, "COMPARED", 7)
    valid = splits(some_panel())[1]
    few, score = forecasts_module.scored(valid, MAE)
    assert len(few) == 7 and score(last_value(few)) == MAE(valid.at_most(7).forecast(last_value(few)))


def test_the_season_is_found_where_the_changes_repeat() -> None:
    train = splits(some_panel())[0].backtest
    assert 6 in seasons_module.candidates(train)
    assert answer("seasonal_naive", some_panel()).settings.startswith("season 6")
    walk = Panel.of_values([np.cumsum(np.random.default_rng(4).normal(size=3000))])
    assert seasons_module.candidates(Backtest.over(walk, 0, 3000, 3)) == []


def test_what_the_axis_suggests_is_tried_as_far_as_there_is_training() -> None:
    class Days:
        seasons = (7, 365)

    walk = np.cumsum(np.random.default_rng(5).normal(size=300))
    panel = replace(Panel.of_values([walk]), axis=Days())  # type: ignore[arg-type]
    assert seasons_module.candidates(Backtest.over(panel, 0, 300, 3)) == [7]


def test_training_values_end_where_training_does() -> None:
    values = some_values()
    found = seasons_module.training_values(splits(some_panel(values))[0].backtest)
    for s, own in found.items():
        end = 100 - (150 - len(values[s]))
        assert len(own) == end and np.array_equal(own, values[s][:end], equal_nan=True)


def test_linear_autoregression_beats_what_learns_nothing() -> None:
    errors = {name: -MAE(answer(name, some_panel()).test) for name in ("linear_autoregression", "naive", "drift")}
    assert errors["linear_autoregression"] < 0.6 * min(errors["naive"], errors["drift"])


def test_without_statsmodels_there_is_no_exponential_smoothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(EXTRAS["exponential_smoothing"]), "installed", False)
    assert baselines["exponential_smoothing"](*splits(some_panel()), MAE) is None


def test_coverage_on_fresh_values() -> None:
    """A random walk: the interval of the last value holds 80 % in time that nothing was chosen by."""
    walk = np.cumsum(np.random.default_rng(6).normal(size=6000))
    panel = Panel.of_values([walk])
    parts = [
        Material.of_backtest(Backtest.over(panel, *span, 5), [Scaling(0.0, 1.0)], np.array([1.0]), 0.8)
        for span in ((0, 2000), (2000, 4000), (4000, 6000))
    ]
    found = baselines["naive"](*parts, MAE)
    assert found is not None
    for outcome in (found.valid, found.test):
        assert isinstance(outcome, Outcome) and outcome.spread is not None and outcome.spread.levels == LEVELS
        assert metrics["coverage"].compute(outcome) == pytest.approx(0.8, abs=0.03)
