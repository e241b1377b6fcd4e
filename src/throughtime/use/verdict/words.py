"""The verdict's sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.verdict.blocks import LINES
from throughtime.use.verdict.comparison import SHARES, Comparison, Row, comparison
from throughtime.use.verdict.forecasts import how_it_fares
from throughtime.use.verdict.names import baseline_words, metric_words
from throughtime.use.verdict.scope import Scope, answers_notes, answers_steps, answers_texts, scope_of, text_unit

PERCENT = (*SHARES, "word_error", "character_error")
OF_HUNDRED = ("bleu", "chrf")  # from 0 to 100 as they are


def verdict(metrics: Mapping[str, Any], test_rows: int, predictions: Sequence[Row] = ()) -> str:
    """Two or three plain sentences: both figures, who wins by how much, and how sure that is.

    >>> beside = {"name": "majority", "accuracy": 0.47}
    >>> figures = {"metric": "accuracy", "test": {"accuracy": 0.831}, "baseline": beside}
    >>> verdict(figures, test_rows=1750)
    'On 1,750 test rows the network gets 83.1 % right, the baseline (majority) 47.0 %. The network wins by 36.1 points \
(95 % interval 33.1 to 39.0 points).'
    """
    found, on = comparison(metrics, test_rows, predictions), scope_of(metrics, test_rows, predictions)
    if found is None:
        alone = f"{_alone(metrics, on)} No baseline stands beside it, so nothing says whether that is good."
        return f"{alone} {how_it_fares(metrics) if on.is_forecasts else ''}".rstrip()
    parts = [_figures(found, metrics, on), _judgement(found, on), _seeds(metrics, on)]
    if on.is_forecasts:
        parts.append(how_it_fares(metrics))
    return " ".join(part for part in parts if part)


def _alone(metrics: Mapping[str, Any], on: Scope) -> str:
    metric, figure = metrics["metric"], metrics["test"].get(metrics["metric"])
    if figure is None:
        tested = "text" if on.is_text else "forecasts" if on.is_forecasts else "rows"
        return f"There is no {metric_words(metric)} on the test {tested}."
    return f"On {on} the network {_reached(metrics, figure, on)}."


def _figures(found: Comparison, metrics: Mapping[str, Any], on: Scope) -> str:
    network, baseline = _reached(metrics, found.network, on), _amount(found.metric, found.baseline)
    before = {"mae": "by ", "span_f1": "with "}.get(found.metric, "")
    return f"On {on} the network {network}, the baseline ({baseline_words(found.baseline_name)}) {before}{baseline}."


def _judgement(found: Comparison, on: Scope) -> str:
    by, span = _how_far(found, on), _span(found, on)
    sure = f" (95 % interval {span})"
    sentences = {
        "wins": f"The network wins by {by}{sure}.",
        "loses": f"The network does not beat the baseline: it is behind by {by}{sure}. {_ADVICE}",
        "ahead": f"The network is ahead by {by}; {_UNSURE}",
        "behind": f"The network does not beat the baseline: it is behind by {by}; {_UNSURE} {_ADVICE}",
    }
    return sentences[found.result] if found.result in sentences else _undecided(found, by, span, on)


def _undecided(found: Comparison, by: str, span: str, on: Scope) -> str:
    if found.gain == 0:
        return f"The network does not beat the baseline: the two are equal. {_ADVICE}"
    start = "The network is ahead" if found.gain > 0 else "The network does not beat the baseline: it is behind"
    covers = f"the 95 % interval of that difference ({span}) covers zero"
    return f"{start} by {by}, but {covers}: on {on.shortest} the two cannot be told apart."


_ADVICE = "Use the baseline, or give the network more data or longer training."
_UNSURE = "these two figures alone do not tell how much of that could be chance."


def _how_far(found: Comparison, on: Scope) -> str:
    """The gain without its sign, with its unit."""
    if found.metric == "perplexity":
        return f"{found.percent(abs(found.gain)):.1f} % of the baseline's perplexity"
    if on.is_forecasts and found.baseline:
        return f"{_share(abs(found.gain), found):.1f} % of the baseline's error"
    return _difference(found.metric, abs(found.gain), on)


def _span(found: Comparison, on: Scope) -> str:
    """The interval of the difference as it was just named: how far ahead, or how far behind."""
    low, high = found.interval or (found.gain, found.gain)
    if found.gain < 0:
        low, high = -high, -low
    if found.metric in PERCENT:
        return f"{100 * low:.1f} to {100 * high:.1f} points"
    if found.metric in OF_HUNDRED:
        return f"{low:.1f} to {high:.1f} points"
    if found.metric == "perplexity":
        said = f"{found.percent(low):.1f} to {found.percent(high):.1f} %"
    elif on.is_forecasts and found.baseline:
        said = f"{_share(low, found):.1f} to {_share(high, found):.1f} %"
    else:
        said = f"{_short(low, on)} to {_short(high, on)}"
    if on.is_forecasts:
        return f"{said}, neighbouring forecasts taken together"
    return f"{said}, over blocks of {LINES} lines" if on.is_text else said


def _share(amount: float, found: Comparison) -> float:
    """In percent of the baseline's error."""
    return 100 * amount / found.baseline


def _seeds(metrics: Mapping[str, Any], on: Scope) -> str:
    seeds, spread = metrics.get("seeds") or (), (metrics.get("spread") or {}).get("test", {})
    metric = metrics["metric"]
    if len(seeds) < 2 or spread.get(metric) is None:
        return ""
    moves = f"from seed to seed it moves by {_difference(metric, spread[metric], on)} (standard deviation)"
    return f"The network's figure is the mean over {len(seeds)} seeds; {moves}."


def _reached(metrics: Mapping[str, Any], value: float, on: Scope) -> str:
    metric, amount = metrics["metric"], _amount(metrics["metric"], value)
    steps = answers_steps(metrics)
    phrases = {
        "accuracy": f"gets {amount} of the {on.units} right" if steps else f"gets {amount} right",
        "exact_match": f"gets every {'tag' if steps else 'label'} right in {amount}",
        "span_f1": f"finds the spans with F1 {amount}",
        "mae": f"is off by {amount} on average (mean absolute error)",
    }
    if on.is_text:
        phrases["cross_entropy"] = f"needs {amount} nats a {on.unit}"
        phrases["bits_per_character"] = f"needs {amount} bits a character"
    if answers_notes(metrics):
        phrases["nll"] = f"needs {amount} nats a frame"
    if answers_texts(metrics):
        phrases |= _of_texts(metrics, amount)
    return phrases.get(metric, f"has a {metric_words(metric)} of {amount}")


def _of_texts(metrics: Mapping[str, Any], amount: str) -> dict[str, str]:
    unit = text_unit(metrics)
    return {
        "bleu": f"reaches BLEU {amount}",
        "chrf": f"reaches chrF {amount}",
        "exact_match": f"gets {amount} right as a whole",
        "word_error": f"has a word error of {amount}" if unit == "words" else f"gets {amount} wrong",
        "character_error": f"has a {'symbol' if unit == 'symbols' else 'character'} error of {amount}",
    }


def _amount(metric: str, value: float) -> str:
    if metric == "span_f1":
        return f"{value:.3f}"
    if metric in OF_HUNDRED:
        return f"{value:.1f}"
    return f"{100 * value:.1f} %" if metric in PERCENT else f"{value:.4g}"


def _difference(metric: str, value: float, on: Scope) -> str:
    if metric in PERCENT:
        return f"{100 * value:.1f} points"
    if metric in OF_HUNDRED:
        return f"{value:.1f} points"
    unit = {"cross_entropy": f" nats a {on.unit}", "bits_per_character": " bits a character"} if on.is_text else {}
    unit["nll"] = " nats a frame"
    return f"{_short(value, on)}{unit.get(metric, '')}"


def _short(value: float, on: Scope) -> str:
    """Nats and bits to a thousandth, the finest that is ever spoken of."""
    return f"{value:.3f}" if on.is_text and abs(value) >= 0.0005 else f"{value:.3g}"
