"""Metrics and baselines as one says them."""

from __future__ import annotations

import re

METRICS = {
    "mae": "mean absolute error",
    "mse": "mean squared error",
    "rmse": "root mean squared error",
    "macro_f1": "macro F1",
}
UNITS = {
    "accuracy": "share right",
    "exact_match": "share of rows",
    "macro_f1": "0 to 1",
    "cross_entropy": "nats",
    "mae": "in the data's unit",
    "rmse": "in the data's unit",
    "mse": "in the data's unit, squared",
}


def metric_words(metric: str) -> str:
    """A metric's name in words.

    >>> metric_words("mae"), metric_words("cross_entropy")
    ('mean absolute error', 'cross entropy')
    """
    return METRICS.get(metric, metric.replace("_", " "))


def metric_axis(metric: str) -> str:
    """The same with its unit, for an axis."""
    return f"{metric_words(metric)} ({UNITS[metric]})" if metric in UNITS else metric_words(metric)


def baseline_words(name: str) -> str:
    """A registered baseline's name in words.

    >>> baseline_words("naive_bayes_characters"), baseline_words("ridge_words"), baseline_words("majority")
    ('naive Bayes on character n-grams', 'ridge on words', 'majority')
    """
    words = name.replace("_", " ").replace("bayes", "Bayes")
    return re.sub(" words$", " on words", re.sub(" characters$", " on character n-grams", words))
