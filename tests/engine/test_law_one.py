"""Law 1: the native engine equals the reference in outputs, states and every gradient, over configurations at random.

More: ``python -m tests.engine.test_law_one FIRST COUNT``.
"""

from __future__ import annotations

import sys

import pytest
import torch

from tests.cells.forms import needs_the_engine
from tests.engine.drawn import drawn, furthest
from throughtime.cells.engine.native.library import isas

CONFIGURATIONS = 560
AT_ONCE = 20
BOUNDS = {torch.float32: 3e-5, torch.float64: 1e-11}

pytestmark = needs_the_engine


def check(seed: int) -> None:
    case = drawn(seed)
    far, name = furthest(case)
    assert far < BOUNDS[case.x.dtype], f"configuration {seed}: {name} is off by {far:.2g}: {case}"


@pytest.mark.parametrize("first", range(0, CONFIGURATIONS, AT_ONCE))
def test_engine_equals_reference(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(first, first + AT_ONCE):
        monkeypatch.setenv("THROUGHTIME_ISA", isas()[-1 - seed // 4 % len(isas()) if seed % 4 == 0 else -1])
        check(seed)


if __name__ == "__main__":
    begin, count = map(int, sys.argv[1:3])
    for number in range(begin, begin + count):
        check(number)
    print(f"{count} configurations equal the reference")
