"""Rows with times to series at equal steps: which row is which step, where steps are missing, what shares one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from throughtime.data.times.axis import Axis, Step
from throughtime.data.times.regular import (
    axis_from_the_calendar,
    axis_through,
    business_days,
    distances_of,
)
from throughtime.data.times.sequence import Sequence, Where, row_in_words, sequences_of
from throughtime.data.times.stamps import Times
from throughtime.data.times.style import Style
from throughtime.data.times.zones import DAY, is_offset
from throughtime.errors import DataError, UsageError, unknown

WITHIN = ("refuse", "mean", "sum", "first", "last")
MOST_HOLES = 20  # steps without a row for every row
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

    >>> from throughtime.errors import Place
    >>> times = Times(np.array([0, 1, 3]) * 86400, Style("%Y-%m-%d"))
    >>> grid = grid_of(times, {"": np.arange(3)}, lambda i: Place("a.csv", i + 2))
    >>> grid.steps, grid.index, grid.notes
    ((4,), (array([0, 1, 3]),), ('steps of 1 day, from 1970-01-01 to 1970-01-04', '1 of 4 days is missing: 1970-01-03'))
    """
    if within not in WITHIN:
        raise UsageError(f"--set within={within}: {unknown('way for rows to become one', within, WITHIN)}")
    assert series, "a grid needs a series"
    given = None if step == "auto" else Step.parse(step)
    sequences, notes = sequences_of(times, series, where, within)
    if axis is None:
        axis, said = _axis(times, sequences, where, given, within)
        notes += said
    else:
        _same_kind(times, axis, where, sequences)
        if given is None and within == "refuse":
            _check_exact(times, axis, sequences, where)
    placed = [axis.indices(sequence.moments) for sequence in sequences]
    notes += _shared(times, axis, sequences, placed, where, within)
    begins = np.array([indices[0] for indices in placed], dtype=np.int64)
    steps = tuple(int(indices[-1] - indices[0]) + 1 for indices in placed)
    notes += _holes(times, axis, sequences, placed, where)
    index = tuple(indices - indices[0] for indices in placed)
    return Grid(axis, begins, steps, index, tuple(sequence.rows for sequence in sequences), notes)


def _axis(
    times: Times, sequences: list[Sequence], where: Where, given: Step | None, within: str
) -> tuple[Axis, tuple[str, ...]]:
    """The axis of new material, and what there is to say about it."""
    moments = [np.unique(sequence.moments) for sequence in sequences]
    pooled = np.unique(np.concatenate(moments))
    style = times.style
    notes: tuple[str, ...] = ()
    if given is None:
        distances = distances_of(moments, style)
        if distances is None:
            one = len(sequences) == 1
            raise DataError(
                "there is one time only" if one else "every series has one time only",
                place=where(int(sequences[0].rows[0])),
                mend="a series needs two times at least; give more rows"
                + ("" if one else ", or another column with --set series=COLUMN"),
            )
        found = distances.commonest
        if business_days(moments, style, found):
            found = Step(1, "weekday")
            notes = (
                "no row stands on a weekend: steps are business days, Monday to Friday; --set step=1d counts all days",
            )
        axis = axis_through(pooled, found, style)
        _check_exact(times, axis, sequences, where, distances.in_words())
    else:
        _can_be_told(given, style)
        axis = axis_through(pooled, given, style)
        if not axis.exact(pooled).all():
            axis = axis_from_the_calendar(pooled, given, style)
            notes = (f"times lie within steps of {given}, which begin as {axis.stamp(0)}",)
    first, last = style.write(int(pooled[0])), style.write(int(pooled[-1]))
    return axis, (*notes, f"steps of {axis.step}, from {first} to {last}")


def _can_be_told(step: Step, style: Style) -> None:
    """Raise UsageError for a step of another kind than the times, or finer than they are written."""
    if style.counts != (step.unit == "count"):
        kind, such = ("whole numbers that count steps", "1") if style.counts else ("dates", "1d, 1h or 1mo")
        raise UsageError(f"--set step={step.setting} does not fit: the times are {kind}; give a step such as {such}")
    if not style.counts and step.seconds < style.finest * 0.999:
        form = f'the times are written, as in "{style.write(0)}"'
        raise UsageError(f"--set step={step.setting} is finer than {form}; give a longer step")


def _same_kind(times: Times, axis: Axis, where: Where, sequences: list[Sequence]) -> None:
    place = where(int(sequences[0].rows[0]))
    if times.style.counts != axis.style.counts:
        this, those = ("counts", "dates") if times.style.counts else ("dates", "counts")
        such = axis.stamp(0)
        raise DataError(
            f"the times are {this}, those of the run are {those}", place=place, mend=f"write them as {such}"
        )
    if (times.style.zone is None) != (axis.style.zone is None):
        this, those = ("no zone", "one") if times.style.zone is None else ("a zone or an offset", "none")
        such = axis.stamp(0)
        raise DataError(
            f"the times have {this}, those of the run have {those}", place=place, mend=f"write them as {such}"
        )


def _check_exact(
    times: Times, axis: Axis, sequences: list[Sequence], where: Where, distances: str | None = None
) -> None:
    """Raise DataError for the first row whose time lies between two steps."""
    wrong = [sequence.rows[~axis.exact(sequence.moments)] for sequence in sequences]
    rows = np.concatenate(wrong)
    if not len(rows):
        return
    row = int(rows.min())
    stamp = times.style.write(int(times.moments[row]))
    index = int(axis.indices(times.moments[row : row + 1])[0])
    between = f'between the steps "{axis.stamp(index)}" and "{axis.stamp(index + 1)}"'
    if distances is None:
        found = f'"{stamp}" lies {between} of the run, which are {axis.step} apart'
        raise DataError(found, place=where(row), mend=f"fix the row, or give rows at steps of {axis.step}")
    found = f'"{stamp}" lies {between}; the distances are {distances}'
    setting = f"--set step={_natural(times, sequences)} --set within=mean"
    mend = f"say what a step is and how rows within one become one, as {setting}"
    if is_offset(times.style.zone) and axis.step.of_days:
        mend += ", or --set zone=Europe/Berlin (or where it is) if the offsets are those of summer and winter"
    raise DataError(found, place=where(row), mend=mend)


def _natural(times: Times, sequences: list[Sequence]) -> str:
    """The longest step that people use which is not longer than the middle one of the distances."""
    lengths = np.concatenate([np.diff(np.unique(sequence.moments)) for sequence in sequences])
    middle = float(np.median(lengths))
    if times.style.counts:
        return str(max(int(middle), 1))
    common = ("1y", "1q", "1mo", "1w", "1d", "6h", "1h", "15min", "1min", "1s")
    fits = (text for text in common if times.style.finest <= Step.parse(text).seconds <= 1.1 * middle)
    return next(fits, "1d" if times.style.finest == DAY else "1s")


def _shared(
    times: Times, axis: Axis, sequences: list[Sequence], placed: list[np.ndarray], where: Where, within: str
) -> tuple[str, ...]:
    """What to say about rows that share a step; a DataError if nothing says how they become one."""
    count = 0
    for sequence, indices in zip(sequences, placed, strict=True):
        same = np.flatnonzero(np.diff(indices) == 0)
        count += len(same)
        if len(same) and within == "refuse":
            first, second = sorted((int(sequence.rows[same[0]]), int(sequence.rows[same[0] + 1])))
            this, other = (times.style.write(int(times.moments[row])) for row in (second, first))
            raise DataError(
                f'"{this}" and "{other}" of {row_in_words(where, first)} lie in the same step of {axis.step}',
                place=where(second),
                mend=f"say how rows of one step become one: {SAYING_HOW}",
            )
    if within == "refuse":
        return ()
    if not count:
        return (f"no two rows share a step, so that within={within} changes nothing",)
    how = {"mean": "their mean is taken", "sum": "they are added up", "first": "the first is taken"}
    rows = "1 row shares" if count == 1 else f"{count:,} rows share"
    return (f"{rows} a step with one before: {how.get(within, 'the last is taken')}",)


def _holes(
    times: Times, axis: Axis, sequences: list[Sequence], placed: list[np.ndarray], where: Where
) -> tuple[str, ...]:
    """What to say about steps without a row; a DataError if there are far more than rows."""
    of = sum(int(indices[-1] - indices[0]) + 1 for indices in placed)
    rows = sum(len(indices) for indices in placed)
    holes = [np.flatnonzero(np.diff(indices) > 1) for indices in placed]
    missing = sum(int(np.sum(np.diff(indices)[gaps] - 1)) for indices, gaps in zip(placed, holes, strict=True))
    if not missing:
        return ()
    if missing > MOST_HOLES * rows:
        raise _too_many(times, axis, sequences, placed, where, missing, of)
    s = next(s for s, gaps in enumerate(holes) if len(gaps))
    first = axis.stamp(int(placed[s][holes[s][0]]) + 1)
    if missing == 1:
        return (f"1 of {of:,} {axis.step.plural} is missing: {first}",)
    return (f"{missing:,} of {of:,} {axis.step.plural} are missing, first {first}",)


def _too_many(
    times: Times,
    axis: Axis,
    sequences: list[Sequence],
    placed: list[np.ndarray],
    where: Where,
    missing: int,
    of: int,
) -> DataError:
    """The error for far more steps than rows: one time is far off, or steps are too short."""
    s = int(np.argmax([np.diff(indices).max(initial=0) for indices in placed]))
    k = int(np.argmax(np.diff(placed[s])))
    gap = int(np.diff(placed[s])[k])
    stamps = [times.style.write(int(sequences[s].moments[k + i])) for i in (0, 1)]
    found = f"{missing:,} of {of:,} {axis.step.plural} would have no row"
    if gap > missing / 2:
        found += f'; most of them lie between "{stamps[0]}" and "{stamps[1]}"'
        mend = "fix the row if its time or the one before is wrong, or say a longer step, as "
    else:
        mend = "say a longer step, as "
    mend += f"--set step={_natural(times, sequences)} --set within=mean"
    return DataError(found, place=where(int(sequences[s].rows[k + 1])), mend=mend)


def spread(values: np.ndarray, index: np.ndarray, steps: int, within: str) -> np.ndarray:
    """Values of rows (n, C) at their steps (n,), as (steps, C) float64, NaN where no row stands.

    Rows of one step become one by ``within``; values that are NaN are left aside in it.

    >>> spread(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 2]), 3, "mean").tolist()
    [[2.0], [nan], [5.0]]
    """
    values = np.asarray(values, dtype=np.float64)
    result = np.full((steps, values.shape[1]), np.nan)
    if within == "refuse":
        assert len(np.unique(index)) == len(index), "two rows share a step"
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
