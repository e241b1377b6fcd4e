"""Figures of agreement and the search for thresholds against their plain definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from throughtime.use.inspect.units.agreement import (
    area_under_curve,
    counts,
    f1,
    line,
    matthews,
    number_figures,
    pearson,
    r_squared,
    ranks,
    yes_no_figures,
)
from throughtime.use.inspect.units.searching import coded, decoded, search_numbers, search_yes_no


def columns(size: int = 41, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Values with ties, and a truth that they tell something of."""
    random = np.random.default_rng(seed)
    values = np.round(random.normal(size=size), 1)
    return values, values + random.normal(size=size) > 0.7


def test_matthews_is_the_correlation_of_two_columns_of_0_and_1() -> None:
    values, truth = columns()
    said = values > 0.35
    assert matthews(*counts(said, truth)) == pytest.approx(np.corrcoef(said, truth)[0, 1])
    assert matthews(*counts(~said, truth)) == pytest.approx(-np.corrcoef(said, truth)[0, 1])
    assert matthews(*counts(np.ones_like(said), truth)) == 0
    assert matthews(100_000, 100_000, 100_000, 100_000) == 0  # beyond int64


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    values, truth = columns()
    said = values > 0.35
    precision, recall = (said & truth).sum() / said.sum(), (said & truth).sum() / truth.sum()
    assert f1(*counts(said, truth)) == pytest.approx(2 * precision * recall / (precision + recall))
    assert f1(*counts(np.zeros_like(said), truth)) == 0


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    values, truth = columns()
    pairs = [(a > b) + (a == b) / 2 for a in values[truth] for b in values[~truth]]
    assert area_under_curve(values, truth) == pytest.approx(sum(pairs) / len(pairs))


def test_figures_of_a_unit_that_says_yes_below_its_threshold() -> None:
    values, truth = columns()
    found = yes_no_figures(-values, truth, -0.35, -1)
    assert found == yes_no_figures(values, truth, 0.35, 1)
    assert found["matthews"] == pytest.approx(matthews(*counts(values > 0.35, truth))) and found["auc"] > 0.5


def test_correlations_and_the_line() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=33).astype(np.float32)
    truth = np.round(3 * values + random.normal(size=33)) + 1000.0
    slope, intercept = line(values, truth)
    assert [slope, intercept] == pytest.approx(np.polyfit(values, truth, 1).tolist(), rel=1e-5)
    found = number_figures(values, truth, slope, intercept)
    assert found["pearson"] == pytest.approx(np.corrcoef(values, truth)[0, 1])
    assert found["r_squared"] == pytest.approx(found["pearson"] ** 2)
    order = [1 + (values < value).sum() + ((values == value).sum() - 1) / 2 for value in values]
    other = [1 + (truth < value).sum() + ((truth == value).sum() - 1) / 2 for value in truth]
    assert ranks(truth).tolist() == other
    assert found["spearman"] == pytest.approx(np.corrcoef(order, other)[0, 1])
    assert r_squared(np.full(33, truth.mean()), truth) == 0 and r_squared(np.zeros(33), truth) < 0
    assert pearson(np.ones(33), truth) == 0 and line(np.ones(33), truth) == (0.0, pytest.approx(truth.mean()))


def test_codes_keep_order_and_values_of_half_precision() -> None:
    values = np.array([-1e9, -2.0, -1e-7, -0.0, 0.0, 6e-8, 0.1, 1.0, 1.0001, 3e4, math.inf])
    codes = coded(values)
    assert (np.diff(codes.astype(int)) >= 0).all() and codes[3] == codes[4]
    assert decoded(codes).tolist() == np.clip(values, -65504, 65504).astype(np.float16).tolist()


@pytest.mark.parametrize("seed", range(6))
def test_the_search_tries_every_threshold_and_both_ways_round(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.stack([np.round(random.normal(size=57), 1) for _ in range(4)])
    truths = [values[1] + random.normal(size=57) < -0.5, values[2] > 1]
    for truth, found in zip(truths, search_yes_no(coded(values), truths), strict=True):
        for unit, column in enumerate(decoded(coded(values))):
            seen = np.unique(column)
            thresholds = (seen[1:].astype(float) + seen[:-1]) / 2
            each = [matthews(*counts(column > threshold, truth)) for threshold in thresholds]
            best = int(np.abs(each).argmax())
            assert found.agreement[unit] == pytest.approx(abs(each[best]))
            assert found.sign[unit] == np.sign(each[best])
            assert found.threshold[unit] == thresholds[best]
    assert search_yes_no(coded(values), truths)[1].best(1) == [2]


def test_a_unit_that_never_changes_agrees_with_nothing() -> None:
    truth = np.array([True, False, True])
    [found] = search_yes_no(coded(np.ones((1, 3))), [truth])
    assert found.agreement.tolist() == [0]
    [found] = search_numbers(coded(np.ones((1, 3))), [truth.astype(float)])
    assert found.agreement.tolist() == [0]


def test_the_search_for_numbers_is_by_correlation() -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=(5, 80))
    truths = [1000 - 3 * values[3] + random.normal(size=80), values[1] * 2]
    for truth, found, best in zip(truths, search_numbers(coded(values), truths), (3, 1), strict=True):
        expected = [np.corrcoef(decoded(column), truth)[0, 1] for column in coded(values)]
        assert (found.agreement * found.sign).tolist() == pytest.approx(expected)
        assert found.best(1) == [best]


def test_of_equal_units_the_first_is_best() -> None:
    truth = np.array([True, False, True, False])
    values = np.stack([truth * 1.0, -1.0 * truth, truth * 2.0])
    [found] = search_yes_no(coded(values), [truth])
    assert found.best(2) == [0, 1] and found.sign.tolist() == [1, -1, 1] and found.threshold.tolist() == [0.5, -0.5, 1]
