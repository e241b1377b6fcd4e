"""Seasons of series: what their axis suggests, and what their changes repeat."""

from __future__ import annotations

import numpy as np

from throughtime.data.series.backtest import Backtest

LONGEST = 1_000
MOST_PEAKS = 3
MOST_SERIES = 50
MOST_STEPS = 20_000
LEAST = 0.1  # of the autocorrelation


def training_values(train: Backtest) -> dict[int, np.ndarray]:
    """Of each series that is learned from, by number, what is there until its last forecast ends; NaN where missing."""
    ends = {s: int(train.first[rows].max()) + train.horizon for s, rows in train.by_series()}
    return {s: train.panel.values[s][:end] for s, end in ends.items()}


def candidates(train: Backtest) -> list[int]:
    """Seasons that may be, in steps, as far as half of the training forecasts have so many values before them.

    Those that the steps of the axis suggest, a day for hours and a week for days, and the three highest peaks in the
    autocorrelation of the differences of the training values.

    >>> from throughtime.data.series.panel import Panel
    >>> candidates(Backtest.over(Panel.of_values([np.tile([0.0, 2.0, 1.0, 5.0, 1.0], 30)]), 0, 150, 3))[0]
    5
    """
    if not len(train):
        return []
    axis = train.panel.axis
    natural = [] if axis is None else list(axis.seasons)
    reach = int(np.median(train.first))
    return sorted({season for season in [*natural, *_peaks(train, min(reach, LONGEST))] if 2 <= season <= reach})


def _peaks(train: Backtest, longest: int) -> list[int]:
    own = list(training_values(train).values())
    chosen = np.linspace(0, len(own) - 1, min(len(own), MOST_SERIES)).round().astype(int)
    found = [_autocorrelation(np.diff(own[k][-MOST_STEPS:]), longest) for k in chosen]
    total, count = sum(found, np.zeros(longest + 1)), sum(len(own[k]) for k in chosen)
    together = total / (total[0] or 1)
    least = max(LEAST, 4 / np.sqrt(count))  # chance alone goes to 3 at some of so many lags
    inner = range(2, longest)
    peaks = [k for k in inner if together[k] > max(least, together[k - 1]) and together[k] >= together[k + 1]]
    return sorted(peaks, key=lambda k: -together[k])[:MOST_PEAKS]


def _autocorrelation(changes: np.ndarray, longest: int) -> np.ndarray:
    """At lags 0 ... ``longest``: 1 at lag 0, unless nothing changes; a missing change is the mean one."""
    if np.isnan(changes).all():
        return np.zeros(longest + 1)
    centred = np.nan_to_num(changes - np.nanmean(changes))
    size = 1 << int(2 * len(centred)).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    found = np.fft.irfft(power, size)[: min(longest + 1, len(centred))]
    found = np.concatenate([found, np.zeros(longest + 1 - len(found))])
    # rounding of the transform leaves a hair where nothing changes
    return found / found[0] if found[0] > 1e-12 else np.zeros(longest + 1)
