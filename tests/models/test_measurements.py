"""Baselines over measurements: their features by hand, blind to order, and as good as what they can see allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.models.test_baselines import ACCURACY, BETTER, some_measurements
from throughtime.models.baselines import Material, baselines
from throughtime.models.baselines.measurements import moments, products, statistics, values


def splits(kind: str) -> tuple[Material, Material, Material]:
    return some_measurements(150, 1, kind), some_measurements(50, 2, kind), some_measurements(60, 3, kind)


def changed(part: Material, seed: int) -> Material:
    """The same series with their steps in another order."""
    generator = np.random.default_rng(seed)
    return replace(
        part, series={name: [generator.permutation(one) for one in rows] for name, rows in part.series.items()}
    )


def test_statistics_by_hand() -> None:
    one, empty = np.array([[1.0, -4.0], [2.0, 0.0], [6.0, 1.0]]), np.zeros((0, 2))
    found = statistics([one, empty])
    assert found.shape == (2, 15) and (found[1] == 0).all()
    expected = [3, -1, np.sqrt(14 / 3), np.sqrt(14 / 3), 1, -4, 6, 1, 1.5, -2, 2, 0, 4, 0.5, 3]
    assert found[0] == pytest.approx(expected)
    assert moments([one, empty]) == pytest.approx(np.array([[*expected[:4]], [0, 0, 0, 0]]))
    assert values([one, empty]).shape == (3, 2) and products([one])[0].tolist() == [1, -4, 1, -4, 16]


@pytest.mark.parametrize(
    ("name", "kind"), [("logistic_regression_statistics", "series"), ("ridge_statistics", "numbers of series")]
)
def test_statistics_know_no_order(name: str, kind: str) -> None:
    parts = splits(kind)
    first = baselines[name](*parts, BETTER[kind])
    second = baselines[name](*(changed(part, k) for k, part in enumerate(parts)), BETTER[kind])
    assert first is not None and second is not None and first.settings == second.settings
    assert first.test.predicted == pytest.approx(second.test.predicted, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "kind", "worse"),
    [
        ("logistic_regression_statistics", "series", "majority"),
        ("ridge_statistics", "numbers of series", "mean"),
        ("logistic_regression_steps", "tags of steps", "majority"),
        ("ridge_steps", "numbers of steps", "mean"),
    ],
)
def test_they_learn_what_can_be_learnt_without_order(name: str, kind: str, worse: str) -> None:
    found, chance = (baselines[known](*splits(kind), BETTER[kind]) for known in (name, worse))
    assert found is not None and chance is not None
    if BETTER[kind] is ACCURACY:
        assert ACCURACY(found.test) > max(0.8, ACCURACY(chance.test) + 0.2)
    else:
        assert (
            BETTER[kind](found.test) > BETTER[kind](chance.test) / 4
        )  # a quarter of its error, as scores are negative


def test_what_follows_from_a_product_is_learnt_from_products() -> None:
    parts = []
    for part in splits("tags of steps"):
        steps = np.concatenate(part.series["channels"])
        parts.append(replace(part, target=(steps[:, 0] * steps[:, 1] > 0).astype(np.int64), classes=("no", "yes")))
    found = baselines["logistic_regression_steps"](*parts, ACCURACY)
    assert found is not None and found.settings.startswith("with their squares and products")
    assert ACCURACY(found.test) > 0.9


def test_columns_beside_a_series_are_used() -> None:
    parts = []
    for part, seed in zip(splits("series"), range(3), strict=True):
        place = np.random.default_rng(seed).choice(["north", "south"], len(part))
        parts.append(
            replace(
                part, target=(place == "north").astype(np.int64), classes=("a", "b"), categories={"place": list(place)}
            )
        )
    found = baselines["logistic_regression_statistics"](*parts, ACCURACY)
    assert found is not None and ACCURACY(found.test) == 1.0
