"""The verdict where steps are answered or a text is read: what counts as one, and the words for it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.use.step_material import entities, letters, numbers_a_step, parts_of_speech, play, play_in_words, short_text
from throughtime.models.metrics import Outcome, metrics
from throughtime.use.report import ReportMaterial
from throughtime.use.verdict import comparison, counts_rows, row_scores, scope_of, verdict
from throughtime.use.verdict.blocks import LINES, block_scores


def said(made: ReportMaterial) -> str:
    return verdict(made.metrics, made.test_rows, made.predictions)


def scores(made: ReportMaterial, metric: str, side: str = "predicted") -> list[float]:
    found = row_scores(metric, [r["truth"] for r in made.predictions], [r[side] for r in made.predictions], steps=True)
    assert found is not None
    return found


@pytest.mark.parametrize("metric", ["accuracy", "exact_match", "macro_f1", "span_f1"])
def test_scores_of_tags_have_the_metric_as_their_mean(metric: str) -> None:
    made = entities()
    assert np.mean(scores(made, metric)) == pytest.approx(made.metrics["test"][metric])


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse"])
def test_scores_of_numbers_a_step_have_the_metric_as_their_mean(metric: str) -> None:
    made = numbers_a_step()
    assert np.mean(scores(made, metric)) == pytest.approx(made.metrics["test"][metric])


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "span_f1", "rmse"])
def test_sentences_are_the_unit(metric: str) -> None:
    """Answers within a row go wrong together; the standard error still agrees with what the metric does."""
    random, figures, errors = np.random.default_rng(5), [], []
    tags = ("O", "B-X", "I-X", "B-Y")
    for _ in range(300):
        truth, predicted = [], []
        for _ in range(120):
            length, right = random.integers(1, 12), random.beta(2, 0.7)
            if metric == "rmse":
                row = random.normal(0, 1, length)
                truth.append(row.tolist())
                predicted.append((row + random.normal(0, 0.2 + right, length)).tolist())
            else:
                drawn = random.choice(4, (2, length), p=[0.5, 0.2, 0.15, 0.15])
                kept = np.where(random.random(length) < right, drawn[0], drawn[1])
                truth.append([tags[i] for i in drawn[0]])
                predicted.append([tags[i] for i in kept])
        found = row_scores(metric, truth, predicted, steps=True)
        assert found is not None
        figures.append(np.mean(found))
        errors.append(np.std(found, ddof=1) / math.sqrt(120))
    assert np.mean(errors) == pytest.approx(np.std(figures), rel=0.12)


def test_a_list_is_a_set_of_labels_or_a_sequence_as_it_is_told() -> None:
    truths, answers = [["a", "b"], ["a"]], [["b", "a"], ["a"]]
    assert row_scores("exact_match", truths, answers) == [1, 1]
    assert row_scores("exact_match", truths, answers, steps=True) == [0, 1]
    assert row_scores("accuracy", truths, answers) is None
    assert np.mean(row_scores("accuracy", truths, answers, steps=True) or []) == pytest.approx(1 / 3)


def test_rows_without_steps_change_nothing() -> None:
    found = row_scores("accuracy", [["a", "b"], []], [["a", "a"], []], steps=True)
    assert found is not None and np.mean(found) == 0.5
    assert row_scores("accuracy", [[]], [[]], steps=True) is None
    assert row_scores("span_f1", [["O"]], [["O"]], steps=True) is None
    assert row_scores("cross_entropy", [["O"]], [["O"]], steps=True) is None


def test_accuracy_over_steps_is_no_share_of_rows() -> None:
    assert not counts_rows("accuracy", {"accuracy": 0.9}, steps=True)
    assert counts_rows("exact_match", {"accuracy": 0.9, "exact_match": 0.4}, steps=True)


def figures(task: str, metric: str, network: float, baseline: float, **more: Any) -> dict[str, Any]:
    names = {"tag": "most_frequent_tag", "language_model": "kneser_ney"}
    beside = {"name": names[task], metric: baseline}
    return {"task": task, "metric": metric, "test": {metric: network}, "baseline": beside, **more}


def test_words_for_tags() -> None:
    words = figures("tag", "accuracy", 0.944, 0.901, tokens={"test": 25_094, "unit": "words"})
    assert verdict(words, 2077).startswith(
        "On 2,077 test sentences (25,094 tokens) the network gets 94.4 % of the tokens right, "
        "the baseline (most frequent tag of a word) 90.1 %. The network is ahead by 4.3 points; these two figures alone"
    )
    letters = figures("tag", "accuracy", 0.944, 0.901, tokens={"test": 900, "unit": "characters"})
    assert verdict(letters, 100).startswith("On 100 test rows (900 characters) the network gets 94.4 % of the char")
    assert verdict(figures("tag", "exact_match", 0.5, 0.3), 2077).startswith(
        "On 2,077 test sentences the network gets every tag right in 50.0 %, the baseline"
    )


def test_words_for_spans() -> None:
    assert verdict(figures("tag", "span_f1", 0.78, 0.6), 1517).startswith(
        "On 1,517 test sentences the network finds the spans with F1 0.780, "
        "the baseline (most frequent tag of a word) with 0.600. The network is ahead by 0.18;"
    )


def test_words_for_a_text() -> None:
    tokens = {"test": 55_770, "unit": "characters"}
    assert verdict(figures("language_model", "cross_entropy", 1.49, 1.62, tokens=tokens), 1).startswith(
        "On the test text (55,770 characters) the network needs 1.49 nats a character, "
        "the baseline (Kneser-Ney n-gram) 1.62. The network is ahead by 0.130 nats a character; these two"
    )
    assert verdict(figures("language_model", "bits_per_character", 2.5, 2.1), 1).startswith(
        "On the test text the network needs 2.5 bits a character, the baseline (Kneser-Ney n-gram) 2.1. "
        "The network does not beat the baseline: it is behind by 0.400 bits a character;"
    )
    alone = {**figures("language_model", "perplexity", 95.0, 1.0), "baseline": None}
    assert verdict(alone, 1).startswith("On the test text the network has a perplexity of 95. No baseline stands")
    alone["test"] = {"perplexity": None}
    assert verdict(alone, 1).startswith("There is no perplexity on the test text.")


def test_perplexities_are_told_apart_by_their_ratio() -> None:
    ahead, behind = (figures("language_model", "perplexity", *pair) for pair in ((80.0, 100.0), (100.0, 80.0)))
    assert "ahead by 20.0 % of the baseline's perplexity" in verdict(ahead, 1)
    assert "behind by 25.0 % of the baseline's perplexity" in verdict(behind, 1)
    one, other = comparison(ahead, 1), comparison(behind, 1)
    assert one is not None and other is not None
    assert one.gain == pytest.approx(math.log(1.25)) == -other.gain


@pytest.mark.parametrize("make", [parts_of_speech, entities, letters, numbers_a_step, play, play_in_words])
def test_answers_row_by_row_give_an_interval(make: Any) -> None:
    made = make()
    found = comparison(made.metrics, made.test_rows, made.predictions)
    assert found is not None and found.interval is not None and found.result == "wins"
    assert found.interval[0] < found.gain < found.interval[1]
    without = [{k: v for k, v in row.items() if not k.startswith("baseline")} for row in made.predictions]
    found = comparison(made.metrics, made.test_rows, without)
    assert found is not None and found.interval is None and found.result == "ahead"


def test_interval_of_a_perplexity_is_said_in_percent() -> None:
    made = play_in_words()
    found = comparison(made.metrics, 1, made.predictions)
    assert found is not None and found.interval is not None
    low, high = (100 * (1 - math.exp(-bound)) for bound in found.interval)
    assert f"(95 % interval {low:.1f} to {high:.1f} %, over blocks of 20 lines)." in said(made)


def test_lines_without_a_token_are_no_obstacle() -> None:
    made = play_in_words()
    empty = {"text": "", "tokens": 0, "loss": None, "baseline_loss": None}
    found = comparison(made.metrics, 1, [*made.predictions, empty])
    assert found is not None and found.interval is not None


def test_too_few_lines_tell_nothing() -> None:
    assert "these two figures alone do not tell" in said(short_text())


def test_lines_that_are_not_those_behind_the_figures_are_not_used() -> None:
    made = play()
    some = comparison(made.metrics, 1, made.predictions[: len(made.predictions) // 2])
    assert some is not None and some.interval is None


@pytest.mark.parametrize("metric", ["cross_entropy", "perplexity", "bits_per_character"])
def test_scores_of_blocks_have_the_metric_as_their_mean(metric: str) -> None:
    made = play_in_words()
    found = block_scores(metric, made.predictions, "baseline_loss")
    figure = made.metrics["baseline"][metric]
    assert found is not None and len(found) == len(made.predictions) / LINES
    assert np.mean(found) == pytest.approx(math.log(figure) if metric == "perplexity" else figure)
    assert block_scores("accuracy", made.predictions, "loss") is None


def test_blocks_know_that_neighbouring_lines_are_alike() -> None:
    """Of lines whose losses wander, blocks tell nearly the spread of the mean; single lines tell far too little."""
    random, figures, blocks, lines = np.random.default_rng(8), [], [], []
    for _ in range(300):
        drift = np.zeros(600)
        for i in range(1, 600):
            drift[i] = 0.7 * drift[i - 1] + random.normal(0, 0.1)
        rows = [{"text": "", "tokens": int(random.integers(5, 30)), "loss": 1.5 + d} for d in drift]
        found = block_scores("cross_entropy", rows, "loss")
        assert found is not None
        figures.append(np.mean(found))
        blocks.append(np.std(found, ddof=1) / math.sqrt(len(found)))
        lines.append(np.std(drift, ddof=1) / math.sqrt(600))
    assert np.mean(blocks) == pytest.approx(np.std(figures), rel=0.15)
    assert np.mean(lines) < 0.6 * np.std(figures)


def test_what_was_tested_is_counted_where_it_is_not_told() -> None:
    made = entities()
    assert "tokens" not in made.metrics
    steps = sum(len(row["truth"]) for row in made.predictions)
    assert str(made.scope) == f"240 test sentences ({steps:,} tokens)"
    assert scope_of(made.metrics, 500, made.predictions).steps is None  # not all rows are there
    made = play()
    told = replace(made, metrics={**made.metrics, "tokens": None}).scope
    assert told.steps == made.metrics["tokens"]["test"] and told.units == "tokens"
    assert numbers_a_step().scope.units == "steps"
    assert str(scope_of({"task": "tag", "tokens": {"test": 1, "unit": "words"}}, 1)) == "1 test sentence (1 token)"


def test_scores_agree_with_the_registered_metrics() -> None:
    truth, predicted = [["B-X", "I-X", "O"], ["O"]], [["B-X", "O", "O"], ["B-X"]]
    names = ("O", "B-X", "I-X")
    ids = [np.array([names.index(tag) for row in side for tag in row]) for side in (truth, predicted)]
    outcome = Outcome(ids[0], ids[1], None, names, np.array([3, 1]))
    for metric in ("accuracy", "exact_match", "macro_f1", "span_f1"):
        found = row_scores(metric, truth, predicted, steps=True)
        assert found is not None and np.mean(found) == pytest.approx(metrics[metric].compute(outcome))
