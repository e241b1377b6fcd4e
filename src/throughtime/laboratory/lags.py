"""Which networks still learn when what counts lies long ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from throughtime.laboratory.learning import Each, Lesson, go_on
from throughtime.laboratory.network import KINDS, LSTM, Kind
from throughtime.laboratory.trial import Trial, attempt
from throughtime.synthetic import problems

TOLD = "LSTM, chrono"  # its forget gates begin open for as long as the lag


def by_lag(
    problem: str,
    lags: Sequence[int],
    seeds: Sequence[int],
    updates: int,
    hidden_size: int,
    *,
    told: bool = False,
    each: Each = go_on,
) -> Iterator[Trial]:
    """Every kind of network at every lag, with every seed; with ``told`` an LSTM too that is told the lag."""
    for lag in lags:
        for kind in (*KINDS, _told(lag)) if told else KINDS:
            lesson = Lesson(problems[problem], lag, updates, learning_rate=kind.learning_rate)
            for seed in seeds:
                yield attempt(kind, lesson, hidden_size, seed, each=each)


def _told(lag: int) -> Kind:
    return replace(LSTM, name=TOLD, initialisation=f"chrono:longest={lag}")
