"""Figures of spans, counted by hand from the CoNLL rules."""

from __future__ import annotations

import random
import time
from fractions import Fraction

import numpy as np
import pytest

from throughtime.data.schemes import spans
from throughtime.errors import UsageError
from throughtime.models.metrics import ClassFigures, Outcome, metrics, metrics_of
from throughtime.models.metrics.spans import span_counts, span_f1, span_figures

CLASSES = ("O", *(f"{prefix}-{name}" for name in "XY" for prefix in "BIESLU"))

# Truth | prediction, rows parted by "/", and how many spans are right, predicted, true.
CASES = [
    # nothing to find
    ("O O", "O O", (0, 0, 0)),
    ("O O", "O B-X", (0, 1, 0)),
    ("B-X I-X", "O O", (0, 0, 1)),
    # IOB2
    ("B-X I-X O", "B-X I-X O", (1, 1, 1)),
    ("B-X I-X O", "B-X O O", (0, 1, 1)),  # too short
    ("B-X I-X O", "B-X I-X I-X", (0, 1, 1)),  # too long
    ("O B-X I-X", "B-X I-X O", (0, 1, 1)),  # overlapping
    ("B-X I-X O", "B-Y I-Y O", (0, 1, 1)),  # another name
    ("B-X B-X", "B-X B-X", (2, 2, 2)),  # adjacent
    ("B-X B-X", "B-X I-X", (0, 1, 2)),  # adjacent, predicted as one
    ("B-X I-X I-X I-X", "B-X I-X B-X I-X", (0, 2, 1)),  # one, predicted as two
    ("O B-X I-X O B-Y", "O I-X I-X O B-Y", (2, 2, 2)),  # I- after O starts a span: no error
    ("B-X I-X", "B-X I-Y", (0, 2, 1)),  # the name changes within
    ("B-X B-Y I-Y O B-X", "B-X B-Y O O B-X", (2, 3, 3)),
    # IOB1, and IOB2 against IOB1: the spans are what counts
    ("I-X I-X O I-Y", "I-X I-X O I-Y", (2, 2, 2)),
    ("I-X B-X I-X", "I-X I-X I-X", (0, 1, 2)),
    ("I-X I-Y I-Y", "B-X B-Y I-Y", (2, 2, 2)),
    # borders of sentences
    ("B-X / I-X O", "B-X / B-X O", (2, 2, 2)),  # I- opens the second: nothing goes on over a border
    ("B-X I-X / B-X", "B-X I-X / I-X", (2, 2, 2)),
    ("O B-X / B-X O", "O B-X / O B-X", (1, 2, 2)),  # the same steps in another row are another span
    # BIOES and BILOU
    ("S-X", "S-X", (1, 1, 1)),
    ("S-X O", "B-X O", (1, 1, 1)),  # unclosed, but the same span
    ("B-X I-X E-X S-Y", "B-X I-X E-X S-X", (1, 2, 2)),
    ("B-X E-X O", "E-X E-X O", (0, 2, 1)),  # an E- closes what went before
    ("B-X E-X B-X E-X", "B-X I-X I-X E-X", (0, 1, 2)),
    ("B-X I-X E-X", "S-X I-X E-X", (0, 2, 1)),  # a span of two is left after the single one
    ("B-X E-X", "B-X E-Y", (0, 2, 1)),
    ("U-X O B-Y L-Y", "S-X O B-Y E-Y", (2, 2, 2)),
]


def outcome(truth: str, predicted: str) -> Outcome:
    rows = [[CLASSES.index(tag) for tag in row.split()] for row in truth.split("/")]
    answers = [CLASSES.index(tag) for tag in predicted.split() if tag != "/"]
    flat = np.array([tag for row in rows for tag in row])
    return Outcome(flat, np.array(answers), classes=CLASSES, lengths=np.array([len(row) for row in rows]))


@pytest.mark.parametrize(("truth", "predicted", "counts"), CASES)
def test_counts_and_f1_by_hand(truth: str, predicted: str, counts: tuple[int, int, int]) -> None:
    answers = outcome(truth, predicted)
    assert tuple(part.total() for part in span_counts(answers)) == counts
    right, said, true = counts
    f1 = Fraction(2 * right, said + true) if said + true else Fraction(0)
    assert metrics["span_f1"].compute(answers) == float(f1)


@pytest.mark.parametrize(
    ("truth", "predicted", "f1"),
    [
        ("B-X B-Y I-Y O B-X", "B-X B-Y O O B-X", Fraction(2, 3)),  # precision 2/3, recall 2/3
        ("B-X B-X O B-Y", "B-X I-X O B-Y", Fraction(2, 5)),  # 1/2 and 1/3
        ("B-X O B-X / B-Y I-Y", "B-X O O / B-Y I-Y", Fraction(4, 5)),  # 1 and 2/3
        ("O O", "O O", Fraction(0)),
        ("B-X / B-X / B-X / B-X", "B-X / B-Y / O / B-X", Fraction(4, 7)),  # 2/3 and 1/2
    ],
)
def test_f1_as_fractions(truth: str, predicted: str, f1: Fraction) -> None:
    assert span_f1(outcome(truth, predicted)) == float(f1)


def test_figures_by_name() -> None:
    answers = outcome("B-X I-X O B-X / B-X O", "B-X I-X O B-Y / O B-X")  # X: 1 of 2 predicted, of 3 true
    assert span_figures(answers) == [ClassFigures("X", 1 / 2, 1 / 3, 2 / 5, 3), ClassFigures("Y", 0.0, None, 0.0, 0)]
    assert span_figures(outcome("O B-Y", "O O")) == [ClassFigures("Y", None, 0.0, 0.0, 1)]
    assert span_figures(outcome("O", "O")) == []


def test_rows_without_steps_and_against_counting_one_by_one() -> None:
    chance = random.Random(2)
    lengths = [chance.choice([0, 1, 2, 7]) for _ in range(40)]
    rows = [[[chance.choice(CLASSES) for _ in range(n)] for n in lengths] for _ in range(2)]
    flat = [np.array([CLASSES.index(tag) for row in part for tag in row]) for part in rows]
    truth, predicted = ({(k, span) for k, row in enumerate(part) for span in spans(row)} for part in rows)
    f1 = 2 * len(truth & predicted) / (len(truth) + len(predicted))
    assert span_f1(Outcome(*flat, classes=CLASSES, lengths=np.array(lengths))) == f1 > 0


def test_of_what_it_is_measured() -> None:
    tags = np.array([0, 1])
    steps = Outcome(tags, tags, classes=("O", "B-X"), lengths=np.array([2]))
    rows = Outcome(tags, tags, classes=("O", "B-X"))
    words = Outcome(tags, tags, classes=("NOUN", "VERB"), lengths=np.array([2]))
    assert "span_f1" in {metric.name for metric in metrics_of(steps)}
    assert metrics["span_f1"].better == "higher" and metrics["span_f1"].help.startswith("F1 over spans")
    for each in (rows, words):
        assert "span_f1" not in {metric.name for metric in metrics_of(each)}
        with pytest.raises(UsageError, match='metric "span_f1" does not measure such answers'):
            metrics["span_f1"].compute(each)


def test_many_tokens_take_no_time() -> None:
    chance = np.random.default_rng(0)
    truth, predicted = chance.integers(0, len(CLASSES), (2, 50_000))
    answers = Outcome(truth, predicted, classes=CLASSES, lengths=np.full(2_500, 20))
    began = time.process_time()
    span_f1(answers)
    assert time.process_time() - began < 1.0  # 0.1 s on one core of a slow machine
