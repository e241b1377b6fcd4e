"""Calibrated quantiles: ranks by hand, shares on fresh draws, and what is done where values are few."""

from __future__ import annotations

import json

import numpy as np
import pytest

from throughtime.models.intervals import LEVELS, Calibration, in_two_halves

NAN = np.nan


def share_below(truth: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Which share of the truths lies at or below each quantile (Q,)."""
    return (truth[:, :, None] <= quantiles).mean((0, 1))


def test_ranks_by_hand() -> None:
    """Nine residuals 1 ... 9: rank 10 p for levels of tenths, rounded away from the middle for others."""
    truth = np.random.default_rng(1).permutation(np.arange(1.0, 10.0))[:, None]
    levels = (0.1, 0.25, 0.5, 0.55, 0.75, 0.9)
    calibration = Calibration.fit(truth, np.zeros((9, 1)), None, levels)
    assert calibration.offsets.tolist() == [[1, 2, 5, 6, 8, 9]] and calibration.notes == ()
    even = Calibration.fit(truth[truth[:, 0] < 9], np.zeros((8, 1)), None, (0.5,))
    assert even.offsets.tolist() == [[4.5]]


def test_every_level_holds_on_fresh_values() -> None:
    """Residuals that are neither centred nor symmetric, of another size at each step; some are not known."""
    generator = np.random.default_rng(2)

    def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
        predicted = generator.normal(size=(count, 3))
        return predicted + generator.gamma(2.0, [1.0, 2.0, 5.0], (count, 3)), predicted

    truth, predicted = drawn(3000)
    truth[generator.random(truth.shape) < 0.1] = NAN
    calibration = Calibration.fit(truth, predicted, None)
    later, at = drawn(3000)
    for step in range(3):
        found = share_below(later[:, step : step + 1], calibration.apply(at, None)[:, step : step + 1])
        assert found == pytest.approx(np.array(LEVELS), abs=0.035)


def test_wrong_quantiles_are_set_right_level_by_level() -> None:
    """Quantiles that say how uncertain it is in the wrong unit: what is kept is where it is more uncertain."""
    generator = np.random.default_rng(3)
    sigma = generator.uniform(0.5, 4, (6000, 2))
    truth, predicted = sigma * generator.normal(size=sigma.shape), np.zeros(sigma.shape)
    levels = (0.1, 0.5, 0.9)
    quantiles = sigma[:, :, None] * np.array([-0.4, 0.1, 0.4])
    assert share_below(truth, quantiles)[2] < 0.7
    calibration = Calibration.fit(truth[:3000], predicted[:3000], quantiles[:3000], levels)
    found = calibration.apply(predicted[3000:], quantiles[3000:])
    assert share_below(truth[3000:], found) == pytest.approx(np.array(levels), abs=0.02)
    by_hand = np.sort(truth[:3000, 1] - quantiles[:3000, 1, 2])[int(np.ceil(3001 * 0.9)) - 1]
    assert calibration.offsets[1, 2] == by_hand
    width = found[:, :, 2] - found[:, :, 0]
    assert np.corrcoef(width.ravel(), sigma[3000:].ravel())[0, 1] > 0.99


def test_quantiles_never_cross() -> None:
    generator = np.random.default_rng(4)
    truth, predicted = generator.normal(size=(2, 50, 2))
    quantiles = generator.normal(size=(50, 2, len(LEVELS)))  # in no order
    found = Calibration.fit(truth, predicted, quantiles).apply(predicted, quantiles)
    assert (np.diff(found, axis=2) >= 0).all()


def test_few_values_borrow_from_the_steps_around() -> None:
    """Of 20 forecasts 39 residuals are needed: step 0 takes step 1 too, step 2 takes 1 and 3, but not 0 and 4."""
    truth = np.arange(5.0) * 100 + np.arange(20.0)[:, None]
    calibration = Calibration.fit(truth, np.zeros((20, 5)), None)
    assert calibration.notes == ()
    low, high = calibration.offsets[:, 0], calibration.offsets[:, -1]
    assert low.tolist() == [0, 0, 100, 200, 300] and high.tolist() == [119, 219, 319, 419, 419]


def test_too_few_values_are_said() -> None:
    truth = np.array([[1.0, NAN, 2.0], [4.0, NAN, NAN]])
    calibration = Calibration.fit(truth, np.zeros((2, 3)), None, (0.1, 0.25, 0.5, 0.75, 0.9))
    note = "3 known values are too few for the quantiles at 0.1, 0.9: the outermost stand for them"
    assert calibration.notes == (note,)
    assert calibration.offsets.tolist() == [[-4, -4, 0, 4, 4]] * 3  # each on both sides: -4 -2 -1 1 2 4
    quantiles = np.zeros((2, 3, 5))
    assert Calibration.fit(truth, truth, quantiles, calibration.levels).offsets[0].tolist() == [1, 1, 2, 4, 4]
    nothing = Calibration.fit(np.full((2, 3), NAN), np.zeros((2, 3)), None)
    assert (nothing.offsets == 0).all() and nothing.notes[0].startswith("no forecast became known")


def test_in_two_halves_each_is_calibrated_by_the_other() -> None:
    generator = np.random.default_rng(5)
    truth, predicted = generator.normal(size=(2, 101, 2))
    times = generator.permutation(np.arange(101) // 2)  # forecasts of two series at each time
    early = times < np.sort(times)[50]
    found = in_two_halves(truth, predicted, None, times)
    for asked in (early, ~early):
        assert asked.any()
        expected = Calibration.fit(truth[~asked], predicted[~asked], None).apply(predicted[asked], None)
        assert (found[asked] == expected).all()
    other = truth.copy()
    other[early] += 100  # what came of the early ones moves the late ones alone
    moved = in_two_halves(other, predicted, None, times)
    assert (moved[early] == found[early]).all() and (moved[~early] > found[~early] + 50).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_halves_of_one_time_or_of_one_forecast(count: int) -> None:
    truth = np.arange(1.0, count + 1)[:, None]
    found = in_two_halves(truth, np.zeros((count, 1)), None, np.zeros(count, np.int64), (0.5,))[:, 0, 0]
    assert found.tolist() == {1: [1], 2: [2, 1], 3: [3, 3, 1.5]}[count]


def test_a_series_without_change_has_intervals_of_no_width() -> None:
    truth = np.full((60, 2), 3.0)
    found = Calibration.fit(truth, truth, None).apply(truth, None)
    assert (found == 3.0).all()


def test_saved_is_loaded() -> None:
    generator = np.random.default_rng(6)
    truth, predicted = generator.normal(size=(2, 30, 2))
    one = Calibration.fit(truth, predicted, None)
    two = Calibration.from_json(json.loads(json.dumps(one.to_json())))
    assert (two.levels, two.of_quantiles, two.notes) == (one.levels, one.of_quantiles, one.notes)
    assert (two.apply(predicted, None) == one.apply(predicted, None)).all()
