"""Made-up runs that forecast: a wave with noise, answered better near than far, beside the value a season before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from tests.use.report_material import HOSTILE, common, rest
from throughtime.training.runs import Run
from throughtime.use.report import ReportMaterial
from throughtime.use.stamps import at, axis_of, seconds
from throughtime.use.verdict import forecast_gain

BEGIN = datetime(2016, 7, 1)
MOST_KEPT = 120
DRIFT = 0.25  # of the forecast from one step to the next, in deviations of the noise
Z80 = 1.2816  # half the width of an 80 % interval of normal noise, in its deviations


@dataclass(frozen=True)
class Made:
    """Series (S, T) with gaps as NaN, the noise that nobody can know (S,), and all forecasts over their last part."""

    values: np.ndarray
    noise: np.ndarray
    first: np.ndarray  # (N,)
    series: np.ndarray  # (N,)
    truth: np.ndarray  # (N, H)
    predicted: np.ndarray
    reach: np.ndarray  # (N, H): half of the interval
    baseline: np.ndarray


def made(
    series: int,
    steps: int,
    tested: int,
    horizon: int,
    season: int,
    missing: float,
    skill: float,
    width: float,
    seed: int,
) -> Made:
    random = np.random.default_rng(seed)
    time = np.arange(steps)
    size = random.uniform(2, 6, (series, 1)) * np.geomspace(1, 30, series)[:, None]
    phase = random.uniform(0, 6, (series, 1))
    signal = size * (
        np.sin(2 * np.pi * time / season + phase) + 0.002 * np.cumsum(random.normal(0, 1, (series, steps)), 1)
    )
    noise = 0.12 * size[:, 0]
    values = 20 * size / 4 + signal + random.normal(0, 1, (series, steps)) * noise[:, None]
    clean = 20 * size / 4 + signal
    values[random.random(values.shape) < missing] = np.nan
    firsts = np.arange(steps - tested, steps - horizon + 1)
    which, first = np.repeat(np.arange(series), len(firsts)), np.tile(firsts, series)
    at = first[:, None] + np.arange(horizon)
    drift = np.cumsum(random.normal(0, 1, (series, steps)), 1) * noise[:, None] * DRIFT
    off = drift[which[:, None], at] - drift[which, first][:, None]
    predicted = clean[which[:, None], at] + off / skill + random.normal(0, 0.1, at.shape) * noise[which][:, None]
    grown = np.sqrt(1 + np.arange(horizon) * (DRIFT / skill) ** 2)
    reach = width * Z80 * noise[which][:, None] * grown
    before = values[which[:, None], at - season * -(-horizon // season)]
    baseline = np.where(np.isnan(before), clean.mean(1)[which][:, None], before)
    return Made(values, noise, first, which, values[which[:, None], at], predicted, reach, baseline)


def forecasts(
    name: str = "hourly",
    *,
    series: int = 1,
    steps: int = 1400,
    tested: int = 620,
    horizon: int = 24,
    season: int = 24,
    step: str = "1 hour",
    missing: float = 0.0,
    skill: float = 1.0,
    width: float = 1.0,
    dated: bool = True,
    form: str = "%Y-%m-%d %H:%M:%S",
    unit: str = "units",
    seed: int = 1,
    names: Sequence[str] = ("OT", "HUFL", "MUFL"),
) -> ReportMaterial:
    """The better the network, the higher ``skill``; intervals are ``width`` times as wide as they should be."""
    found = made(series, steps, tested, horizon, season, missing, skill, width, seed)
    names = [names[s] if s < len(names) else f"store {s + 1}" for s in range(series)]

    axis = axis_of(round(seconds(BEGIN)), step)
    assert axis is not None
    ends = axis.moments(np.arange(steps + horizon))
    stamps = [at(int(end)).strftime(form) if dated else str(i) for i, end in enumerate(ends)]
    stamp = stamps.__getitem__

    ours, theirs = np.abs(found.predicted - found.truth), np.abs(found.baseline - found.truth)
    covered = np.where(np.isnan(ours), np.nan, ours <= found.reach)
    test, beside = figures(ours, theirs, covered), figures(theirs, theirs, None)
    known = (~np.isnan(ours)).sum(1)
    gain = forecast_gain(
        np.nan_to_num(np.nanmean(ours, 1)),
        np.nanmean(theirs, 1),
        found.first,
        found.series,
        horizon,
        weights=known * 1.0,
    )
    told = {
        "horizon": horizon,
        "context_length": 2 * season,
        "step": step if dated else "1 step",
        "level": 0.8,
        "season": season,
        "series": series,
        "origins": {"valid": len(found.first), "test": len(found.first)},
        "kept": min(MOST_KEPT, len(found.first)),
        "unit": unit,
        "by_horizon": {
            "mae": np.nanmean(ours, 0).tolist(),
            "coverage": np.nanmean(covered, 0).tolist(),
            "baseline_mae": np.nanmean(theirs, 0).tolist(),
        },
        "by_date": _by_date(found, ours, theirs, covered, stamp),
        "by_series": _by_series(found, names, ours, theirs, covered),
        "gain": None if gain is None else dict(zip(("mean", "low", "high"), gain, strict=True)),
    }
    kept = np.unique(np.linspace(0, len(found.first) - 1, MOST_KEPT).astype(int))
    bare = common("forecast", "mae", test)
    return ReportMaterial(
        name=name,
        metrics={
            **bare,
            "baseline": {"name": "seasonal_naive", **beside},
            "baselines": {
                "seasonal_naive": {**beside, "valid": beside, "settings": f"season {season}"},
                "naive": {**{key: 1.9 * value for key, value in beside.items()}, "valid": {"mae": 2.0}, "settings": ""},
            },
            "forecast": told,
        },
        history=_history(test["mae"]),
        predictions=[_row(i, int(n), found, names, stamp) for i, n in enumerate(kept)],
        data=_data(name, series, steps, tested, names, stamp, missing, len(found.first)),
        forecast=_future(found, names, horizon, step if dated else "1 step", season, stamp),
        **rest(),
    )


def hourly() -> ReportMaterial:
    return forecasts()


def with_gaps() -> ReportMaterial:
    """Values missing, three series, intervals that are too narrow."""
    return forecasts("gaps", series=3, missing=0.12, width=0.6, seed=2)


def behind() -> ReportMaterial:
    """Monthly, three steps ahead, worse than last year's value."""
    return forecasts("sales", steps=240, tested=90, horizon=6, season=12, step="1 month", skill=0.15, width=3.0, seed=3)


def many_series() -> ReportMaterial:
    """One forecast each, too short for stretches of time: the series are what the gain is sure of."""
    return forecasts(
        "stores",
        series=60,
        steps=120,
        tested=14,
        horizon=14,
        season=7,
        step="1 day",
        skill=2.0,
        seed=4,
        form="%d.%m.%Y",
    )


def weekdays() -> ReportMaterial:
    """From Monday to Friday, in the form in which some write dates."""
    return forecasts(
        "shares", steps=900, tested=400, horizon=10, season=5, step="1 business day", seed=7, form="%b %d, %Y"
    )


def undated() -> ReportMaterial:
    """Steps have numbers and no dates; one step ahead; in deviations."""
    return forecasts("steps", steps=500, tested=200, horizon=1, season=10, dated=False, unit="deviations", seed=5)


def hostile_series() -> ReportMaterial:
    return forecasts("hostile series", series=2, steps=300, tested=100, horizon=12, names=[HOSTILE, f"{HOSTILE} 2"])


def hardly_tested() -> ReportMaterial:
    """One origin alone, and nothing known of the last steps."""
    one = forecasts("short", steps=200, tested=24, seed=6)
    row = {**one.predictions[0], "truth": [*one.predictions[0]["truth"][:9], *[None] * 15]}
    return replace(one, predictions=[row])


ALL: dict[str, Callable[[], ReportMaterial]] = {
    each.__name__: each
    for each in (hourly, with_gaps, behind, many_series, weekdays, undated, hostile_series, hardly_tested)
}


def written(material: ReportMaterial, path: Path) -> Run:
    """The same as a finished run folder."""
    with Run.create(path) as run:
        run.config.write({"run": {"data": "ETTh1.csv"}, "network": {"cell": "lstm", "hidden_size": 64}})
        run.metrics.write(dict(material.metrics))
        run.history.write(material.history)
        run.predictions.write(material.predictions)
        run.data.write(dict(material.data))
        run.environment.write(dict(material.environment))
        if material.forecast is not None:
            run.forecast.write(dict(material.forecast))
        run.finish()
    return run


def figures(errors: np.ndarray, naive: np.ndarray, covered: np.ndarray | None) -> dict[str, float]:
    found = {
        "mae": float(np.nanmean(errors)),
        "mse": float(np.nanmean(errors**2)),
        "rmse": float(np.sqrt(np.nanmean(errors**2))),
        "mase": float(np.nanmean(errors) / np.nanmean(naive)),
    }
    return found if covered is None else {"coverage": float(np.nanmean(covered)), **found}


def _row(i: int, n: int, found: Made, names: Sequence[str], stamp: Callable[[int], Any]) -> dict[str, Any]:
    s, first = int(found.series[n]), int(found.first[n])
    errors = np.abs(found.predicted[n] - found.truth[n])
    return {
        "id": i,
        "file": "ETTh1.csv",
        "row": first + 2,
        "series": names[s],
        "time": stamp(first),
        "inputs": {"past": _plain(found.values[s, max(0, first - 48) : first])},
        "truth": _plain(found.truth[n]),
        "predicted": found.predicted[n].tolist(),
        "lower": (found.predicted[n] - found.reach[n]).tolist(),
        "upper": (found.predicted[n] + found.reach[n]).tolist(),
        "baseline": found.baseline[n].tolist(),
        "loss": None if np.isnan(errors).all() else float(np.nanmean(errors)),
    }


def _future(
    found: Made, names: Sequence[str], horizon: int, each: str, season: int, stamp: Callable[[int], Any]
) -> dict[str, Any]:
    rows = []
    steps = found.values.shape[1]
    for s, name in enumerate(names[:50]):
        predicted = np.resize(found.values[s, steps - season :], horizon)
        predicted = np.where(np.isnan(predicted), np.nanmean(found.values[s]), predicted)
        reach = Z80 * found.noise[s] * np.sqrt(np.arange(1, horizon + 1))
        begin = max(0, steps - 300)
        rows.append(
            {
                "series": name,
                "past": {
                    "time": [stamp(step) for step in range(begin, steps)],
                    "value": _plain(found.values[s, begin:]),
                },
                "time": [stamp(step) for step in range(steps, steps + horizon)],
                "predicted": predicted.tolist(),
                "lower": (predicted - reach).tolist(),
                "upper": (predicted + reach).tolist(),
            }
        )
    return {"horizon": horizon, "level": 0.8, "step": each, "rows": rows}


def _by_date(
    found: Made, ours: np.ndarray, theirs: np.ndarray, covered: np.ndarray, stamp: Callable[[int], Any]
) -> dict[str, Any]:
    firsts = np.unique(found.first)
    stretches = np.array_split(firsts, min(50, len(firsts)))
    inside = [np.isin(found.first, stretch) for stretch in stretches]
    return {
        "dates": [stamp(int(stretch[0])) for stretch in stretches],
        "mae": [float(np.nanmean(ours[rows])) for rows in inside],
        "baseline_mae": [float(np.nanmean(theirs[rows])) for rows in inside],
        "coverage": [float(np.nanmean(covered[rows])) for rows in inside],
    }


def _by_series(
    found: Made, names: Sequence[str], ours: np.ndarray, theirs: np.ndarray, covered: np.ndarray
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for s, name in enumerate(names):
        of = found.series == s
        mae, beside = float(np.nanmean(ours[of])), float(np.nanmean(theirs[of]))
        within = float(np.nanmean(covered[of]))
        rows.append({"series": name, "mae": mae, "baseline_mae": beside, "coverage": within, "origins": int(of.sum())})
    return sorted(rows, key=lambda row: -row["mae"])[:50]


def _history(reached: float) -> list[dict[str, Any]]:
    lines = []
    for epoch in range(1, 9):
        mae = reached * (1 + 2 / epoch**2) + 0.01 * max(0, epoch - 6)
        loss = {"loss": mae / 3}
        lines.append(
            {"epoch": epoch, "update": 90 * epoch, "train": loss, "valid": {"mae": mae, **loss}, "seconds": 2.0}
        )
    return lines


def _data(
    name: str,
    series: int,
    steps: int,
    tested: int,
    names: Sequence[str],
    stamp: Callable[[int], Any],
    missing: float,
    rows: int,
) -> dict[str, Any]:
    ends = [0, steps - 2 * tested, steps - tested, steps]
    periods = {split: [stamp(ends[k]), stamp(ends[k + 1] - 1)] for k, split in enumerate(("train", "valid", "test"))}
    return {
        "source": f"{name}.csv",
        "notes": ["time: the column date, 1 hour apart", "forecast: 24 steps ahead, from the 168 steps before"],
        "warnings": ["2 steps are missing in the test period"] if missing else [],
        "rows": {"train": 3 * rows, "valid": rows, "test": rows},
        "periods": periods,
        "missing": {one: 17 + s for s, one in enumerate(names)} if missing else {},
        "series": series,
        "test_digest": "77aa",
    }


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
