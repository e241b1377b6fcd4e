"""How sure the difference of two forecasters is, told from the forecasts that were kept of all that were measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from throughtime.use.stamps import axis_of, moments
from throughtime.use.verdict.scope import Row
from throughtime.use.verdict.stretches import forecast_gain

POWERS = {"mae": 1, "mse": 2, "rmse": 2}  # of the distance, of which the metric (or its square) is the mean


def kept_gain(metrics: Mapping[str, Any], predictions: Sequence[Row]) -> dict[str, float] | None:
    """The gain of the network's figure over the baseline's with its 95 % interval, as ``metrics.json`` has it.

    The rows are spread evenly over all forecasts behind the figures, so they tell how wide the interval is; its middle
    is the difference of the figures. None where the rows do not give the metric, or have no answer under
    ``"baseline"``, or no time.
    """
    metric, told = metrics["metric"], metrics.get("forecast") or {}
    in_deviations = told.get("unit") == "deviations" and told.get("series", 1) != 1  # of each series its own
    rows = [row for row in predictions if any(value is not None for value in row["truth"])]
    if metric not in POWERS or in_deviations or not rows or any(row.get("baseline") is None for row in rows):
        return None
    steps = _first_steps(rows, told.get("step"))
    if steps is None or told.get("horizon") is None:
        return None
    counts = np.array([sum(value is not None for value in row["truth"]) for row in rows], dtype=float)
    ours, theirs = (np.array([_error(row, side, POWERS[metric]) for row in rows]) for side in ("predicted", "baseline"))
    series = np.unique([str(row.get("series", "")) for row in rows], return_inverse=True)[1]
    root = metric == "rmse"
    found = forecast_gain(ours, theirs, steps, series, told["horizon"], weights=counts, root=root)
    kept = float(counts @ ours / counts.sum())
    kept = math.sqrt(kept) if root else kept
    if found is None or not kept:
        return None
    network, baseline = metrics["test"][metric], metrics["baseline"][metric]
    half = (found[2] - found[1]) / 2 * network / kept  # errors may be measured in another unit than the rows are in
    return {"mean": baseline - network, "low": baseline - network - half, "high": baseline - network + half}


def _error(row: Row, side: str, power: int) -> float:
    """Of the steps whose truth is known, the mean."""
    pairs = zip(row["truth"], row[side], strict=True)
    errors = [abs(said - truth) ** power for truth, said in pairs if truth is not None]
    return math.fsum(errors) / len(errors)


def _first_steps(rows: Sequence[Row], step: str | None) -> np.ndarray | None:
    """Where on the axis of time each forecast begins (N,); without dates, the stamps are the numbers of steps."""
    stamps = [row.get("time") for row in rows]
    found = moments(stamps, step)
    axis = None if found is None else axis_of(int(found.min()), step)
    if found is not None and axis is not None:
        return axis.indices(found)
    try:
        return np.array([int("" if stamp is None else stamp) for stamp in stamps])
    except ValueError:
        return None
