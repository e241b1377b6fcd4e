"""Runs side by side: their figures on one and the same test split, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.errors import UsageError
from throughtime.training.runs import Run
from throughtime.use.verdict import (
    Comparison,
    answers_notes,
    comparison,
    direction,
    is_forecast,
    is_language_model,
    kept_gain,
    scope_of,
    told_metrics,
)

NO_CHOICE = frozenset({"data"})  # settings that only say where things lie


@dataclass(frozen=True)
class Compared:
    """One run as its files have it, read."""

    name: str
    metrics: Mapping[str, Any]
    config: Mapping[str, Any]
    data: Mapping[str, Any]
    predictions: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class SideBySide:
    """A row a run, the best first, its values by column and unrounded; and what can be said of them in words."""

    rows: tuple[dict[str, Any], ...]
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """For the terminal: columns aligned, figures to the right."""
        header = list(self.rows[0])
        shown = [header, *([_shown(value) for value in row.values()] for row in self.rows)]
        widths = [max(len(row[i]) for row in shown) for i in range(len(header))]
        right = [isinstance(value, int | float) for value in self.rows[0].values()]
        lines = [
            "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
            for row in shown
        ]
        return "\n".join([*lines, "", *self.sentences])


def compare_runs(runs: Sequence[Run]) -> SideBySide:
    """Compare finished run folders; the errors are those of :func:`compare`."""
    return compare([compared(run) for run in runs])


def compared(run: Run) -> Compared:
    """What is compared of one run folder."""
    return Compared(str(run.path), run.metrics.read(), run.config.read(), run.data.read(), run.predictions.read())


def compare(runs: Sequence[Compared]) -> SideBySide:
    """Put runs side by side, best first in the metric of the first one.

    Raises UsageError for fewer than two runs, for runs of different tasks, and for runs tested on different rows:
    their figures cannot be compared.
    """
    _require_comparable(runs)
    metric = runs[0].metrics["metric"]
    ordered = sorted(runs, key=lambda run: -direction(metric) * _figure(run, metric))
    names = [metric, *(name for name in told_metrics(runs[0].metrics["test"]) if name != metric)]
    columns: dict[str, list[Any]] = {"run": [run.name for run in ordered]}
    for name in names:
        columns |= _figures(ordered, name)
    columns[f"baseline {metric}"] = [(run.metrics.get("baseline") or {}).get(metric, "") for run in ordered]
    columns |= {key: [run.metrics.get(key, "") for run in ordered] for key in ("parameters", "seconds")}
    columns |= (differing := _differing(ordered))
    rows = tuple(dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return SideBySide(rows, _sentences(ordered, metric, bool(differing)))


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by name, whatever group they stand in (names are unique over groups).

    >>> flat({"network": {"cell": "gru"}, "training": {"seed": 1}})
    {'cell': 'gru', 'seed': 1}
    """
    settings: dict[str, Any] = {}
    for key, value in config.items():
        settings |= flat(value) if isinstance(value, Mapping) else {key: value}
    return settings


def _require_comparable(runs: Sequence[Compared]) -> None:
    if len(runs) < 2:
        raise UsageError("compare needs two runs or more; name their folders: throughtime compare runs/a runs/b")
    first = runs[0]
    for run in runs[1:]:
        if (one := first.metrics["task"]) != (other := run.metrics["task"]):
            raise UsageError(
                f"{first.name} is a run of {one} and {run.name} of {other}; only runs of one task can be compared"
            )
        if is_forecast(first.metrics):
            _require_same_forecasts(first, run)
        if not first.data.get("test_digest") or run.data.get("test_digest") != first.data["test_digest"]:
            raise UsageError(
                f"{first.name} and {run.name} were tested on different rows, so their figures cannot be compared; "
                "train both with the same --test, or evaluate both on one file with throughtime evaluate"
            )
    metric = first.metrics["metric"]
    for run in runs:
        if run.metrics["test"].get(metric) is None:
            raise UsageError(f"{run.name} has no {metric} on its test rows; leave it out of the comparison")


def _require_same_forecasts(first: Compared, run: Compared) -> None:
    one, other = (each.metrics.get("forecast") or {} for each in (first, run))
    if one.get("horizon") != other.get("horizon"):
        raise UsageError(
            f"{first.name} forecasts {one.get('horizon')} steps and {run.name} {other.get('horizon')}: errors grow "
            "with the distance, so they cannot be compared; train both with the same --set horizon=..."
        )
    if one.get("unit") != other.get("unit"):
        raise UsageError(
            f"{first.name} measures errors in {one.get('unit')} and {run.name} in {other.get('unit')}; "
            "train both with the same setting"
        )


def _differing(runs: Sequence[Compared]) -> dict[str, list[Any]]:
    """The settings that are not the same in all runs."""
    settings = [flat(run.config) for run in runs]
    names = dict.fromkeys(name for one in settings for name in one if name not in NO_CHOICE)
    values = {name: [one.get(name, "") for one in settings] for name in names}
    return {name: [_shown(v) for v in found] for name, found in values.items() if any(v != found[0] for v in found)}


def _figure(run: Compared, metric: str) -> float:
    return float(run.metrics["test"][metric])


def _figures(runs: Sequence[Compared], metric: str) -> dict[str, list[Any]]:
    """The column of a metric, and one of its spread over seeds where any run has one."""
    figures = {metric: [run.metrics["test"].get(metric, "") for run in runs]}
    spread = [(run.metrics.get("spread") or {}).get("test", {}).get(metric, "") for run in runs]
    return figures | ({f"± {metric}": spread} if any(value != "" for value in spread) else {})


def _sentences(ordered: Sequence[Compared], metric: str, differ: bool) -> tuple[str, ...]:
    said = [_first_two(ordered[0], ordered[1], metric)]
    if not differ:
        said.append("Their settings are the same.")
    return tuple(said)


def _first_two(best: Compared, next_: Compared, metric: str) -> str:
    """How far the best run is ahead of the second, and whether that could be chance."""
    beside = {"name": next_.name, **next_.metrics["test"]}
    figures = {**best.metrics, "metric": metric, "baseline": beside}
    rows = best.data.get("rows", {}).get("test", len(best.predictions))
    if is_forecast(figures):
        gain = kept_gain(figures, _together(best, next_))
        figures["forecast"] = {**(best.metrics.get("forecast") or {}), "gain": gain}
    found = comparison(figures, rows, _together(best, next_))
    assert found is not None
    if found.gain == 0:
        return f"{best.name} and {next_.name} have the same {metric}, {_shown(found.network)}."
    start = f"{best.name} has the best {metric}, {_shown(found.network)}, ahead of {next_.name} by"
    if found.interval is None:
        return f"{start} {_gain(found, found.gain)}."
    low, high = (_gain(found, bound) for bound in found.interval)
    on = scope_of(figures, rows, best.predictions).shortest
    chance = "" if found.result == "wins" else f": on {on} the two cannot be told apart"
    return f"{start} {_gain(found, found.gain)} (95 % interval {low} to {high}){chance}."


def _gain(found: Comparison, amount: float) -> str:
    return f"{found.percent(amount):.1f} %" if found.metric == "perplexity" else _shown(amount)


def _together(first: Compared, second: Compared) -> list[dict[str, Any]]:
    """Both answers row by row, the second's in the place of a baseline's; nothing unless the rows are the same."""
    asked, answered, beside = ("truth", "predicted", "baseline")
    if is_language_model(first.metrics):
        asked, answered, beside = ("text", "loss", "baseline_loss")
    if answers_notes(first.metrics):
        asked, answered, beside = ("truth", "loss", "baseline_loss")
    pairs = list(zip(first.predictions, second.predictions, strict=False))
    same = len(first.predictions) == len(second.predictions) and all(
        a[asked] == b[asked] and a.get("time") == b.get("time") for a, b in pairs
    )
    return [{**a, beside: b[answered]} for a, b in pairs] if same else []


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) >= 10 or 0 < abs(value) < 0.001 else f"{value:.4f}"
    return str(value)
