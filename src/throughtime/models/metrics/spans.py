"""Figures of spans: a span is right if its start, its end and its name all are."""

from __future__ import annotations

from collections import Counter

import numpy as np

from throughtime.data.schemes import is_spans, spans
from throughtime.models.metrics.confusion import ClassFigures, share
from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome


def marks_spans(outcome: Outcome) -> bool:
    """Whether every step has an answer and the classes are tags that mark spans."""
    return outcome.lengths is not None and is_spans(outcome.classes)


@measures("classes", better="higher", when=marks_spans, needs="tags that mark spans")
def span_f1(outcome: Outcome) -> float:
    """F1 over spans: of those predicted and those true, the share that agree in start, end and name

    Micro-averaged over all rows: 2 right / (predicted + true). Spans are read from tags as in the evaluation of the
    CoNLL shared tasks (:func:`throughtime.data.schemes.spans`). If no span is true or predicted anywhere, it is 0.

    >>> tags, truth = ("O", "B-X", "I-X"), np.array([1, 2, 0, 1])  # spans 0:2 and 3:4
    >>> span_f1(Outcome(truth, np.array([1, 2, 0, 0]), classes=tags, lengths=np.array([4])))  # 2 · 1 / (1 + 2)
    0.6666666666666666
    """
    right, said, true = (counts.total() for counts in span_counts(outcome))
    return 2 * right / (said + true) if said + true else 0.0


def span_figures(outcome: Outcome) -> list[ClassFigures]:
    """Precision, recall, F1 and support of the spans of each name, in order of name."""
    right, said, true = span_counts(outcome)
    by_name = ((name, right[name], said[name], true[name]) for name in sorted(said | true))
    return [ClassFigures(name, share(r, s), share(r, t), share(2 * r, s + t), t) for name, r, s, t in by_name]


def span_counts(outcome: Outcome) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """By name: how many spans are rightly predicted, predicted, true."""
    right: Counter[str] = Counter()
    said: Counter[str] = Counter()
    true: Counter[str] = Counter()
    names = np.array(outcome.classes, object)
    truths, answers = outcome.by_row(names[outcome.truth]), outcome.by_row(names[outcome.predicted])
    for truth, answer in zip(truths, answers, strict=True):
        expected, found = spans(truth.tolist()), spans(answer.tolist())
        true.update(span.name for span in expected)
        said.update(span.name for span in found)
        right.update(span.name for span in set(expected) & set(found))
    return right, said, true
