"""Measurements of several channels to a class: people who walk about in rooms that the network never saw."""

from __future__ import annotations

import json
import math
from pathlib import Path

from lines import WORK, Measured, beside, line, train

SEEDS = 5
STUDENT = 2.776  # the 97.5 % quantile of t with 4 degrees of freedom
NORMAL = 1.96


def over_seeds(accuracies: list[float]) -> tuple[float, float]:
    """The mean, and half the 95 % interval of it over the seeds, by Student's t."""
    mean = sum(accuracies) / len(accuracies)
    variance = sum((one - mean) ** 2 for one in accuracies) / (len(accuracies) - 1)
    return mean, STUDENT * math.sqrt(variance / len(accuracies))


def over_rows(right: float, rows: int) -> tuple[float, float]:
    """The 95 % interval (Wilson) of a share of so many rows."""
    centre = (right + NORMAL**2 / (2 * rows)) / (1 + NORMAL**2 / rows)
    half = NORMAL * math.sqrt(right * (1 - right) / rows + NORMAL**2 / (4 * rows**2)) / (1 + NORMAL**2 / rows)
    return centre - half, centre + half


@line("indoor-movement")
def indoor_movement(data: Path) -> Measured:
    run = WORK / "indoor-movement"
    options = ["--output", "class_label", "--test", "dataset_ID=3", "--seeds", str(SEEDS)]
    found = train(data / "indoor-movement", run, *options)
    each = [json.loads((run / f"seed-{seed}" / "metrics.json").read_text()) for seed in range(1, SEEDS + 1)]
    mean, half = over_seeds([one["test"]["accuracy"] for one in each])
    rows = sum(1 for _ in (run / "seed-1" / "predictions.jsonl").open())
    low, high = over_rows(mean, rows)
    interval = (
        f"95 % interval {mean - half:.3f} to {mean + half:.3f} over seeds, {low:.3f} to {high:.3f} over {rows} rows"
    )
    return {
        "bar": f"accuracy beside the baselines', {SEEDS} seeds, interval; in rooms that training did not show",
        "reached": f"{mean:.4f} ({interval}); {beside(found)}",
        "passed": mean > found["baseline"]["accuracy"],
    }
