"""Metrics of forecasts, by hand and against closed forms."""

from __future__ import annotations

from math import pi, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from throughtime.errors import UsageError
from throughtime.models.metrics import Outcome, metrics, metrics_of

NAN = np.nan
POINTS = ["mae", "mse", "rmse", "smape"]
LEVELS = (0.025, 0.05, *(k / 10 for k in range(1, 10)), 0.95, 0.975)


def two_by_three() -> Outcome:
    """Errors 1, -2, (unknown) and 3, 0, -6; the first series has a naive error of 2, the second one of 0."""
    truth = np.array([[1.0, 2.0, NAN], [-3.0, 0.0, 6.0]])
    predicted = np.array([[2.0, 0.0, 7.0], [0.0, 0.0, 0.0]])
    return Outcome.of_forecasts(truth, predicted, scale=np.array([2.0, 0.0]))


def of(name: str, outcome: Outcome) -> float:
    return metrics[name].compute(outcome)


def gaussian(
    truth: np.ndarray, levels: tuple[float, ...] = LEVELS, level: float | None = 0.8, sigma: float = 1.0
) -> Outcome:
    """Forecasts of one step by the normal distribution of mean 0 and this deviation."""
    quantiles = np.array([NormalDist(0, sigma).inv_cdf(at) for at in levels])
    tiled = np.tile(quantiles, (len(truth), 1, 1))
    return Outcome.of_forecasts(truth[:, None], np.zeros((len(truth), 1)), levels=levels, quantiles=tiled, level=level)


def test_an_unknown_truth_counts_nowhere() -> None:
    outcome = two_by_three()
    assert (outcome.kind, outcome.rows, len(outcome)) == ("forecasts", 2, 5)
    assert of("mae", outcome) == (1 + 2 + 3 + 0 + 6) / 5
    assert of("mse", outcome) == (1 + 4 + 9 + 0 + 36) / 5
    assert of("rmse", outcome) == pytest.approx(sqrt(10))
    wild = Outcome.of_forecasts(outcome.truth, np.where(outcome.known, outcome.predicted, 1e9), scale=outcome.scale)
    assert {entry.name: entry.compute(wild) for entry in metrics_of(outcome)} == {
        entry.name: entry.compute(outcome) for entry in metrics_of(outcome)
    }


def test_smape_by_hand() -> None:
    assert of("smape", two_by_three()) == pytest.approx((2 / 3 + 2 + 2 + 0 + 2) / 5)
    far = Outcome.of_forecasts(np.array([[1.0]]), np.array([[-1.0]]))
    assert of("smape", far) == 2.0


def test_mase_leaves_out_series_without_a_scale() -> None:
    assert of("mase", two_by_three()) == (1 / 2 + 2 / 2) / 2
    three = Outcome.of_forecasts(np.zeros((3, 1)), np.array([[3.0], [5.0], [7.0]]), scale=np.array([4.0, NAN, 2.0]))
    assert of("mase", three) == (3 / 4 + 7 / 2) / 2


@pytest.mark.parametrize("scale", [None, np.zeros(2), np.full(2, NAN), np.array([NAN, 3.0])])
def test_without_any_scale_there_is_no_mase(scale: np.ndarray | None) -> None:
    """The last one has a scale only where no truth is known."""
    outcome = Outcome.of_forecasts(np.array([[1.0], [NAN]]), np.zeros((2, 1)), scale=scale)
    assert [entry.name for entry in metrics_of(outcome)] == POINTS
    with pytest.raises(UsageError, match='"mase" does not measure such answers: it needs series that change'):
        of("mase", outcome)


def test_pinball_by_hand() -> None:
    """Quantiles 0 and 4 at levels 0.1 and 0.9, truths 5, 1 and one that is not known."""
    quantiles = np.tile([0.0, 4.0], (1, 3, 1))
    truth = np.array([[5.0, 1.0, NAN]])
    outcome = Outcome.of_forecasts(truth, np.ones((1, 3)), levels=(0.1, 0.9), quantiles=quantiles, level=0.8)
    low, high = (0.5 + 0.1) / 2, (0.9 + 0.3) / 2  # 0.1 of 5 and of 1 above; 0.9 of 1 above, 0.1 of 3 below
    assert of("pinball", outcome) == pytest.approx((low + high) / 2)
    assert of("crps", outcome) == pytest.approx(0.9 * low + 0.9 * high)  # each level stands for (1 - 0) - 0.1
    assert of("coverage", outcome) == 1 / 2


def test_crps_of_a_gaussian_against_its_closed_form() -> None:
    """Gneiting, Raftery 2007, equation 21: y (2 F(y) - 1) + 2 f(y) - 1 / sqrt(pi)."""
    normal = NormalDist()
    truth = np.random.default_rng(1).normal(size=4000)
    exact = np.mean([y * (2 * normal.cdf(y) - 1) + 2 * normal.pdf(y) - 1 / sqrt(pi) for y in truth.tolist()])
    coarse, fine = gaussian(truth), gaussian(truth, tuple(k / 500 for k in range(1, 500)), None)
    assert of("crps", coarse) == pytest.approx(exact, rel=0.03)
    assert of("crps", fine) == pytest.approx(exact, rel=1e-3)
    assert of("coverage", coarse) == pytest.approx(0.8, abs=0.02)


def test_crps_and_pinball_are_least_for_the_true_distribution() -> None:
    truth = np.random.default_rng(2).normal(size=2000)
    for name in ("crps", "pinball"):
        others = [gaussian(truth + 0.3), gaussian(truth, sigma=1.4), gaussian(truth, sigma=0.6)]
        assert of(name, gaussian(truth)) < min(of(name, other) for other in others)


def test_the_bounds_belong_to_the_interval() -> None:
    levels, quantiles = (0.25, 0.5, 0.75), np.tile([1.0, 2.0, 3.0], (5, 1, 1))
    truth = np.array([[1.0], [3.0], [2.0], [0.999], [3.001]])
    outcome = Outcome.of_forecasts(truth, truth, levels=levels, quantiles=quantiles, level=0.5)
    assert of("coverage", outcome) == 3 / 5


def test_what_needs_quantiles_does_not_apply_without() -> None:
    some = gaussian(np.array([0.5, 1.0]))
    assert [entry.name for entry in metrics_of(some)] == sorted([*POINTS, "coverage", "crps", "pinball"])
    without_interval = gaussian(np.array([0.5, 1.0]), LEVELS, None)
    assert [entry.name for entry in metrics_of(without_interval)] == sorted([*POINTS, "crps", "pinball"])
    for name, lacking in (("pinball", "quantiles"), ("crps", "quantiles"), ("coverage", "an interval")):
        with pytest.raises(UsageError, match=f'"{name}" does not measure such answers: it needs {lacking}'):
            of(name, two_by_three())


def test_coverage_cannot_be_watched() -> None:
    for ask in (lambda: metrics["coverage"].direction, lambda: metrics["coverage"].score(gaussian(np.ones(2)))):
        with pytest.raises(UsageError, match='"coverage" cannot be watched: neither higher nor lower is better'):
            ask()
    assert metrics["mase"].direction == "lower" and metrics["accuracy"].direction == "higher"


def test_quantiles_and_their_levels_must_fit() -> None:
    truth, quantiles = np.zeros((2, 3)), np.zeros((2, 3, 2))
    for levels, level in (((0.1,), None), ((0.9, 0.1), None), ((0.0, 0.5), None), ((0.1, 0.9), 0.9)):
        with pytest.raises(AssertionError):
            Outcome.of_forecasts(truth, truth, levels=levels, quantiles=quantiles, level=level)
