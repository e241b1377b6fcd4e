"""All that the laboratory tries out, in one go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from throughtime.laboratory.beginnings import by_beginning
from throughtime.laboratory.clipping import by_clipping
from throughtime.laboratory.grammar import by_string
from throughtime.laboratory.lags import by_lag
from throughtime.laboratory.learning import Each, go_on
from throughtime.laboratory.trial import Trial

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much is tried out: lags in steps, the most updates of a trial, and how many seeds."""

    adding_lags: tuple[int, ...] = (5, 20, 100)
    adding_updates: int = 1500
    adding_seeds: int = 3
    latch_lags: tuple[int, ...] = (10, 30, 100, 300)
    latch_updates: int = 200
    latch_seeds: int = 3
    beginnings_lag: int = 30
    beginnings_updates: int = 200
    clipping_lag: int = 50
    clipping_updates: int = 200
    other_seeds: int = 5  # of beginnings and clipping
    grammar_updates: int = 20_000
    grammar_seeds: int = 5
    strings: int = 256
    hidden_size: int = 32


FULL = Size()


@dataclass(frozen=True)
class Findings:
    """The trials of each question."""

    size: Size
    adding: tuple[Trial, ...]
    latch: tuple[Trial, ...]
    beginnings: tuple[Trial, ...]
    clipping: tuple[Trial, ...]
    grammar: tuple[Trial, ...]
    seconds: float


def investigate(size: Size = FULL, say: Say = lambda sentence: None, each: Each = go_on) -> Findings:
    """Try everything out, in minutes; ``say`` hears a sentence for each trial, ``each`` is called before every update.

    The same machine gives the same findings, but for the seconds. Runs on one thread: an update of 32 sequences is so
    small that a second one is mostly waited for.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _investigate(size, say, each)
    finally:
        torch.set_num_threads(threads)


def _investigate(size: Size, say: Say, each: Each) -> Findings:
    started = time.perf_counter()

    def tried(question: str, trials: Iterable[Trial]) -> tuple[Trial, ...]:
        found = []
        for trial in trials:
            say(f"{question}: {trial} ({time.perf_counter() - started:.0f} s)")
            found.append(trial)
        return tuple(found)

    units, others = size.hidden_size, _seeds(size.other_seeds)
    adding = by_lag("adding", size.adding_lags, _seeds(size.adding_seeds), size.adding_updates, units, each=each)
    latch = by_lag("latch", size.latch_lags, _seeds(size.latch_seeds), size.latch_updates, units, told=True, each=each)
    beginnings = by_beginning(size.beginnings_lag, others, size.beginnings_updates, units, each=each)
    clipping = by_clipping(size.clipping_lag, others, size.clipping_updates, units, each=each)
    grammar = by_string(_seeds(size.grammar_seeds), size.grammar_updates, strings=size.strings, each=each)
    return Findings(
        size,
        tried("adding", adding),
        tried("latch", latch),
        tried("first weights", beginnings),
        tried("clipping", clipping),
        tried("grammar", grammar),
        time.perf_counter() - started,
    )


def _seeds(count: int) -> range:
    return range(1, count + 1)
