"""How far ahead is forecast and how far back is looked: as set, or as suits the steps and serves a linear forecast."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from throughtime.api.prepared import Say
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.data.series.periods import NAMES, Periods
from throughtime.data.series.reading import Reader
from throughtime.data.series.seasons import candidates
from throughtime.errors import UsageError
from throughtime.models.linear_autoregression import Recursive, Score, Unrolled, Way, choose
from throughtime.models.settings import ForecastSettings
from throughtime.settings import changed

LONGEST_CHOSEN = 1_000  # steps of a context that is chosen for the user

Judge = Callable[[Backtest], tuple[Backtest, Score]]
"""Some forecasts of a backtest, and how good answers to them are."""


def with_horizon(settings: ForecastSettings, reader: Reader, periods: Periods, tell: Say) -> ForecastSettings:
    """The horizon that is set, or that suits the distance of the steps; UsageError where a split is shorter."""
    shortest = min(periods.valid[1] - periods.valid[0], periods.test[1] - periods.test[0])
    horizon = settings.horizon
    if horizon is None:
        seasons = reader.axis.seasons
        horizon = min(seasons[0] if seasons else 12, max(1, shortest // 2))
        tell(f"horizon: {counted(horizon, 'step')} of {reader.axis.step}; --set horizon=... says otherwise")
    if horizon > shortest:
        name = "valid" if periods.valid[1] - periods.valid[0] == shortest else "test"
        raise UsageError(
            f"--set horizon={horizon}: the {name} split has only {shortest:,} steps; give fewer, or a larger --{name}"
        )
    return changed(settings, horizon=horizon)


def with_context(
    settings: ForecastSettings, scaled: Panel, periods: Periods, judge: Judge, tell: Say
) -> tuple[ForecastSettings, Unrolled | None]:
    """How far back is looked, what is taken off the windows, and the linear forecast that goes with that.

    It is chosen as the baseline of that name is, as far as the settings leave the choice, so that the network is not
    behind it where there is nothing but lines to be learnt. Where each step is forecast from the one before, the linear
    forecast is of one step as well.
    """
    assert settings.horizon is not None
    backtests = backtests_of(scaled, periods, changed(settings, context_length=1))
    train, valid = backtests["train"], backtests["valid"]
    if not len(train) or not len(valid):
        name = "validation" if len(train) else "training"
        steps = counted(settings.horizon, "step")
        fewer = " or a smaller horizon" if settings.horizon > 1 else ""
        raise UsageError(
            f"nothing can be forecast in the {name} part: no series has a value and {steps} behind it; give more rows"
            + fewer
        )
    reach = int(scaled.until(periods.valid[0]).steps.max()) - settings.horizon
    if settings.context_length is not None and settings.context_length > reach:
        raise UsageError(
            f"--set context_length={settings.context_length}: the training part of the longest series has "
            f"{reach + settings.horizon:,} steps, {settings.horizon} of them to be forecast; give {reach} at most"
        )
    relative = {"none": (False,), "last": (True,)}.get(settings.normalise, (True, False))
    seasons = scaled.axis.seasons if scaled.axis is not None else ()
    ways: tuple[Way, ...] = ("direct", "recursive") if settings.decoding == "direct" else ("recursive",)
    choice, found = choose(
        train, *judge(valid), candidates(train), ways, longest=settings.context_length, relative=relative
    )
    length = settings.context_length
    if length is None:
        longest = max(2, int(np.median(scaled.until(periods.valid[0]).steps)) // 2)
        length = min(max(2 * next(iter(seasons), 1), 14), longest, LONGEST_CHOSEN)
        length = max(length, choice.lags)
        tell(f"context: {length} steps back; the linear forecast that is best on valid: {choice}")
    normalise = settings.normalise
    if normalise == "auto":
        normalise = "last" if choice.relative else "none"
        tell("of each context its last value is taken off" if choice.relative else "contexts are read as they are")
    chosen = changed(settings, context_length=length, normalise=normalise)
    if not settings.linear:
        return chosen, None
    step = found.step if isinstance(found, Recursive) and settings.decoding == "recursive" else found
    return chosen, Unrolled.of(step, 1 if settings.decoding == "recursive" else settings.horizon)


def backtests_of(panel: Panel, periods: Periods, settings: ForecastSettings) -> dict[str, Backtest]:
    """What is asked of each split; training looks back over a whole context, as far as the longest series has one, the
    others on what there is."""
    assert settings.horizon is not None and settings.context_length is not None
    longest = int(min(panel.until(periods.valid[0]).steps.max() - settings.horizon, settings.context_length))
    contexts = {"train": max(1, longest), "valid": 1, "test": 1}
    return {name: Backtest.over(panel, *periods.of(name), settings.horizon, context=contexts[name]) for name in NAMES}


def span_of(name: str, periods: Periods, panel: Panel) -> tuple[int, int]:
    """From the first step of a split to before its last, as far as there are series."""
    begin, end = periods.of(name)
    return max(begin, int(panel.begins.min())), min(end, int((panel.begins + panel.steps).max()))


def counted(count: int, what: str) -> str:
    """So many of them in words."""
    return f"{count:,} {what}{'s' if count != 1 else ''}"
