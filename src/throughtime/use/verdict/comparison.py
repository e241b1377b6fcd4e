"""The network's figure beside the baseline's, and how much of the difference could be chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from throughtime.models.metrics import metrics as registered
from throughtime.use.verdict.blocks import block_scores, piece_scores
from throughtime.use.verdict.intervals import Interval, difference_of_shares, mean_of, paired_shares
from throughtime.use.verdict.names import OF_FORECASTS
from throughtime.use.verdict.scope import (
    Row,
    answers_notes,
    answers_steps,
    answers_texts,
    is_forecast,
    is_language_model,
    text_unit,
)
from throughtime.use.verdict.scores import row_scores
from throughtime.use.verdict.texts import texts_gain

SHARES = ("accuracy", "exact_match")  # metrics that are a share: of the test rows, or of what is answered in them
SLACK = 0.1  # of an interval's width, by which its middle may be beside the gain
Result = Literal["wins", "loses", "open", "ahead", "behind"]


@dataclass(frozen=True)
class Comparison:
    """Both figures on the same test rows.

    ``gain`` is positive where the network is better, whatever the direction of the metric; ``interval`` (95 %) is
    that of the gain, or None where neither the metric nor the rows at hand tell it. Perplexities are told apart by
    their ratio, so their gain is the difference of their logarithms, in nats a token.
    """

    metric: str
    network: float
    baseline: float
    baseline_name: str
    rows: int
    gain: float
    interval: Interval | None

    @property
    def result(self) -> Result:
        """``open`` where the interval covers zero or the figures are equal; ``ahead`` and ``behind`` without one."""
        if self.gain == 0:
            return "open"
        if self.interval is None:
            return "ahead" if self.gain > 0 else "behind"
        low, high = self.interval
        return "wins" if low > 0 else "loses" if high < 0 else "open"

    def percent(self, amount: float) -> float:
        """What so much gain is of the baseline's perplexity; where the network is behind, so much loss."""
        return 100 * (1 - math.exp(-amount)) if self.gain > 0 else 100 * (math.exp(amount) - 1)


def comparison(metrics: Mapping[str, Any], test_rows: int, predictions: Sequence[Row] = ()) -> Comparison | None:
    """Compare as ``metrics.json`` has it; None where one of the two figures is missing.

    ``predictions`` are the lines of ``predictions.jsonl``. Where each holds the baseline's answer under
    ``"baseline"`` (or, of a text, its loss under ``"baseline_loss"``), the interval is paired, row by row; else it
    comes from the two figures alone, and is wider. That of forecasts stands in ``metrics.json``, under ``"gain"``.
    """
    metric, beside = metrics["metric"], metrics.get("baseline") or {}
    network, baseline = metrics["test"].get(metric), beside.get(metric)
    if network is None or baseline is None:
        return None
    gain = (_level(metric, network) - _level(metric, baseline)) * direction(metric)
    if is_forecast(metrics):
        interval = _of_forecasts((metrics.get("forecast") or {}).get("gain"), gain)
        return Comparison(metric, network, baseline, beside["name"], test_rows, gain, interval)
    interval = _paired(metrics, network, baseline, predictions)
    if interval is None and test_rows and counts_rows(metric, metrics["test"], steps=answers_steps(metrics)):
        interval = difference_of_shares(network, baseline, test_rows)
    return Comparison(metric, network, baseline, beside["name"], test_rows, gain, interval)


def direction(metric: str) -> int:
    """1 where higher is better, -1 where lower is, as with all that a forecast is watched by."""
    if metric in OF_FORECASTS:
        return -1
    return 1 if registered[metric].better == "higher" else -1


def told_metrics(test: Mapping[str, Any]) -> list[str]:
    """The metrics to be shown: all but an exact match that only repeats the accuracy, as with one class a row."""
    repeated = "exact_match" if test.get("exact_match") == test.get("accuracy") else None
    return [name for name in test if (name in registered or name in OF_FORECASTS) and name != repeated]


def counts_rows(metric: str, test: Mapping[str, Any], *, steps: bool = False) -> bool:
    """Whether a figure is a share of the test rows, which has an interval.

    Not so the accuracy over several labels or ``steps`` a row: it counts what is not independent within a row.
    """
    several_labels = test.get("exact_match", test.get("accuracy")) != test.get("accuracy")
    return metric in SHARES and not (metric == "accuracy" and (several_labels or steps))


def _of_forecasts(told: Mapping[str, Any] | None, gain: float) -> Interval | None:
    """None where none was told, or where it is of other figures than these (as with means over seeds)."""
    if told is None or any(told.get(name) is None for name in ("mean", "low", "high")):
        return None
    apart = abs(told["mean"] - gain) > 1e-6 + SLACK * (told["high"] - told["low"])
    return None if apart else (told["low"], told["high"])


def _paired(metrics: Mapping[str, Any], network: float, baseline: float, predictions: Sequence[Row]) -> Interval | None:
    """None where answers are missing, or are not those behind the two figures (as with means over seeds)."""
    metric = metrics["metric"]
    beside = "baseline_loss" if is_language_model(metrics) or answers_notes(metrics) else "baseline"
    answered = [row for row in predictions if row.get("tokens") != 0]  # an empty line has no loss
    if not answered or any(row.get(beside) is None for row in answered):
        return None
    if answers_texts(metrics):
        found = texts_gain(metric, (network, baseline), predictions, text_unit(metrics))
        return found if found is None or direction(metric) > 0 else (-found[1], -found[0])
    ours, theirs = _scores(metrics, predictions, beside)
    if ours is None or theirs is None:
        return None
    if not (_is_mean(ours, _level(metric, network)) and _is_mean(theirs, _level(metric, baseline))):
        return None
    if counts_rows(metric, metrics["test"], steps=answers_steps(metrics)):
        return paired_shares([score == 1 for score in ours], [score == 1 for score in theirs])
    return mean_of([(a - b) * direction(metric) for a, b in zip(ours, theirs, strict=True)])


def _scores(
    metrics: Mapping[str, Any], predictions: Sequence[Row], beside: str
) -> tuple[list[float] | None, list[float] | None]:
    """Of the network and of the baseline: a score for each unit that is nearly independent of the others."""
    metric, steps = metrics["metric"], answers_steps(metrics)
    if answers_notes(metrics):
        return piece_scores(metric, predictions, "loss"), piece_scores(metric, predictions, beside)
    if is_language_model(metrics):
        return block_scores(metric, predictions, "loss"), block_scores(metric, predictions, beside)
    truths = [row["truth"] for row in predictions]
    ours = row_scores(metric, truths, [row["predicted"] for row in predictions], steps=steps)
    return ours, row_scores(metric, truths, [row[beside] for row in predictions], steps=steps)


def _level(metric: str, figure: float) -> float:
    """Where figures are subtracted: perplexities as logarithms."""
    return math.log(figure) if metric == "perplexity" else figure


def _is_mean(scores: Sequence[float], figure: float) -> bool:
    return math.isclose(math.fsum(scores) / len(scores), figure, rel_tol=1e-4, abs_tol=1e-6)
