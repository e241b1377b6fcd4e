"""How much of what a network adds to a linear forecast is worth being added."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from throughtime.models.metrics import Outcome
from throughtime.use.backtested import Errors
from throughtime.use.verdict.stretches import forecast_gain

SHARES = tuple(k / 10 for k in range(11))
BETWEEN = 0.5  # nothing and all: the one that is tried where each share must be forecast anew
TELLING = 0.1  # of the linear forecast's error: a gain that is believed where time is too short for an interval


def worthy_share(
    outcomes: Mapping[float, Outcome], metric: str, first_steps: np.ndarray, series: np.ndarray, horizon: int
) -> float:
    """The share with the least error, or 0 where that is not surely less than the linear forecast's own.

    ``outcomes`` are those of the same N forecasts with each share of the network, 0 among them; ``first_steps`` and
    ``series (N,)`` say where they begin. Of the little that a network may gain where there is nothing but lines, most
    is chance, and of another time: a gain counts whose 95 % interval, by stretches of time, lies above 0, and where
    there is too little time for that, one of a tenth of the error.

    >>> truth = np.arange(400.0)[:, None] % 7
    >>> close, off = (Outcome.of_forecasts(truth, truth + by) for by in (0.1, 1.0))
    >>> steps, one = np.arange(400), np.zeros(400, dtype=np.int64)
    >>> [worthy_share({0.0: off, 1.0: network}, "mae", steps, one, 1) for network in (close, off)]
    [1.0, 0.0]
    """
    errors = {share: Errors.of(outcome).by_forecast(metric) for share, outcome in outcomes.items()}
    best = min(errors, key=lambda share: (float(errors[share].mean()), share))
    gain = forecast_gain(errors[best], errors[0.0], first_steps, series, horizon)
    if gain is not None:
        return best if gain[1] > 0 else 0.0
    told = (1 - TELLING) ** 2 if metric == "rmse" else 1 - TELLING  # of the squares, whose root it is
    return best if float(errors[best].mean()) <= told * float(errors[0.0].mean()) else 0.0
