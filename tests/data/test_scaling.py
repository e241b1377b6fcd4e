"""Scaling to mean 0 and deviation 1, there and back, also at the ends of the range of floats."""

from __future__ import annotations

import math

import numpy as np
import pytest

from throughtime.data.scaling import Scaling

CASES = {
    "usual": [3.5, -2.0, 7.25, 0.0, 11.0],
    "one value": [4.2],
    "constant": [7.0] * 5,
    "constant in steps of rounding": [0.1 + 0.2, 0.3, 0.3],
    "large": [1e300, -1e300, 5e299],
    "tiny": [1e-310, 2e-310, 5e-310],
    "far from zero": [1e9, 1e9 + 1, 1e9 + 2],
    "zero": [0.0, 0.0],
}


@pytest.mark.parametrize("name", CASES)
def test_there_and_back(name: str) -> None:
    values = CASES[name]
    scaling = Scaling.fit(values)
    assert math.isfinite(scaling.mean) and scaling.deviation > 0 and math.isfinite(scaling.deviation)
    for value in values:
        scaled = scaling.scale(value)
        assert math.isfinite(scaled)
        assert scaling.unscale(scaled) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("name", ["usual", "large", "far from zero"])
def test_mean_zero_and_deviation_one(name: str) -> None:
    scaling = Scaling.fit(CASES[name])
    scaled = [scaling.scale(value) for value in CASES[name]]
    assert np.mean(scaled) == pytest.approx(0, abs=1e-6) and np.std(scaled) == pytest.approx(1, rel=1e-6)


def test_it_survives_json() -> None:
    scaling = Scaling.fit(CASES["usual"])
    assert Scaling.from_json(scaling.to_json()) == scaling
