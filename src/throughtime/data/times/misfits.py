"""Times that do not fit a grid, and what to do about each: between two steps, of another kind, or far too far apart."""

from __future__ import annotations

import numpy as np

from throughtime.data.times.axis import Axis, Step
from throughtime.data.times.regular import Distances
from throughtime.data.times.series import Series, Where
from throughtime.data.times.stamps import Times
from throughtime.data.times.style import Style
from throughtime.data.times.zones import is_offset
from throughtime.errors import DataError, UsageError

COMMON = ("1s", "1min", "15min", "1h", "6h", "1d", "1w", "1mo", "1q", "1y")


def check_told(step: Step, style: Style) -> None:
    """Raise UsageError for a given step of another kind than the times, or finer than they are written."""
    if style.counts != (step.unit == "count"):
        kind, such = ("whole numbers that count steps", "1") if style.counts else ("dates", "1d, 1h or 1mo")
        raise UsageError(f"--set step={step.setting} does not fit: the times are {kind}; give a step such as {such}")
    if not style.counts and step.seconds < style.finest:
        form = f'the times are written, as in "{style.write(0)}"'
        raise UsageError(f"--set step={step.setting} is finer than {form}; give a longer step")


def check_kind(times: Times, axis: Axis, all_series: list[Series], where: Where) -> None:
    """Raise DataError for counts where a run has dates, for times in UTC where it has them as written, and back."""
    if times.style.counts != axis.style.counts:
        this, those = ("counts", "dates") if times.style.counts else ("dates", "counts")
    elif (times.style.zone is None) != (axis.style.zone is None):
        this, those = "without a zone or an offset", "in a zone"
        if axis.style.zone is None:
            this, those = those, this
    else:
        return
    raise DataError(
        f"the times are {this}, those of the run {those}",
        place=where(int(all_series[0].rows[0])),
        mend=f'write them as in the run, such as "{axis.stamp(0)}"',
    )


def check_exact(
    times: Times, axis: Axis, all_series: list[Series], where: Where, distances: Distances | None = None
) -> None:
    """Raise DataError for the first row whose time lies between two steps; without ``distances``, of a run's axis."""
    rows = np.concatenate([one.rows[~axis.exact(one.moments)] for one in all_series])
    if not len(rows):
        return
    row = int(rows.min())
    index = int(axis.indices(times.moments[row : row + 1])[0])
    stamp = times.style.write(int(times.moments[row]))
    found = f'"{stamp}" lies between the steps "{axis.stamp(index)}" and "{axis.stamp(index + 1)}"'
    if distances is None:
        found += f" of the run, which are {axis.step} apart"
        raise DataError(found, place=where(row), mend=f"fix the row, or give rows at steps of {axis.step}")
    if distances.counts.max() < distances.counts.sum() / 5:
        found = f'"{stamp}" and others do not stand at equal steps'
    mend = f"say what a step is: {_steps_to_say(distances, times.style)}"
    if is_offset(times.style.zone) and axis.step.of_days:
        mend += ", or --set zone=Europe/Berlin (or where it is) if the offsets are those of summer and winter"
    raise DataError(f"{found}; the distances are {distances.in_words()}", place=where(row), mend=mend)


def _steps_to_say(distances: Distances, style: Style) -> str:
    """A step that all distances are multiples of, if it leaves few holes, and one that gathers rows."""
    common, total = distances.commonest, int(distances.counts.sum())
    finer = Step(int(np.gcd.reduce(distances.lengths)), common.unit)
    span = int((distances.lengths * distances.counts).sum())
    mend = ""
    if finer.count < common.count and span // finer.count <= 3 * total:
        mend = f"--set step={finer.setting}, where some steps have no row, or "
    if distances.counts.max() < total / 2:
        common = _longest_within(float(np.repeat(distances.lengths, distances.counts)[total // 2]), common.unit, style)
    month = next((step for step in map(Step.parse, ("1mo", "1q", "1y")) if _about(common, step)), None)
    if month is not None:
        return f"--set step={month.setting}, for times that stand anywhere within one"
    return mend + f"--set step={common.setting} --set within=mean, where rows share a step"


def _about(step: Step, months: Step) -> bool:
    """Whether so many days are what so many months may have."""
    return step.unit == "second" and step.seconds >= 28 * 86400 and abs(step.seconds / months.seconds - 1) < 0.09


def _longest_within(length: float, unit: str, style: Style) -> Step:
    """The longest step that people use which is not longer than a distance, or hardly."""
    if unit == "count":
        return Step(max(int(length), 1), unit)
    seconds = length * Step(1, unit).seconds
    fits = [step for step in map(Step.parse, COMMON) if style.finest <= step.seconds <= 1.1 * seconds]
    return fits[-1] if fits else Step(max(int(length), 1), unit)


def too_few(all_series: list[Series], where: Where) -> DataError:
    """The error for series of one time each, between which there is no distance."""
    one = len(all_series) == 1
    return DataError(
        "there is one time only" if one else "every series has one time only",
        place=where(int(all_series[0].rows[0])),
        mend="give more rows: a series needs two times at least"
        + ("" if one else "; if this column does not name series, say another with --set series=COLUMN"),
    )


def too_many(
    times: Times, axis: Axis, all_series: list[Series], placed: list[np.ndarray], where: Where, missing: int
) -> DataError:
    """The error for far more steps than rows: a time is far off, or steps are too short."""
    rows, of = sum(map(len, placed)), sum(int(indices[-1] - indices[0]) + 1 for indices in placed)
    s = int(np.argmax([np.diff(indices).max(initial=0) for indices in placed]))
    k = int(np.argmax(np.diff(placed[s])))
    found = f"{missing:,} of {of:,} {axis.step.plural} would have no row"
    if np.diff(placed[s])[k] > missing / 2:
        before, after = (times.style.write(int(moment)) for moment in all_series[s].moments[k : k + 2])
        found += f', most of them between "{before}" and "{after}"'
        mend = "fix the row if this time or the one before is wrong, or leave out what lies so far apart"
    else:
        length = axis.step.seconds * of / rows
        longer = next((text for text in COMMON if Step.parse(text).seconds >= length), "1y")
        if times.style.counts:
            longer = str(-(-axis.step.count * of // rows))
        mend = f"say a longer step, as --set step={longer} --set within=mean"
    return DataError(found, place=where(int(all_series[s].rows[k + 1])), mend=mend)
