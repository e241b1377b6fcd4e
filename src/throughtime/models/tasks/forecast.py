"""Forecast: series to what comes next."""

from __future__ import annotations

from throughtime.data.settings import DataSettings
from throughtime.models.forecasting.build import OF_TEXTS
from throughtime.models.settings import ForecastSettings
from throughtime.models.tasks.task import Task, tasks
from throughtime.settings import declared

OBEYED = (
    "input",
    "output",
    "valid",
    "test",
    "split",
    "format",
    "encoding",
    "delimiter",
    "header",
    "missing",
    "series",
    "time",
)  # of the settings of data


def watched(series: int) -> str:
    """mae of one series, mase of several."""
    return "mae" if series == 1 else "mase"


tasks.add(
    "forecast",
    Task(
        name="forecast",
        title="Series to their next steps, with intervals; measured from every step of the time held out.",
        shape="many to many, unaligned",
        reads="tables with a column of times: a column a series, or a row a step with the name of its series",
        settings=ForecastSettings,
        metric={"series": watched},
        baselines=("naive", "seasonal_naive", "drift", "linear_autoregression", "exponential_smoothing"),
        defaults={
            "cell": "gru",
            "hidden_size": 32,
            "bidirectional": False,
            "dropout": 0.1,
            "learning_rate": 0.002,
            "epochs": 20,
            "patience": 5,
        },
        idle=frozenset(OF_TEXTS) | {setting.name for setting in declared(DataSettings)} - set(OBEYED),
        example="throughtime train sales.csv --output sold --set horizon=28 --run runs/sales",
    ),
)
