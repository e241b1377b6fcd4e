"""Trials put together: by name, by lag, how many were solved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from throughtime.laboratory.trial import Trial


def by_name(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """The trials of each name, in the order in which names come first."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.name, []).append(trial)
    return found


def at(trials: Iterable[Trial], lag: int) -> list[Trial]:
    return [trial for trial in trials if trial.lag == lag]


def solved(trials: Sequence[Trial]) -> str:
    """``2 of 3``."""
    return f"{sum(trial.learned.solved for trial in trials)} of {len(trials)}"


def mean_updates(trials: Sequence[Trial]) -> int | None:
    """How many updates the solved ones took, on average; None if none was."""
    return _mean([trial.learned.updates for trial in trials if trial.learned.solved])


def mean_sequences(trials: Sequence[Trial]) -> int | None:
    """How many sequences the solved ones read, on average; None if none was."""
    return _mean([trial.learned.sequences for trial in trials if trial.learned.solved])


def _mean(counts: Sequence[int]) -> int | None:
    return round(sum(counts) / len(counts)) if counts else None
