"""What all forecasters share, the network too: quantiles by what came of their forecasts of valid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from throughtime.data.series.backtest import Backtest
from throughtime.errors import UsageError
from throughtime.models.baselines.baseline import Answer, Material, Score
from throughtime.models.intervals import LEVELS, Calibration, in_two_halves, levels_for
from throughtime.models.metrics import Outcome

Forecast = Callable[[Backtest], np.ndarray]
"""``forecast(backtest)`` gives (N, H), each forecast from what is known before it."""

COMPARED = 2_000  # forecasts of valid by which settings are chosen, evenly spread


def calibrated(
    valid: Material,
    on_valid: np.ndarray,
    quantiles_of_valid: np.ndarray | None,
    test: Material,
    on_test: np.ndarray,
    quantiles_of_test: np.ndarray | None,
    *,
    levels: Sequence[float] = LEVELS,
) -> tuple[Calibration, dict[str, Outcome]]:
    """Forecasts of valid and test, each (N, H), and their quantiles (N, H, Q) if there are any, all in deviations.

    What is right for test, and for what comes after it, is found on all of valid; of valid itself, each half of the
    time is set right by the other. Gives the first, and the outcomes of ``valid`` and ``test``.
    """
    assert valid.rolling is not None
    truth = valid.backtest.truth
    calibration = Calibration.fit(truth, on_valid, quantiles_of_valid, levels)
    times = valid.rolling.times
    of_valid = valid.forecast(on_valid, in_two_halves(truth, on_valid, quantiles_of_valid, times, levels), levels)
    of_test = test.forecast(on_test, calibration.apply(on_test, quantiles_of_test), levels)
    return calibration, {"valid": of_valid, "test": of_test}


def answered(name: str, settings: str, forecast: Forecast, valid: Material, test: Material) -> Answer:
    """The answer of a baseline that gives the forecasts alone."""
    level = None if valid.rolling is None else valid.rolling.level
    levels = LEVELS if level is None else levels_for(level)
    points = forecast(valid.backtest), forecast(test.backtest)
    calibration, outcomes = calibrated(valid, points[0], None, test, points[1], None, levels=levels)
    return Answer(name, "; ".join([settings, *calibration.notes]), outcomes["valid"], outcomes["test"])


def scored(valid: Material, better: Score) -> tuple[Backtest, Callable[[np.ndarray], float]]:
    """Some forecasts of valid, and how good answers to them (N, H) are: what chooses between settings.

    A metric that needs quantiles is taken of those that :func:`calibrated` gives. What is no number scores worst.
    """
    few = valid.at_most(COMPARED)
    assert few.rolling is not None
    times, truth = few.rolling.times, few.backtest.truth

    def of_points(predicted: np.ndarray) -> float:
        return _finite(better(few.forecast(predicted)))

    def of_quantiles(predicted: np.ndarray) -> float:
        return _finite(better(few.forecast(predicted, in_two_halves(truth, predicted, None, times), LEVELS)))

    try:
        better(few.forecast(np.zeros(truth.shape)))
    except UsageError:  # it does not measure points
        return few.backtest, of_quantiles
    return few.backtest, of_points


def best_of(candidates: Sequence[tuple[str, Forecast]], valid: Material, better: Score) -> tuple[str, Forecast]:
    """Of forecasts and what they are called, the one that scores best on valid; of equals the first."""
    few, score = scored(valid, better)
    return max(candidates, key=lambda candidate: score(candidate[1](few)))


def _finite(score: float) -> float:
    return score if np.isfinite(score) else -np.inf
