"""Metrics and baselines as one says them."""

from __future__ import annotations

import re

METRICS = {
    "mae": "mean absolute error",
    "mse": "mean squared error",
    "rmse": "root mean squared error",
    "macro_f1": "macro F1",
    "span_f1": "F1 of spans",
    "bleu": "BLEU",
    "chrf": "chrF",
}
UNITS = {
    "accuracy": "share right",
    "exact_match": "share of rows",
    "macro_f1": "0 to 1",
    "span_f1": "0 to 1",
    "bleu": "0 to 100",
    "chrf": "0 to 100",
    "word_error": "share of words",
    "character_error": "share of letters or symbols",
    "cross_entropy": "nats",
    "bits_per_character": "bits",
    "mae": "in the data's unit",
    "rmse": "in the data's unit",
    "mse": "in the data's unit, squared",
}
BASELINES = {
    "copy": "copy of the source",
    "known_answers": "training's answers looked up",
    "kneser_ney": "Kneser-Ney n-gram",
    "most_frequent_tag": "most frequent tag of a word",
    "linear_chain": "linear chain on simple features",
}


def metric_words(metric: str) -> str:
    """A metric's name in words.

    >>> metric_words("mae"), metric_words("cross_entropy")
    ('mean absolute error', 'cross entropy')
    """
    return METRICS.get(metric, metric.replace("_", " "))


def metric_axis(metric: str, step: str | None = None) -> str:
    """The same with its unit, for an axis; ``step`` is what a language model's cross entropy is a mean over.

    >>> metric_axis("cross_entropy", "character")
    'cross entropy (nats per character)'
    """
    if metric == "cross_entropy" and step is not None:
        return f"{metric_words(metric)} (nats per {step})"
    return f"{metric_words(metric)} ({UNITS[metric]})" if metric in UNITS else metric_words(metric)


def baseline_words(name: str) -> str:
    """A registered baseline's name in words.

    >>> baseline_words("naive_bayes_characters"), baseline_words("ridge_words"), baseline_words("naive_bayes_kmers")
    ('naive Bayes on character n-grams', 'ridge on words', 'naive Bayes on k-mers')
    """
    words = BASELINES.get(name, name.replace("_", " ").replace("bayes", "Bayes"))
    words = re.sub(" kmers$", " on k-mers", words)
    return re.sub(" words$", " on words", re.sub(" characters$", " on character n-grams", words))
