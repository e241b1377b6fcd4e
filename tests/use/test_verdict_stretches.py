"""How sure the gain of a forecaster is: of neighbours that are alike, of series, of errors that are squared."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.use.verdict import forecast_gain
from throughtime.use.verdict.intervals import mean_of


def windows(count: int, horizon: int, random: np.random.Generator, memory: float = 0.0) -> np.ndarray:
    """Means over overlapping windows of noise that remembers: what the errors of neighbouring forecasts are like."""
    noise = random.normal(0, 1, count + horizon + 200)
    for i in range(1, len(noise)):
        noise[i] += memory * noise[i - 1]
    sums = np.concatenate([[0.0], np.cumsum(noise[200:])])
    return (sums[horizon:] - sums[:-horizon])[:count] / horizon


def gain_of(ours: np.ndarray, theirs: np.ndarray, horizon: int) -> tuple[float, float, float]:
    found = forecast_gain(ours, theirs, np.arange(len(ours)), np.zeros(len(ours)), horizon)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("count", "horizon", "memory"), [(1000, 24, 0.0), (1000, 24, 0.8), (700, 12, 0.6), (120, 1, 0)]
)
def test_interval_covers_where_neighbours_are_alike(count: int, horizon: int, memory: float) -> None:
    random, covered, naive = np.random.default_rng(3), [], []
    for _ in range(400):
        gains = windows(count, horizon, random, memory) + 0.3
        mean, low, high = gain_of(np.full(count, 5.0), gains + 5.0, horizon)
        assert low < mean < high and mean == pytest.approx(gains.mean())
        covered.append(low <= 0.3 <= high)
        independent = mean_of(gains.tolist())
        assert independent is not None
        naive.append(independent[0] <= 0.3 <= independent[1])
    assert 0.9 < np.mean(covered) < 0.98
    assert horizon == 1 or np.mean(naive) < 0.6  # what the same rows would claim if each were a new one


def test_sign_is_that_of_the_better_one() -> None:
    random = np.random.default_rng(4)
    hard = random.gamma(2, 1, 500)
    worse = hard + random.normal(0.5, 0.1, 500)
    ahead, behind = gain_of(hard, worse, 10), gain_of(worse, hard, 10)
    assert ahead[1] > 0 and behind[2] < 0 and ahead[0] == pytest.approx(-behind[0])


def test_too_little_time_tells_nothing() -> None:
    rest = np.arange(80.0)
    assert forecast_gain(rest, rest[::-1], np.arange(80), np.zeros(80), horizon=10) is not None
    assert forecast_gain(rest, rest[::-1], np.arange(80), np.zeros(80), horizon=11) is None
    assert forecast_gain(rest[:7], rest[:7], np.arange(0, 700, 100), np.zeros(7), horizon=1) is None


def test_series_are_the_units_where_time_is_short() -> None:
    """Each series goes wrong in its own way: its forecasts tell as much as one."""
    random, covered = np.random.default_rng(5), []
    series, first = np.repeat(np.arange(30), 3), np.tile(np.arange(3), 30)
    for _ in range(400):
        gains = np.repeat(random.normal(0.2, 1, 30), 3)
        found = forecast_gain(np.zeros(90), gains, first, series, horizon=24)
        assert found is not None
        covered.append(found[1] <= 0.2 <= found[2])
    assert 0.92 < np.mean(covered) < 0.98
    assert forecast_gain(np.zeros(9), gains[:9], first[:9], series[:9], horizon=24) is None


def test_a_hard_week_is_hard_for_all_series() -> None:
    """Many series over the same weeks are no more sure of them than one is."""
    random = np.random.default_rng(6)
    common = windows(600, 12, random, 0.5)
    many = np.tile(common, 20)
    one = gain_of(np.zeros(600), common, 12)
    found = forecast_gain(np.zeros(12_000), many, np.tile(np.arange(600), 20), np.repeat(np.arange(20), 600), 12)
    assert found == pytest.approx(one)


def test_forecasts_count_what_they_weigh() -> None:
    random = np.random.default_rng(7)
    ours, theirs = random.gamma(2, 1, (2, 300))
    weights = random.integers(0, 13, 300).astype(float)
    found = forecast_gain(ours, theirs, np.arange(300), np.zeros(300), 12, weights=weights)
    assert found is not None and found[0] == pytest.approx(np.average(theirs - ours, weights=weights))
    left_out = forecast_gain(
        np.where(weights > 0, ours, 1e9), theirs, np.arange(300), np.zeros(300), 12, weights=weights
    )
    assert left_out == pytest.approx(found)
    assert forecast_gain(ours, theirs, np.arange(300), np.zeros(300), 12, weights=np.zeros(300)) is None


def test_interval_of_the_difference_of_two_roots_covers() -> None:
    random, covered = np.random.default_rng(8), []
    for _ in range(400):
        ours, theirs = random.normal(0, (2.0, 2.5), (400, 2)).T ** 2
        found = forecast_gain(ours, theirs, np.arange(400), np.zeros(400), 4, root=True)
        assert found is not None and found[0] == pytest.approx(np.sqrt(theirs.mean()) - np.sqrt(ours.mean()))
        covered.append(found[1] <= 0.5 <= found[2])
    assert 0.92 < np.mean(covered) < 0.98


def test_origins_that_stand_apart_and_gaps_in_time() -> None:
    """One forecast a horizon, none at all for a while: stretches without any are left out."""
    first = np.concatenate([np.arange(0, 200, 10), np.arange(400, 900, 10)])
    gains = np.random.default_rng(9).normal(1, 0.1, len(first))
    found = forecast_gain(np.zeros(len(first)), gains, first, np.zeros(len(first)), horizon=10)
    assert found is not None and found[0] == pytest.approx(gains.mean()) and 0.9 < found[1] < found[2] < 1.1
