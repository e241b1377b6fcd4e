"""Level, trend and season that follow what comes."""

from __future__ import annotations

from throughtime.data.series.seasons import candidates, training_values
from throughtime.models.baselines.baseline import EXTRAS, Answer, Material, Score, baselines
from throughtime.models.baselines.forecasts import answered, best_of
from throughtime.models.exponential_smoothing import Smoothing, Trend, fitted

LONGEST = 400  # steps of a season: a longer one has too many numbers of its own


@baselines.named("exponential_smoothing")
def exponential_smoothing(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Fitted to the training values by statsmodels; the season, then the trend, chosen on valid. None without it."""
    if train.kind != "forecasts" or not EXTRAS["exponential_smoothing"].installed:
        return None
    training, begins = training_values(train.backtest), train.backtest.panel.begins

    def best(trends: tuple[Trend, ...], seasons: list[int]) -> Smoothing:
        models = {str(model): model for model in (fitted(training, begins, t, m) for t in trends for m in seasons)}
        return models[best_of([(name, model.forecast) for name, model in models.items()], valid, better)[0]]

    season = best(("none",), [1, *(m for m in candidates(train.backtest) if m <= LONGEST)]).season
    chosen = best(("none", "additive", "damped"), [season])
    return answered("exponential_smoothing", str(chosen), chosen.forecast, valid, test)
