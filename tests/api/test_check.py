"""Check refuses what training would refuse, in the same words, and writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from throughtime.errors import UsageError

ROWS = [{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)]


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "torch", "cell": "mgu"},
        {"engine": "torch", "zoneout": 0.1},
        {"momentum": 0.5},
        {"metric": "bleu"},
        {"baselines": "nonsense"},
        {"frozen_embeddings": True},
        {"pooling": "median"},
        {"device": "abacus"},
        {"warmup": 1000},
    ],
)
def test_the_same_errors_as_training(options: dict[str, Any], tmp_path: Path) -> None:
    said = []
    for call in (tt.check, lambda rows, **chosen: tt.train(rows, tmp_path / "run", **chosen)):
        with pytest.raises(UsageError) as refused:
            call(ROWS, output="label", epochs=1, **options)  # type: ignore[operator]
        said.append(str(refused.value))
    assert said[0] == said[1]
