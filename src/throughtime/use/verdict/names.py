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
    "smape": "symmetric percentage error",
    "mase": "mean absolute scaled error",
    "pinball": "pinball loss",
    "crps": "continuous ranked probability score",
    "nll": "negative log-likelihood",
    "note_f1": "F1 of notes",
    "note_accuracy": "share of notes right",
}
OF_FORECASTS = ("mae", "mse", "rmse", "smape", "mase", "pinball", "crps", "coverage")
IN_THE_UNIT = ("mae", "rmse", "pinball", "crps")
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
    "nll": "nats per frame",
    "note_f1": "0 to 1",
    "note_accuracy": "0 to 1",
    **dict.fromkeys(IN_THE_UNIT, "in the data's unit"),
    "mse": "in the data's unit, squared",
    "mase": "1 is the error of the naive forecast",
    "coverage": "share of the truths",
}
BASELINES = {
    "copy": "copy of the source",
    "known_answers": "training's answers looked up",
    "kneser_ney": "Kneser-Ney n-gram",
    "most_frequent_tag": "most frequent tag of a word",
    "independent_notes": "each note as often as in training",
    "repeat_frame": "the frame before once more",
    "logistic_regression_statistics": "logistic regression on statistics of each channel",
    "ridge_statistics": "ridge on statistics of each channel",
    "logistic_regression_steps": "logistic regression on each step alone",
    "ridge_steps": "ridge on each step alone",
    "linear_chain": "linear chain on simple features",
}


def metric_words(metric: str) -> str:
    """A metric's name in words.

    >>> metric_words("mae"), metric_words("cross_entropy")
    ('mean absolute error', 'cross entropy')
    """
    return METRICS.get(metric, metric.replace("_", " "))


def metric_axis(metric: str, measured_in: str | None = None) -> str:
    """The same with its unit, for an axis.

    ``measured_in`` is what a language model's cross entropy is a mean over, or ``"deviations"`` where errors are
    measured in those of the series.

    >>> metric_axis("cross_entropy", "character"), metric_axis("mae", "deviations")
    ('cross entropy (nats per character)', 'mean absolute error (in standard deviations)')
    """
    if metric == "cross_entropy" and measured_in is not None:
        return f"{metric_words(metric)} (nats per {measured_in})"
    if measured_in == "deviations" and metric in (*IN_THE_UNIT, "mse"):
        return f"{metric_words(metric)} (in standard deviations{', squared' if metric == 'mse' else ''})"
    return f"{metric_words(metric)} ({UNITS[metric]})" if metric in UNITS else metric_words(metric)


def baseline_words(name: str) -> str:
    """A registered baseline's name in words.

    >>> baseline_words("naive_bayes_characters"), baseline_words("ridge_words"), baseline_words("naive_bayes_kmers")
    ('naive Bayes on character n-grams', 'ridge on words', 'naive Bayes on k-mers')
    """
    words = BASELINES.get(name, name.replace("_", " ").replace("bayes", "Bayes"))
    words = re.sub(" kmers$", " on k-mers", words)
    return re.sub(" words$", " on words", re.sub(" characters$", " on character n-grams", words))
