"""The gain that metrics.json has of a backtest is that of the metric it stands beside."""

from __future__ import annotations

import numpy as np
import pytest

from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.models.metrics import Outcome, metrics
from throughtime.use.backtested import Errors


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "mase"])
def test_gain_is_the_difference_of_the_figures(metric: str) -> None:
    """Also where truths are missing, so that forecasts do not all count the same, and where a series has no scale."""
    random = np.random.default_rng(1)
    panel = Panel.of_values([random.normal(0, 1, 200), random.normal(0, 1, 200)])
    asked = Backtest.over(panel, 40, 200, 7)
    truth = np.where(random.random(asked.truth.shape) < 0.3, np.nan, asked.truth)
    truth[:, 0] = asked.truth[:, 0]
    scale = np.where(asked.series == 0, 1.7, 0.0)
    ours, theirs = (truth + random.normal(0, size, truth.shape) for size in (0.4, 0.7))
    both = [Outcome.of_forecasts(truth, np.nan_to_num(said), scale=scale) for said in (ours, theirs)]
    gain = Errors.of(both[0]).gain_over(Errors.of(both[1]), metric, asked.first, asked)
    assert gain is not None and gain[1] < gain[0] < gain[2]
    assert gain[0] == pytest.approx(metrics[metric].compute(both[1]) - metrics[metric].compute(both[0]))


def test_what_distances_do_not_tell_has_no_gain() -> None:
    panel = Panel.of_values([np.arange(90.0)])
    asked = Backtest.over(panel, 40, 90, 2)
    errors = Errors.of(Outcome.of_forecasts(asked.truth, asked.truth + 1))
    assert all(
        errors.gain_over(errors, name, asked.first, asked) is None for name in ("pinball", "crps", "smape", "mase")
    )
