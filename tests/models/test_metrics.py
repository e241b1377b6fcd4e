"""Metrics against their definitions, by hand and by brute force."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from throughtime.errors import UsageError
from throughtime.models.metrics import Kind, Outcome, confusion_matrix, metrics, metrics_of, per_class, surprise

SIX = Outcome(np.array([1, 0, 0, 0, 1, 1]), np.array([1, 0, 1, 0, 1, 0]), classes=("no", "yes"))


def some_classes(rows: int = 57, classes: int = 5) -> Outcome:
    generator = np.random.default_rng(3)
    probabilities = generator.dirichlet(np.ones(classes), rows)
    truth = np.where(generator.random(rows) < 0.5, probabilities.argmax(1), generator.integers(0, classes, rows))
    return Outcome(truth, probabilities.argmax(1), probabilities, tuple("abcde"[:classes]))


def some_labels(rows: int = 31) -> Outcome:
    generator = np.random.default_rng(4)
    probabilities = generator.random((rows, 3))
    truth = (generator.random((rows, 3)) < 0.4).astype(np.int64)
    return Outcome(truth, (probabilities > 0.5).astype(np.int64), probabilities, ("x", "y", "z"))


def some_spans() -> Outcome:
    """Five steps in two rows, with tags that mark spans."""
    generator = np.random.default_rng(5)
    probabilities = generator.dirichlet(np.ones(3), 5)
    truth = np.array([1, 2, 0, 0, 1])
    return Outcome(truth, probabilities.argmax(1), probabilities, ("O", "B-X", "I-X"), np.array([3, 2]))


def some_tokens() -> Outcome:
    """Four tokens that stand for nine characters."""
    nats = np.array([0.25, 1.5, 3.0, 0.75])
    return Outcome(np.array([4, 5, 4, 9]), np.full(4, -1), surprise=nats, characters=9)


def nothing_to_forecast() -> Outcome:
    """A forecast of two steps of which nothing became known."""
    unknown = np.full((1, 2), np.nan)
    spread = {"levels": (0.1, 0.9), "quantiles": np.zeros((1, 2, 2)), "level": 0.8}
    return Outcome.of_forecasts(unknown, np.zeros((1, 2)), **spread, scale=np.ones(1))


def test_textbook_accuracy() -> None:
    assert metrics["accuracy"].compute(SIX) == pytest.approx(4 / 6)


def test_textbook_cross_entropy() -> None:
    outcome = Outcome(np.array([0]), np.array([0]), np.array([[0.7, 0.3]]), ("a", "b"))
    assert metrics["cross_entropy"].compute(outcome) == pytest.approx(0.3567, abs=5e-5)


def test_names_and_directions() -> None:
    found = {name: (entry.better, entry.kinds) for name, entry in metrics.items()}
    assert found == {
        "accuracy": ("higher", ("classes", "labels")),
        "bits_per_character": ("lower", ("tokens",)),
        "bleu": ("higher", ("texts",)),
        "character_error": ("lower", ("texts",)),
        "chrf": ("higher", ("texts",)),
        "coverage": (None, ("forecasts",)),
        "crps": ("lower", ("forecasts",)),
        "cross_entropy": ("lower", ("classes", "labels", "tokens", "texts")),
        "exact_match": ("higher", ("classes", "labels", "texts")),
        "macro_f1": ("higher", ("classes", "labels")),
        "mae": ("lower", ("numbers", "forecasts")),
        "mase": ("lower", ("forecasts",)),
        "mse": ("lower", ("numbers", "forecasts")),
        "nll": ("lower", ("notes",)),
        "note_accuracy": ("higher", ("notes",)),
        "note_f1": ("higher", ("notes",)),
        "perplexity": ("lower", ("tokens", "texts")),
        "pinball": ("lower", ("forecasts",)),
        "rmse": ("lower", ("numbers", "forecasts")),
        "smape": ("lower", ("forecasts",)),
        "span_f1": ("higher", ("classes",)),
        "word_error": ("lower", ("texts",)),
    }
    assert all(entry.help and entry.name == name for name, entry in metrics.items())


def test_the_metrics_of_an_outcome() -> None:
    def names(outcome: Outcome) -> list[str]:
        return [entry.name for entry in metrics_of(outcome)]

    every, spans = ["accuracy", "cross_entropy", "exact_match", "macro_f1"], some_spans()
    assert names(some_labels()) == every == names(some_classes())
    assert names(replace(some_labels(), probabilities=None)) == ["accuracy", "exact_match", "macro_f1"]
    assert names(replace(some_classes(), lengths=np.array([50, 0, 7]))) == every
    assert names(spans) == [*every, "span_f1"]
    assert names(replace(spans, lengths=None)) == every  # a tag a row: no sequence in which spans could stand
    assert names(replace(spans, probabilities=None)) == ["accuracy", "exact_match", "macro_f1", "span_f1"]
    assert names(Outcome(np.ones(3), np.zeros(3), lengths=np.array([1, 2]))) == ["mae", "mse", "rmse"]
    assert names(some_tokens()) == ["bits_per_character", "cross_entropy", "perplexity"]


def test_score_is_higher_for_the_better() -> None:
    near, far = (Outcome(np.array([1.0, 2.0]), np.array([1.0, 2.0 + off])) for off in (0.5, 3.0))
    assert metrics["mae"].score(near) == -0.25 > metrics["mae"].score(far)
    assert metrics["accuracy"].score(SIX) == metrics["accuracy"].compute(SIX)


def test_confusion_matrix_counts_truth_by_prediction() -> None:
    outcome = some_classes()
    counts = np.zeros((5, 5), int)
    for truth, predicted in zip(outcome.truth, outcome.predicted, strict=True):
        counts[truth, predicted] += 1
    assert (confusion_matrix(outcome) == counts).all()


def test_per_class_against_the_definitions() -> None:
    outcome = some_classes()
    for number, figures in enumerate(per_class(outcome)):
        said, true = outcome.predicted == number, outcome.truth == number
        right = (said & true).sum()
        assert figures.name == "abcde"[number] and figures.support == true.sum()
        assert figures.precision == pytest.approx(right / said.sum())
        assert figures.recall == pytest.approx(right / true.sum())
        precision, recall = right / said.sum(), right / true.sum()
        assert figures.f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert metrics["macro_f1"].compute(outcome) == pytest.approx(np.mean([entry.f1 for entry in per_class(outcome)]))


def test_a_class_that_does_not_occur_has_no_figures_and_does_not_count() -> None:
    # three classes and a fourth that is never true nor predicted; the third is only predicted: F1 0
    outcome = Outcome(np.array([0, 0, 1]), np.array([0, 2, 1]), classes=("a", "b", "c", "d"))
    a, b, c, d = per_class(outcome)
    assert (a.precision, a.recall, a.f1) == (1.0, 0.5, pytest.approx(2 / 3))
    assert (b.precision, b.recall, b.f1, b.support) == (1.0, 1.0, 1.0, 1)
    assert (c.precision, c.recall, c.f1, c.support) == (0.0, None, 0.0, 0)
    assert (d.precision, d.recall, d.f1, d.support) == (None, None, None, 0)
    assert metrics["macro_f1"].compute(outcome) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_labels() -> None:
    outcome = some_labels()
    right = outcome.truth == outcome.predicted
    assert metrics["accuracy"].compute(outcome) == pytest.approx(right.sum() / right.size)
    assert metrics["exact_match"].compute(outcome) == pytest.approx(sum(row.all() for row in right) / len(right))
    tables = confusion_matrix(outcome)
    assert tables.shape == (3, 2, 2)
    for number, figures in enumerate(per_class(outcome)):
        alone = Outcome(outcome.truth[:, number], outcome.predicted[:, number], classes=("absent", "present"))
        assert (tables[number] == confusion_matrix(alone)).all()
        present = per_class(alone)[1]
        assert (figures.precision, figures.recall, figures.f1) == (present.precision, present.recall, present.f1)
    given = np.where(outcome.truth == 1, outcome.probabilities, 1 - outcome.probabilities)
    assert metrics["cross_entropy"].compute(outcome) == pytest.approx(-np.log(given).mean())
    assert surprise(outcome).shape == (31,)


def test_no_label_anywhere_is_no_merit() -> None:
    nothing = np.zeros((3, 2), np.int64)
    outcome = Outcome(nothing, nothing, classes=("x", "y"))
    assert metrics["macro_f1"].compute(outcome) == 0.0
    assert metrics["exact_match"].compute(outcome) == 1.0


def test_with_one_class_a_row_exact_match_is_accuracy() -> None:
    assert metrics["exact_match"].compute(some_classes()) == metrics["accuracy"].compute(some_classes())


def test_cross_entropy_against_the_sum() -> None:
    outcome = some_classes()
    assert outcome.probabilities is not None
    total = sum(-np.log(row[truth]) for row, truth in zip(outcome.probabilities, outcome.truth, strict=True))
    assert metrics["cross_entropy"].compute(outcome) == pytest.approx(total / len(outcome))
    assert surprise(outcome).mean() == pytest.approx(total / len(outcome))


def test_figures_of_a_language_model_against_the_sum() -> None:
    outcome = some_tokens()
    assert metrics["cross_entropy"].compute(outcome) == (0.25 + 1.5 + 3.0 + 0.75) / 4
    assert metrics["perplexity"].compute(outcome) == pytest.approx(np.exp(5.5 / 4))
    assert metrics["bits_per_character"].compute(outcome) == pytest.approx(5.5 / np.log(2) / 9)
    hopeless = replace(outcome, surprise=np.full(4, 1e9))
    assert np.isfinite(metrics["perplexity"].compute(hopeless))


def test_where_every_step_is_answered_a_match_is_a_whole_row() -> None:
    outcome = replace(SIX, lengths=np.array([2, 0, 1, 3]))  # right right / / wrong / right right wrong
    assert metrics["exact_match"].compute(outcome) == 2 / 4  # of nothing, all is right
    assert metrics["accuracy"].compute(outcome) == 4 / 6


def test_a_probability_of_zero_stays_finite() -> None:
    outcome = Outcome(np.array([1]), np.array([0]), np.array([[1.0, 0.0]], np.float32), ("a", "b"))
    assert metrics["cross_entropy"].compute(outcome) == pytest.approx(87.336, abs=1e-3)


def test_numbers() -> None:
    generator = np.random.default_rng(5)
    truth, predicted = generator.normal(size=(2, 13))
    outcome = Outcome(truth, predicted)
    assert metrics["mae"].compute(outcome) == pytest.approx(sum(abs(truth - predicted)) / 13)
    assert metrics["mse"].compute(outcome) == pytest.approx(sum((truth - predicted) ** 2) / 13)
    assert metrics["rmse"].compute(outcome) == pytest.approx((sum((truth - predicted) ** 2) / 13) ** 0.5)


@pytest.mark.parametrize("name", list(metrics))
def test_no_rows_and_the_wrong_kind_are_refused(name: str) -> None:
    entry, none = metrics[name], np.zeros(0, np.int64)
    empty = {
        "classes": Outcome(none, none, np.zeros((0, 2)), ("O", "B-X"), none),
        "labels": Outcome(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2)), ("a", "b")),
        "numbers": Outcome(np.zeros(0), np.zeros(0)),
        "tokens": Outcome(none, none, surprise=np.zeros(0), characters=0),
        "texts": Outcome.of_texts([], [], "words", np.zeros(0)),
        "forecasts": nothing_to_forecast(),
        "notes": Outcome(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2)), ("60", "61"), none),
    }
    assert set(empty) == set(get_args(Kind)) == {outcome.kind for outcome in empty.values()}
    for kind, outcome in empty.items():
        message = "there are no rows to measure" if kind in entry.kinds else f"not {kind}"
        with pytest.raises(UsageError, match=message):
            entry.compute(outcome)


def test_cross_entropy_without_probabilities_is_refused() -> None:
    with pytest.raises(UsageError, match='metric "cross_entropy" .* needs probabilities; choose another metric'):
        metrics["cross_entropy"].compute(SIX)
