"""The future of series, as a forecaster sees it after their last step."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import torch

from throughtime.data.series.future import after_the_last, ahead_of
from throughtime.data.series.panel import Panel
from throughtime.data.series.scales import Scales
from throughtime.data.series.windows import Windows
from throughtime.data.times.axis import Axis
from throughtime.models.intervals import Calibration, bounds
from throughtime.models.model import Model
from throughtime.models.settings import ForecastSettings
from throughtime.use.forecasting import forecasts
from throughtime.use.predictions import plain_numbers


def next_steps(
    model: Model,
    panel: Panel,
    windows: Windows,
    scales: Scales,
    calibration: Calibration,
    settings: ForecastSettings,
    *,
    calendar: int,
    lasting: Collection[str] = (),
    shown: int = 0,
    device: torch.device | str = "cpu",
) -> Iterator[dict[str, Any]]:
    """For each series of ``panel``, in the units of the data, what comes after its last value.

    ``{"series", "time": H stamps, "predicted": H numbers, "lower", "upper"}``, and with ``shown`` the last so many
    steps under ``"past"``. ``calendar`` counts what is known of every time, what is named ``lasting`` never changes.
    Raises DataError for what had to be known ahead and is not given.
    """
    assert panel.axis is not None and settings.horizon is not None
    whole = ahead_of(panel, settings.horizon, calendar, lasting)
    scaled = scales.scaled(whole)
    asked = after_the_last(scaled, settings.horizon)
    found = forecasts(model, replace(windows, panel=scaled), asked, device=device)
    quantiles = calibration.apply(found.point, found.quantiles)
    low, high = bounds(calibration.levels, settings.level)
    for s, scaling in enumerate(scales.of(panel)):
        end = int(panel.begins[s] + panel.steps[s])
        row: dict[str, Any] = {
            "series": panel.names[s],
            "time": _stamps(panel.axis, end, settings.horizon),
            "predicted": plain_numbers(scaling.unscale(found.point[s])),
            "lower": plain_numbers(scaling.unscale(quantiles[s, :, low])),
            "upper": plain_numbers(scaling.unscale(quantiles[s, :, high])),
        }
        if shown:
            past = panel.values[s][-shown:]
            row["past"] = {"time": _stamps(panel.axis, end - len(past), len(past)), "value": plain_numbers(past)}
        yield row


def _stamps(axis: Axis, begin: int, count: int) -> list[str]:
    return [axis.stamp(step) for step in range(begin, begin + count)]
