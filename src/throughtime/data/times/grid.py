"""Rows with times to series at equal steps: which row is which step, where steps are missing, what shares one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from throughtime.data.times.axis import Axis, Step
from throughtime.data.times.distinct import distinct
from throughtime.data.times.misfits import check_exact, check_kind, check_told, too_few, too_many
from throughtime.data.times.regular import (
    axis_from_the_calendar,
    axis_through,
    business_days,
    distances_of,
)
from throughtime.data.times.series import SORTED, Series, Where, in_order_of_time, row_in_words
from throughtime.data.times.stamps import Times
from throughtime.data.times.zones import to_local
from throughtime.errors import DataError, UsageError, unknown

WITHIN = ("refuse", "mean", "sum", "first", "last")
NOWHERE = np.iinfo(np.int64).max  # the step of a row that is left aside
MOST_HOLES = 20  # steps without a row, for every row
WEEKDAYS_ONLY = "no row stands on a weekend: steps are business days, Monday to Friday; --set step=1d counts all days"
SAYING_HOW = "--set within=mean (or sum, first, last)"


@dataclass(frozen=True)
class Grid:
    """S series on one axis.

    ``begins`` (S,): the step on the axis of each series' first row; ``steps``: S numbers T_s, from its first to its
    last row. ``index``: S arrays (n_s,), for each row of the series, in the order of ``rows``, its step from 0;
    ``rows``: S arrays (n_s,), row numbers of the material in the order of time.
    """

    axis: Axis
    begins: np.ndarray
    steps: tuple[int, ...]
    index: tuple[np.ndarray, ...]
    rows: tuple[np.ndarray, ...]
    notes: tuple[str, ...] = ()


def grid_of(
    times: Times,
    series: Mapping[str, np.ndarray],
    where: Where,
    *,
    step: str = "auto",
    within: str = "refuse",
    axis: Axis | None = None,
) -> Grid:
    """The grid on which the rows of each series stand.

    ``series``: the row numbers of each by name. ``step``: the distance of its steps as given in a setting, or auto, the
    most frequent one. ``within``: how rows that share a step become one. ``axis``: that of a finished run, to which
    the rows must belong. Raises DataError, with the place, for rows out of order, two of one time, times between the
    steps, a step that cannot be found, and far more steps than rows; UsageError for a step that the times do not know.

    >>> from throughtime.data.times.style import Style
    >>> from throughtime.errors import Place
    >>> times = Times(np.array([0, 1, 3]) * 86400, Style("%Y-%m-%d"))
    >>> grid = grid_of(times, {"": np.arange(3)}, lambda i: Place("a.csv", i + 2))
    >>> grid.steps, grid.index
    ((4,), (array([0, 1, 3]),))
    >>> grid.notes
    ('each step is 1 day, from 1970-01-01 to 1970-01-04', '1 of 4 days is missing: 1970-01-03')
    """
    if within not in WITHIN:
        raise UsageError(f"--set within={within}: {unknown('way for rows to become one', within, WITHIN)}")
    assert series, "a grid needs a series"
    given = None if step == "auto" else Step.parse(step)
    all_series, notes = in_order_of_time(times, series, where, within)
    if axis is None:
        axis, said = _axis(times, all_series, where, given)
        notes += said
    else:
        check_kind(times, axis, all_series, where)
        if given is None and within == "refuse":
            check_exact(times, axis, all_series, where)
    placed = [axis.indices(one.moments) for one in all_series]
    if within == "sum":
        all_series, placed, said = _whole_steps(axis, all_series, placed)
        notes += said
    notes += _shared(times, axis, all_series, placed, where, within, any(note.endswith(SORTED) for note in notes))
    begins = np.array([indices[0] for indices in placed], dtype=np.int64)
    steps = tuple(int(indices[-1] - indices[0]) + 1 for indices in placed)
    notes += _holes(times, axis, all_series, placed, where)
    index = tuple(indices - indices[0] for indices in placed)
    return Grid(axis, begins, steps, index, tuple(one.rows for one in all_series), notes)


def _axis(times: Times, all_series: list[Series], where: Where, given: Step | None) -> tuple[Axis, tuple[str, ...]]:
    """The axis of new material, and what there is to say about it."""
    moments = [distinct(one.moments) for one in all_series]
    pooled = distinct(np.concatenate(moments))
    style = times.style
    notes: tuple[str, ...] = ()
    if given is None:
        distances = distances_of(moments, style)
        if distances is None:
            raise too_few(all_series, where)
        found = distances.commonest
        if business_days(moments, style, found):
            found = Step(1, "weekday")
            notes = (WEEKDAYS_ONLY,)
        axis = axis_through(pooled, found, style)
        check_exact(times, axis, all_series, where, distances)
    else:
        check_told(given, style)
        axis = axis_through(pooled, given, style)
        if not axis.exact(pooled).all():
            axis = axis_from_the_calendar(pooled, given, style)
            notes = (f"times lie within steps of {given}, which begin as {axis.stamp(0)}",)
    first, last = style.write(int(pooled[0])), style.write(int(pooled[-1]))
    each = f"adds {axis.step.count}" if style.counts else f"is {axis.step}"
    return axis, (*notes, f"each step {each}, from {first} to {last}")


def _whole_steps(
    axis: Axis, all_series: list[Series], placed: list[np.ndarray]
) -> tuple[list[Series], list[np.ndarray], tuple[str, ...]]:
    """Without the rows of a first or last step that are a part of it only, added up: it would look too small.

    That is known where nine of ten rows of a series are equally far apart.
    """
    kept: list[Series] = []
    indices_of: list[np.ndarray] = []
    cut: list[tuple[str, int]] = []
    for one, indices in zip(all_series, placed, strict=True):
        low, high, parts = 0, len(indices), []
        shown = to_local(axis.style.zone, one.moments)  # a day of 25 hours is a day
        apart = _usual_distance(shown)
        if apart is not None and indices[0] < indices[-1]:
            ends = axis.moments(np.array([indices[0], indices[-1] + 1]))
            begin, end = to_local(axis.style.zone, ends).tolist()
            if shown[0] - begin >= apart:
                low = int(np.searchsorted(indices, indices[0], side="right"))
                parts.append((one.name, int(indices[0])))
            if end - shown[-1] > apart:
                high = int(np.searchsorted(indices, indices[-1]))
                parts.append((one.name, int(indices[-1])))
        whole = low < high  # else there are only parts, and they are all there is
        cut += parts if whole else []
        kept.append(Series(one.name, one.rows[low:high], one.moments[low:high]) if whole else one)
        indices_of.append(indices[low:high] if whole else indices)
    if not cut:
        return all_series, placed, ()
    name, index = cut[0]
    where = axis.stamp(index) + (f" of {name}" if len(all_series) > 1 else "")
    count = "1 step" if len(cut) == 1 else f"{len(cut):,} steps"
    first = "" if len(cut) == 1 else "first "
    told = f"{count} at the ends of the series left aside, of which only a part is there: {first}{where}"
    return kept, indices_of, (told,)


def _usual_distance(moments: np.ndarray) -> int | None:
    """Seconds, or counts, between rows: None where not nearly all are as far apart."""
    distances = np.diff(moments)
    if not len(distances):
        return None
    values, counts = np.unique(distances, return_counts=True)
    most = int(counts.argmax())
    return int(values[most]) if values[most] > 0 and counts[most] >= 0.9 * len(distances) else None


def _shared(
    times: Times,
    axis: Axis,
    all_series: list[Series],
    placed: list[np.ndarray],
    where: Where,
    within: str,
    sorted_already: bool,
) -> tuple[str, ...]:
    """What to say about rows that share a step; a DataError if nothing says how they become one."""
    count = 0
    for one, indices in zip(all_series, placed, strict=True):
        same = np.flatnonzero(np.diff(indices) == 0)
        count += len(same)
        if len(same) and within == "refuse":
            first, second = sorted((int(one.rows[same[0]]), int(one.rows[same[0] + 1])))
            this, other = (times.style.write(int(times.moments[row])) for row in (second, first))
            raise DataError(
                f'"{this}" and "{other}" of {row_in_words(where, first)} lie in the same step of {axis.step}',
                place=where(second),
                mend=f"say how rows of one step become one: {SAYING_HOW}",
            )
    if within == "refuse":
        return ()
    if not count:
        return () if sorted_already else (f"no two rows share a step, so that within={within} changes nothing",)
    how = {"mean": "their mean is taken", "sum": "they are added up", "first": "the first is taken"}
    rows = "1 row shares" if count == 1 else f"{count:,} rows share"
    return (f"{rows} a step with one before: {how.get(within, 'the last is taken')}",)


def _holes(
    times: Times, axis: Axis, all_series: list[Series], placed: list[np.ndarray], where: Where
) -> tuple[str, ...]:
    """What to say about steps without a row; a DataError if there are far more than rows."""
    of = sum(int(indices[-1] - indices[0]) + 1 for indices in placed)
    rows = sum(len(indices) for indices in placed)
    holes = [np.flatnonzero(np.diff(indices) > 1) for indices in placed]
    missing = sum(int(np.sum(np.diff(indices)[gaps] - 1)) for indices, gaps in zip(placed, holes, strict=True))
    if not missing:
        return ()
    if missing > MOST_HOLES * rows:
        raise too_many(times, axis, all_series, placed, where, missing)
    s = next(s for s, gaps in enumerate(holes) if len(gaps))
    first = axis.stamp(int(placed[s][holes[s][0]]) + 1) + (f" of {all_series[s].name}" if len(all_series) > 1 else "")
    if missing == 1:
        return (f"1 of {of:,} {axis.step.plural} is missing: {first}",)
    return (f"{missing:,} of {of:,} {axis.step.plural} are missing, first {first}",)


def spread(values: np.ndarray, index: np.ndarray, steps: int, within: str) -> np.ndarray:
    """Values of rows (n, C) at their steps (n,), as (steps, C) float64, NaN where no row stands.

    Rows of one step become one by ``within``; values that are NaN are left aside in it.

    >>> spread(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 2]), 3, "mean").tolist()
    [[2.0], [nan], [5.0]]
    """
    values = np.asarray(values, dtype=np.float64)
    result = np.full((steps, values.shape[1]), np.nan)
    if within == "refuse":
        assert len(distinct(index)) == len(index), "two rows share a step"
        result[index] = values
        return result
    known = ~np.isnan(values)
    if within in ("first", "last"):
        order = slice(None) if within == "last" else slice(None, None, -1)
        for column in range(values.shape[1]):
            kept = known[:, column]
            result[index[kept][order], column] = values[kept, column][order]  # of equal steps the later one stays
        return result
    sums, counts = np.zeros_like(result), np.zeros_like(result)
    np.add.at(sums, index, np.where(known, values, 0.0))
    np.add.at(counts, index, known)
    return np.divide(sums, counts if within == "mean" else 1.0, out=result, where=counts > 0)
