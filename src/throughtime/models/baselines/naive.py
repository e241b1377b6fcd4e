"""Forecasts of which nothing is learned: the last value, one season before, the line from the first to the last."""

from __future__ import annotations

from functools import partial

import numpy as np

from throughtime.data.series.backtest import Backtest
from throughtime.data.series.seasons import candidates
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.forecasts import answered, best_of
from throughtime.models.linear_autoregression.products import in_parts


def last_value(backtest: Backtest) -> np.ndarray:
    """Every step as the last value (N, H)."""
    return np.repeat(backtest.lags(1), backtest.horizon, axis=1)


def season_before(season: int, backtest: Backtest) -> np.ndarray:
    """Every step as the last one whole seasons before it (N, H)."""
    steps = np.arange(backtest.horizon) % season
    found = [part.lags(season)[:, steps] for part in in_parts(backtest, season + backtest.horizon)]
    return np.concatenate([np.zeros((0, backtest.horizon)), *found])


def straight_on(backtest: Backtest) -> np.ndarray:
    """On the line through the first value and the last one (N, H); at a first value itself, that value."""
    last = backtest.lags(1)
    begin = np.array([values[0] for values in backtest.panel.values])[backtest.series]
    slope = (last[:, 0] - begin) / np.maximum(backtest.first - 1, 1)
    return last + slope[:, None] * np.arange(1, backtest.horizon + 1)


@baselines.named("naive")
def naive(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The last value for every step ahead."""
    if train.kind != "forecasts":
        return None
    return answered("naive", "the last value", last_value, valid, test)


@baselines.named("seasonal_naive")
def seasonal_naive(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The value one season before, of the seasons that may be the best on valid; None where there is none."""
    if train.kind != "forecasts":
        return None
    seasons = candidates(train.backtest)
    if not seasons:
        return None
    settings, forecast = best_of([(f"season {k}", partial(season_before, k)) for k in seasons], valid, better)
    return answered("seasonal_naive", settings, forecast, valid, test)


@baselines.named("drift")
def drift(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The line from the first value through the last one."""
    if train.kind != "forecasts":
        return None
    return answered("drift", "the line from the first value to the last", straight_on, valid, test)
