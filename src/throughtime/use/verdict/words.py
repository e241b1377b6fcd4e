"""The verdict's sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.verdict.comparison import SHARES, Comparison, Row, comparison
from throughtime.use.verdict.names import baseline_words, metric_words


def verdict(metrics: Mapping[str, Any], test_rows: int, predictions: Sequence[Row] = ()) -> str:
    """Two or three plain sentences: both figures, who wins by how much, and how sure that is.

    >>> beside = {"name": "majority", "accuracy": 0.47}
    >>> figures = {"metric": "accuracy", "test": {"accuracy": 0.831}, "baseline": beside}
    >>> verdict(figures, test_rows=1750)
    'On 1,750 test rows the network gets 83.1 % right, the baseline (majority) 47.0 %. The network wins by 36.1 points \
(95 % interval 33.1 to 39.0 points).'
    """
    found = comparison(metrics, test_rows, predictions)
    if found is None:
        return f"{_alone(metrics, test_rows)} No baseline stands beside it, so nothing says whether that is good."
    return " ".join(part for part in (_figures(found), _judgement(found), _seeds(metrics)) if part)


def _alone(metrics: Mapping[str, Any], rows: int) -> str:
    metric, figure = metrics["metric"], metrics["test"].get(metrics["metric"])
    if figure is None:
        return f"There is no {metric_words(metric)} on the test rows."
    return f"On {_rows(rows)} the network {_reached(metric, figure)}."


def _figures(found: Comparison) -> str:
    network, baseline = _reached(found.metric, found.network), _amount(found.metric, found.baseline)
    name, by = baseline_words(found.baseline_name), "by " if found.metric == "mae" else ""
    return f"On {_rows(found.rows)} the network {network}, the baseline ({name}) {by}{baseline}."


def _judgement(found: Comparison) -> str:
    by = _difference(found.metric, abs(found.gain))
    sentences = {
        "wins": f"The network wins by {by}{_sure(found)}.",
        "loses": f"The network does not beat the baseline: it is behind by {by}{_sure(found)}. {_ADVICE}",
        "ahead": f"The network is ahead by {by}; {_UNSURE}",
        "behind": f"The network does not beat the baseline: it is behind by {by}; {_UNSURE} {_ADVICE}",
    }
    return sentences[found.result] if found.result in sentences else _undecided(found, by)


def _undecided(found: Comparison, by: str) -> str:
    if found.gain == 0:
        return f"The network does not beat the baseline: the two are equal. {_ADVICE}"
    start = "The network is ahead" if found.gain > 0 else "The network does not beat the baseline: it is behind"
    covers = f"the 95 % interval of that difference ({_span(found)}) covers zero"
    return f"{start} by {by}, but {covers}: on {_rows(found.rows)} the two cannot be told apart."


_ADVICE = "Use the baseline, or give the network more data or longer training."
_UNSURE = "these two figures alone do not tell how much of that could be chance."


def _sure(found: Comparison) -> str:
    return f" (95 % interval {_span(found)})"


def _span(found: Comparison) -> str:
    """The interval of the difference as it was just named: how far ahead, or how far behind."""
    low, high = found.interval or (found.gain, found.gain)
    if found.gain < 0:
        low, high = -high, -low
    if found.metric in SHARES:
        return f"{100 * low:.1f} to {100 * high:.1f} points"
    return f"{low:.3g} to {high:.3g}"


def _seeds(metrics: Mapping[str, Any]) -> str:
    seeds, spread = metrics.get("seeds") or (), (metrics.get("spread") or {}).get("test", {})
    metric = metrics["metric"]
    if len(seeds) < 2 or spread.get(metric) is None:
        return ""
    moves = f"from seed to seed it moves by {_difference(metric, spread[metric])} (standard deviation)"
    return f"The network's figure is the mean over {len(seeds)} seeds; {moves}."


def _rows(rows: int) -> str:
    return f"{rows:,} test row" + ("" if rows == 1 else "s")


def _reached(metric: str, value: float) -> str:
    amount = _amount(metric, value)
    phrases = {
        "accuracy": f"gets {amount} right",
        "exact_match": f"gets every label right in {amount}",
        "mae": f"is off by {amount} on average (mean absolute error)",
    }
    return phrases.get(metric, f"has a {metric_words(metric)} of {amount}")


def _amount(metric: str, value: float) -> str:
    return f"{100 * value:.1f} %" if metric in SHARES else f"{value:.4g}"


def _difference(metric: str, value: float) -> str:
    return f"{100 * value:.1f} points" if metric in SHARES else f"{value:.3g}"
