"""A weighted sum of the last values, and of what is known ahead."""

from __future__ import annotations

from throughtime.data.series.seasons import candidates
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.forecasts import answered, scored
from throughtime.models.linear_autoregression import choose


@baselines.named("linear_autoregression")
def linear_autoregression(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Ridge regression on lags, a step at a time or by its own forecasts; what is chosen, is chosen on valid."""
    if train.kind != "forecasts":
        return None
    few, score = scored(valid, better)
    choice, model = choose(train.backtest, few, score, candidates(train.backtest))
    return answered("linear_autoregression", str(choice), model.forecast, valid, test)
