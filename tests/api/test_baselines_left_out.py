"""A baseline that cannot be computed on this machine is not silently missing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from throughtime.api.train import _baselines
from throughtime.models.baselines import EXTRAS


@pytest.mark.parametrize("installed", [False, True])
def test_what_is_not_installed_is_said(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(EXTRAS["exponential_smoothing"]), "installed", installed)
    said: list[str] = []
    prepared: Any = SimpleNamespace(
        watched_metric=lambda: "mae",
        baseline_names=lambda: ["drift", "exponential_smoothing"],
        beside=lambda name, metric: None,
    )
    progress: Any = SimpleNamespace(note=said.append)
    assert _baselines(prepared, progress) == []
    note = "baseline exponential_smoothing is left out: it needs statsmodels; pip install throughtime[forecast]"
    assert said == ([] if installed else [note])
