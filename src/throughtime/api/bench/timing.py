"""Times of calls that are to be compared: the sides take turns in one process, and the median counts."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WARM_UP = 2  # calls of each side before any that counts


@dataclass(frozen=True)
class Effort:
    """At least ``samples`` of each side, each of at least ``sample_seconds``, all of them over at least ``seconds``."""

    samples: int
    sample_seconds: float
    seconds: float


@dataclass(frozen=True)
class Timing:
    """The median of a call, and half the distance between the quartiles, as a share of it."""

    seconds: float
    noise: float

    @property
    def ms(self) -> float:
        return 1e3 * self.seconds


def alternate(sides: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, Timing]:
    """The time of one call of each side.

    A short call is repeated within a sample. The sides take turns, every other round in the opposite order, so that
    whatever else the machine does meets all of them.
    """
    repeats = {name: max(1, math.ceil(effort.sample_seconds / _warm(call))) for name, call in sides.items()}
    samples: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    gc.collect()
    began, rounds = time.perf_counter(), 0
    while rounds < effort.samples or time.perf_counter() - began < effort.seconds * len(sides):
        for name in order:
            samples[name].append(_sample(sides[name], repeats[name]))
        order.reverse()
        rounds += 1
    return {name: timing(found) for name, found in samples.items()}


def timing(samples: list[float]) -> Timing:
    """
    >>> timing([4.0, 1.0, 2.0])
    Timing(seconds=2.0, noise=0.75)
    """
    median = statistics.median(samples)
    low, _, high = statistics.quantiles(samples, n=4) if len(samples) > 1 else (median, median, median)
    return Timing(median, (high - low) / 2 / median)


def _warm(call: Callable[[], object]) -> float:
    return [_sample(call, 1) for _ in range(WARM_UP)][-1]


def _sample(call: Callable[[], object], repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        call()
    return max(time.perf_counter() - began, 1e-9) / repeats
