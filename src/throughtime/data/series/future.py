"""The steps after the last one of each series."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.errors import DataError, Place


def ahead_of(panel: Panel, horizon: int, calendar: int, lasting: Collection[str] = ()) -> Panel:
    """The same panel with all that is known of the next ``horizon`` steps after each series' last value.

    The first ``calendar`` of what is known are the calendar's, which is known of every time; those named ``lasting``
    never change in a series, and go on. Raises DataError for what had to be given and is not.
    """
    return replace(panel, known=tuple(_further(panel, s, horizon, calendar, lasting) for s in range(len(panel))))


def with_lasting(panel: Panel, lasting: Collection[str]) -> Panel:
    """What never changes within a series stands at each of its steps, wherever it was given.

    >>> one = Panel.of_values([np.zeros(2)], [np.array([[np.nan], [5.0]])])
    >>> with_lasting(one, ["known 1"]).known[0].tolist()
    [[5.0], [5.0]]
    """
    columns = [k for k, name in enumerate(panel.known_names) if name in lasting]
    if not any(np.isnan(known[:, columns]).any() for known in panel.known):
        return panel
    filled = []
    for known in panel.known:
        known = known.copy()
        for k in columns:
            there = np.flatnonzero(~np.isnan(known[:, k]))
            if len(there):
                known[np.isnan(known[:, k]), k] = known[there[-1], k]
        filled.append(known)
    return replace(panel, known=tuple(filled))


def after_the_last(panel: Panel, horizon: int) -> Backtest:
    """One forecast for each series: of the steps after its last value."""
    return Backtest(panel, np.arange(len(panel)), panel.steps.copy(), horizon)


def _further(panel: Panel, s: int, horizon: int, calendar: int, lasting: Collection[str]) -> np.ndarray:
    known, wanted = panel.known[s], int(panel.steps[s]) + horizon
    found = np.full((wanted, known.shape[1]), np.nan)
    found[: min(wanted, len(known))] = known[:wanted]
    if calendar:
        assert panel.axis is not None
        found[:, :calendar] = panel.axis.calendar(int(panel.begins[s]), wanted)
    for k in range(calendar, known.shape[1]):
        missing = np.flatnonzero(np.isnan(found[-horizon:, k]))
        if not len(missing):
            continue
        there = known[~np.isnan(known[:, k]), k]
        if len(there) and panel.known_names[k] in lasting:
            found[wanted - horizon + missing, k] = there[-1]
            continue
        stamp = "" if panel.axis is None else panel.axis.stamp(int(panel.begins[s] + panel.steps[s] + missing[0]))
        name = panel.known_names[k].partition("=")[0]
        raise DataError(
            f'"{name}" of series "{panel.names[s]}" is not given for {stamp}, which is to be forecast',
            place=Place(None, None, name),
            mend=f"add rows for the next {_steps(horizon)} with it, the forecast column left empty",
        )
    return found


def _steps(count: int) -> str:
    return "step" if count == 1 else f"{count} steps"
