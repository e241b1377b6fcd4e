"""The verdict: its intervals against definitions and simulation, its words against every outcome."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from tests.use.all_material import ALL
from tests.use.report_material import labels, paired, regression
from throughtime.models.metrics import Outcome, metrics
from throughtime.use.verdict import comparison, counts_rows, verdict, wilson
from throughtime.use.verdict.intervals import Z, difference_of_shares, mean_of, paired_shares
from throughtime.use.verdict.scores import row_scores


@pytest.mark.parametrize(("right", "rows"), [(0, 1), (1, 2), (0, 7), (83, 100), (1457, 1750), (1750, 1750)])
def test_wilson_bounds_are_where_the_share_is_just_possible(right: int, rows: int) -> None:
    share = right / rows
    for bound in wilson(share, rows):
        if 1e-9 < bound < 1 - 1e-9:  # at 0 and 1 the equation holds for any width
            assert abs(share - bound) == pytest.approx(Z * math.sqrt(bound * (1 - bound) / rows))
    assert wilson(0.5, 0) == (0, 1)


@pytest.mark.parametrize(("true", "rows"), [(0.83, 60), (0.5, 20), (0.97, 100)])
def test_wilson_covers(true: float, rows: int) -> None:
    drawn = np.random.default_rng(1).binomial(rows, true, 4000) / rows
    covered = np.mean([low <= true <= high for low, high in (wilson(float(share), rows) for share in drawn)])
    assert 0.92 < covered < 0.98


def test_paired_interval_covers_and_is_narrower() -> None:
    random = np.random.default_rng(2)
    rows, covered, widths = 120, [], []
    for _ in range(1500):
        kind = random.choice(4, rows, p=[0.7, 0.12, 0.06, 0.12])  # both, only first, only second, none right
        first, second = kind <= 1, (kind == 0) | (kind == 2)
        low, high = paired_shares(first.tolist(), second.tolist())
        apart = difference_of_shares(float(first.mean()), float(second.mean()), rows)
        covered.append(low <= 0.06 <= high)
        widths.append((high - low) / (apart[1] - apart[0]))
    assert 0.93 < np.mean(covered) < 0.98
    assert np.mean(widths) < 0.9


def test_two_rows_tell_little() -> None:
    low, high = paired_shares([True, True], [False, True])
    assert low < 0 < high and high - low > 0.8


def test_mean_covers_with_few_rows() -> None:
    drawn = np.random.default_rng(3).normal(0.4, 2.0, (4000, 8))
    found = [mean_of(row.tolist()) for row in drawn]
    assert 0.94 < np.mean([interval is not None and interval[0] <= 0.4 <= interval[1] for interval in found]) < 0.96
    assert mean_of([1.0] * 7) is None


@pytest.mark.parametrize("metric", ["accuracy", "exact_match", "macro_f1"])
def test_scores_of_classes_have_the_metric_as_their_mean(metric: str) -> None:
    drawn = np.random.default_rng(4)
    truth, predicted = drawn.integers(0, 4, 50), drawn.integers(0, 5, 50)
    names = ("a", "b", "c", "d", "e", "never")
    scores = row_scores(metric, [names[i] for i in truth], [names[i] for i in predicted])
    assert scores is not None
    assert np.mean(scores) == pytest.approx(metrics[metric].compute(Outcome(truth, predicted, None, names)))


@pytest.mark.parametrize("metric", ["exact_match", "macro_f1"])
def test_scores_of_labels_have_the_metric_as_their_mean(metric: str) -> None:
    made = labels()
    scores = row_scores(metric, [r["truth"] for r in made.predictions], [r["predicted"] for r in made.predictions])
    assert scores is not None and np.mean(scores) == pytest.approx(made.metrics["test"][metric])


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse"])
def test_scores_of_numbers_have_the_metric_as_their_mean(metric: str) -> None:
    made = regression()
    scores = row_scores(metric, [r["truth"] for r in made.predictions], [r["predicted"] for r in made.predictions])
    assert scores is not None and np.mean(scores) == pytest.approx(made.metrics["test"][metric])


@pytest.mark.parametrize("metric", ["macro_f1", "rmse"])
def test_spread_of_linearised_scores_is_that_of_the_metric(metric: str) -> None:
    """The standard error of the mean score agrees with what the metric does over many samples."""
    random, figures, errors = np.random.default_rng(5), [], []
    for _ in range(400):
        if metric == "macro_f1":
            truth = random.choice(3, 300, p=[0.6, 0.3, 0.1])
            answers = np.where(random.random(300) < 0.75, truth, random.integers(0, 3, 300))
        else:
            truth, answers = random.normal(0, 1, (2, 300))
        scores = row_scores(metric, truth.tolist(), answers.tolist())
        assert scores is not None
        figures.append(np.mean(scores))
        errors.append(np.std(scores, ddof=1) / math.sqrt(300))
    assert np.mean(errors) == pytest.approx(np.std(figures), rel=0.12)


def test_scores_that_answers_cannot_give() -> None:
    assert row_scores("cross_entropy", ["a"], ["a"]) is None
    assert row_scores("accuracy", [["a"], []], [["a"], ["b"]]) is None  # how many labels there are is not known
    assert row_scores("macro_f1", [[]], [[]]) is None


def figures(network: float, baseline: float, metric: str = "accuracy", **more: object) -> dict[str, object]:
    beside = {"name": "naive_bayes_words", metric: baseline}
    return {"task": "classify", "metric": metric, "test": {metric: network}, "baseline": beside, **more}


def test_network_wins() -> None:
    said = verdict(figures(0.84, 0.78), 2400)
    assert said == (
        "On 2,400 test rows the network gets 84.0 % right, the baseline (naive Bayes on words) 78.0 %. "
        "The network wins by 6.0 points (95 % interval 3.8 to 8.2 points)."
    )


def test_network_loses_and_is_told_so() -> None:
    said = verdict(figures(0.78, 0.84), 2400)
    assert "does not beat the baseline: it is behind by 6.0 points (95 % interval 3.8 to 8.2 points)" in said
    assert said.endswith("Use the baseline, or give the network more data or longer training.")


@pytest.mark.parametrize(("network", "baseline"), [(0.80, 0.75), (0.75, 0.80)])
def test_few_rows_cannot_tell(network: float, baseline: float) -> None:
    said = verdict(figures(network, baseline), 60)
    assert "covers zero: on 60 test rows the two cannot be told apart" in said and "wins" not in said
    assert ("does not beat the baseline" in said) == (network < baseline)


def test_equal_figures_are_no_victory() -> None:
    assert "does not beat the baseline: the two are equal" in verdict(figures(0.8, 0.8), 10_000)


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse", "cross_entropy"])
def test_lower_is_better_where_it_is(metric: str) -> None:
    assert "The network is ahead by 1.5" in verdict(figures(2.0, 3.5, metric), 400)
    assert "does not beat the baseline: it is behind by 1.5" in verdict(figures(3.5, 2.0, metric), 400)


def test_paired_answers_narrow_the_interval() -> None:
    made = paired()
    with_rows = comparison(made.metrics, made.test_rows, made.predictions)
    without = comparison(made.metrics, made.test_rows)
    assert with_rows is not None and without is not None and with_rows.interval and without.interval
    ours = [row["truth"] == row["predicted"] for row in made.predictions]
    theirs = [row["truth"] == row["baseline"] for row in made.predictions]
    assert with_rows.interval == paired_shares(ours, theirs) != without.interval
    assert with_rows.gain == pytest.approx(np.mean(ours) - np.mean(theirs))


def test_paired_answers_of_numbers_decide() -> None:
    made = regression()
    assert "The network wins by" in verdict(made.metrics, made.test_rows, made.predictions)
    assert "how much of that could be chance" in verdict(made.metrics, made.test_rows)


def test_answers_that_are_not_those_behind_the_figures_are_not_used() -> None:
    made = paired()
    other = {**made.metrics, "test": {"accuracy": 0.5}}
    found = comparison(other, made.test_rows, made.predictions)
    assert found is not None and found.interval == difference_of_shares(
        0.5, made.metrics["baseline"]["accuracy"], made.test_rows
    )


def test_accuracy_over_labels_is_no_share_of_rows() -> None:
    assert counts_rows("accuracy", {"accuracy": 0.9}) and counts_rows("accuracy", {"accuracy": 0.9, "exact_match": 0.9})
    assert not counts_rows("accuracy", {"accuracy": 0.9, "exact_match": 0.6})
    assert counts_rows("exact_match", {"accuracy": 0.9, "exact_match": 0.6})


def test_seeds_are_told_with_their_spread() -> None:
    spread = {"test": {"accuracy": 0.0041}}
    said = verdict(figures(0.84, 0.78, seeds=[1, 2, 3], spread=spread), 2400)
    assert said.endswith("the mean over 3 seeds; from seed to seed it moves by 0.4 points (standard deviation).")
    assert "seed" not in verdict(figures(0.84, 0.78, seeds=[1], spread=spread), 2400)


def test_nothing_to_compare_with() -> None:
    alone = {"metric": "accuracy", "test": {"accuracy": 0.5}, "baseline": None}
    assert verdict(alone, 1) == (
        "On 1 test row the network gets 50.0 % right. "
        "No baseline stands beside it, so nothing says whether that is good."
    )
    assert verdict({"metric": "mae", "test": {"mae": None}}, 3).startswith(
        "There is no mean absolute error on the test rows."
    )


@pytest.mark.parametrize("name", ALL)
def test_words_agree_with_the_result(name: str) -> None:
    made = ALL[name]()
    found = comparison(made.metrics, made.test_rows, made.predictions)
    said = verdict(made.metrics, made.test_rows, made.predictions)
    assert found is not None
    assert ("wins by" in said) == (found.result == "wins")
    assert ("does not beat the baseline" in said) == (found.gain <= 0)
    assert ("covers zero" in said) == (found.result == "open" and found.gain != 0)
    assert 2 <= len([part for part in said.split(". ") if part]) <= 4


def test_swapping_the_two_turns_the_result_round() -> None:
    drawn = random.Random(6)
    opposite = {"wins": "loses", "loses": "wins", "open": "open", "ahead": "behind", "behind": "ahead"}
    for metric in ("accuracy", "macro_f1", "mae") * 20:
        one, other = drawn.random(), drawn.random()
        first, second = (comparison(figures(a, b, metric), 300) for a, b in ((one, other), (other, one)))
        assert first is not None and second is not None
        assert opposite[first.result] == second.result and first.gain == -second.gain
