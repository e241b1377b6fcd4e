"""The verdict: the network against its baseline, in words and numbers, with an honest interval.

The report, the command line and the Python interface say the same sentences, which come from here.
"""

from throughtime.use.verdict.comparison import Comparison, comparison, counts_rows, direction, told_metrics
from throughtime.use.verdict.intervals import interval_of, wilson
from throughtime.use.verdict.kept import kept_gain
from throughtime.use.verdict.names import baseline_words, metric_axis, metric_words
from throughtime.use.verdict.scope import (
    Scope,
    answers_notes,
    answers_numbers,
    answers_steps,
    answers_texts,
    is_forecast,
    is_language_model,
    scope_of,
    text_unit,
)
from throughtime.use.verdict.scores import row_scores
from throughtime.use.verdict.stretches import forecast_gain
from throughtime.use.verdict.texts import texts_outcome
from throughtime.use.verdict.words import verdict

__all__ = [
    "Comparison",
    "Scope",
    "answers_notes",
    "answers_numbers",
    "answers_steps",
    "answers_texts",
    "baseline_words",
    "comparison",
    "counts_rows",
    "direction",
    "forecast_gain",
    "interval_of",
    "is_forecast",
    "is_language_model",
    "kept_gain",
    "metric_axis",
    "metric_words",
    "row_scores",
    "scope_of",
    "text_unit",
    "texts_outcome",
    "told_metrics",
    "verdict",
    "wilson",
]
