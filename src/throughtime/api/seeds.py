"""Several seeds of one run: the mean of every figure, its spread, and the model of the best seed on valid."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from throughtime.models.metrics import metrics
from throughtime.training.runs import Run

OF_ONE = ("model", "history", "predictions", "samples", "attention", "forecast", "observations")  # files of a training


def gather(folder: Run, members: Sequence[Run], seeds: Sequence[int], seconds: float) -> None:
    """Write the parent's files: figures as means with their standard deviation, the other files from the best seed."""
    found = [member.metrics.read() for member in members]
    main = found[0]["metric"]
    scores = [figures["valid"][main] * (1 if metrics[main].better == "higher" else -1) for figures in found]
    best = scores.index(max(scores))
    for name in OF_ONE:
        source, goal = getattr(members[best], name), getattr(folder, name)
        if source.exists():
            goal.write(source.read())
    folder.metrics.write(
        {
            **found[best],
            **{part: _each(found, part, statistics.fmean) for part in ("test", "valid")},
            "spread": {part: _each(found, part, _deviation) for part in ("test", "valid")},
            "seeds": list(seeds),
            "best_seed": seeds[best],
            "seconds": seconds,
        }
    )


def _each(found: Sequence[Any], part: str, summary: Any) -> dict[str, float]:
    return {name: summary([figures[part][name] for figures in found]) for name in found[0][part]}


def _deviation(figures: Sequence[float]) -> float:
    """The standard deviation of a sample; one figure alone has no spread."""
    return statistics.stdev(figures) if len(figures) > 1 else 0.0
