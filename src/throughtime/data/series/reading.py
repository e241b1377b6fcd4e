"""From rows to a panel: what is fitted once on the rows of a run, and kept with it, so that new rows fit in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from throughtime.data.records import Records
from throughtime.data.series.arrays import names_of, names_together, numbered, numbers_of, of_texts, rows_of
from throughtime.data.series.future import with_lasting
from throughtime.data.series.layout import Layout
from throughtime.data.series.panel import Panel
from throughtime.data.series.said import said_of, stand
from throughtime.data.splits import NAMES
from throughtime.data.times.axis import Axis
from throughtime.data.times.grid import NOWHERE, Grid, grid_of, spread
from throughtime.data.times.pattern import directives
from throughtime.data.times.plain import EPOCHS
from throughtime.data.times.stamps import Style, Times, times_of
from throughtime.data.values import in_order, is_missing, is_number, shown
from throughtime.errors import DataError, Place

MOST_CLASSES = 50
MOSTLY = 0.9
SAMPLE = 10_000  # values by which it is told whether a column holds numbers


@dataclass(frozen=True)
class Read:
    """A panel; the step of the axis at which each row stands ``(N,)``, ``NOWHERE`` for one that was left aside; and
    what was found on the way, in sentences."""

    panel: Panel
    at: np.ndarray
    notes: tuple[str, ...]

    @property
    def occupied(self) -> np.ndarray:
        """The steps of the axis at which rows stand, each once, in order; none behind the last value."""
        steps = np.unique(self.at[self.at != NOWHERE])
        return steps[steps < int((self.panel.begins + self.panel.steps).max())]


@dataclass(frozen=True)
class Reader:
    """Reads rows in this layout. ``classes`` hold, for columns of names among the inputs, those that are known; each
    of them is one number, 0 or 1. ``axis`` is the grid of the rows that it was fitted on. ``lasting`` are those of the
    features known ahead that never changed within any series, and so go on."""

    layout: Layout
    classes: Mapping[str, tuple[str, ...]]
    axis: Axis
    calendar: bool
    missing: tuple[str, ...]
    zone: str | None
    step: str
    within: str
    lasting: tuple[str, ...] = ()

    @classmethod
    def fit(
        cls,
        records: Records,
        layout: Layout,
        missing: Sequence[str],
        *,
        calendar: bool,
        zone: str | None,
        step: str,
        within: str,
    ) -> tuple[Reader, Read]:
        """The reader of these rows, and what it reads of them."""
        missing = tuple(missing)
        classes = {
            name: _classes(records, name, missing)
            for name in (*layout.past, *layout.known)
            if not _numeric(records.column(name), missing)
        }
        names, times, grid = _gridded(records, layout, missing, zone, step, within, None)
        reader = cls(layout, classes, grid.axis, calendar, missing, zone, step, within)
        read = reader._read(records, names, times, grid)
        lasting = _lasting(read.panel)
        return replace(reader, lasting=lasting), replace(read, panel=with_lasting(read.panel, lasting))

    def learnt_from(self, records: Records, read: Read, end: int) -> tuple[Reader, Panel, tuple[str, ...]]:
        """The same where names among the inputs are those that stand before step ``end`` of the axis; what it reads;
        and notes on names that come up later, which are none of those that are known.
        """
        before = np.flatnonzero(read.at < end)
        classes, notes = dict(self.classes), []
        for name, known in self.classes.items():
            words, of = names_of(records.column(name))
            there = {words[k] for k in np.unique(of[before]).tolist()}
            classes[name] = tuple(word for word in known if word in there)
            if late := [word for word in known if word not in there]:
                notes.append(f'column "{name}": {stand(late)} only after the training part, and read as none')
        if not notes:
            return self, read.panel, ()
        reader = replace(self, classes=classes)
        names, _, grid = _gridded(records, self.layout, self.missing, self.zone, self.step, self.within, self.axis)
        panel, _ = reader._panel(records, names, grid, False, strict=False)
        reader = replace(reader, lasting=_lasting(panel))
        return reader, with_lasting(panel, reader.lasting), tuple(notes)

    def read(self, records: Records, *, ahead: bool = False) -> Read:
        """Other rows on the same axis. Raises DataError for rows that do not belong to it.

        With ``ahead`` a series may have rows without a value, of what is known ahead: it is there with no step.
        """
        names, times, grid = _gridded(records, self.layout, self.missing, self.zone, self.step, self.within, self.axis)
        return self._read(records, names, times, grid, ahead)

    def _read(self, records: Records, names: Sequence[str], times: Times, grid: Grid, ahead: bool = False) -> Read:
        panel, notes = self._panel(records, names, grid, ahead, strict=True)
        at = np.full(len(records), NOWHERE)
        for begin, rows, index in zip(grid.begins, grid.rows, grid.index, strict=True):
            at[rows] = begin + index
        return Read(panel, at, (*times.notes, *grid.notes, *notes))

    @property
    def calendar_width(self) -> int:
        """How many of the features known ahead, the first ones, are the calendar's."""
        return len(self.axis.calendar_names) if self.calendar else 0

    def past_names(self) -> tuple[str, ...]:
        return tuple(name for column in self.layout.past for name in self._features(column))

    def known_names(self) -> tuple[str, ...]:
        calendar = self.axis.calendar_names if self.calendar else ()
        return (*calendar, *(name for column in self.layout.known for name in self._features(column)))

    def _features(self, column: str) -> tuple[str, ...]:
        return tuple(f"{column}={name}" for name in self.classes[column]) if column in self.classes else (column,)

    def _panel(
        self, records: Records, names: Sequence[str], grid: Grid, ahead: bool, *, strict: bool
    ) -> tuple[Panel, tuple[str, ...]]:
        read = {name: self._column(records, name, strict) for name in (*self.layout.past, *self.layout.known)}
        dates = self._dates(grid)
        parts: list[tuple[str, int, np.ndarray, np.ndarray, np.ndarray]] = []
        left_out = []
        targets = {name: self._numbers(records, name) for name in self.layout.targets}
        for s, series in enumerate(names):
            rows, index, steps = grid.rows[s], grid.index[s], grid.steps[s]

            def spread_out(columns: Sequence[str], rows: np.ndarray = rows, s: int = s) -> np.ndarray:
                gathered = [np.zeros((len(rows), 0)), *(read[name](rows) for name in columns)]
                return spread(np.concatenate(gathered, 1), grid.index[s], grid.steps[s], self.within)

            aside, planned = spread_out(self.layout.past), spread_out(self.layout.known)
            known = np.concatenate([dates(int(grid.begins[s]), steps), planned], 1)
            for target, column in targets.items():
                found = spread(column[rows][:, None], index, steps, self.within)[:, 0]
                there = np.flatnonzero(~np.isnan(found))
                name = _name(series, target, self.layout)
                if not len(there) and not ahead:
                    left_out.append(name)
                    continue
                first, end = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)
                parts.append((name, int(grid.begins[s]) + first, found[first:end], aside[first:end], known[first:]))
        if not parts:
            raise DataError(
                "no row has a value to forecast",
                place=Place(records.source, None, self.layout.targets[0]),
                mend="fill in the column, or choose another --output",
            )
        named, begins, values, pasts, knowns = zip(*parts, strict=True)
        _require_different(named, records, self.layout.targets[0])
        origins = np.array(begins, dtype=np.int64)
        panel = Panel(self.axis, named, origins, values, pasts, knowns, self.past_names(), self.known_names())
        return panel, tuple(said_of(panel, left_out))

    def _dates(self, grid: Grid) -> Callable[[int, int], np.ndarray]:
        """What the calendar says of so many steps from one on: worked out once where series share their times."""
        if not self.calendar:
            return lambda begin, count: np.zeros((count, 0))
        first = int(grid.begins.min())
        span = int((grid.begins + np.array(grid.steps)).max()) - first
        if span > sum(grid.steps):
            return self.axis.calendar
        whole = self.axis.calendar(first, span)
        return lambda begin, count: whole[begin - first : begin - first + count]

    def _numbers(self, records: Records, name: str) -> np.ndarray:
        """(N,) float64, NaN where a number is missing; DataError, with the row, for what is none."""
        return numbers_of(records.column(name), self.missing, lambda i: records.where(i, name))

    def _column(self, records: Records, name: str, strict: bool) -> Callable[[np.ndarray], np.ndarray]:
        """What gives of some rows (n,) the features of a column (n, K), NaN where a value is missing.

        Where it is ``strict``, a name that is not known is an error; else none of those that are.
        """
        if name not in self.classes:
            numbers = self._numbers(records, name)
            return lambda rows: numbers[rows, None]
        known = {word: k for k, word in enumerate(self.classes[name])}
        words, of = names_of(records.column(name))
        for k, word in enumerate(words):
            if strict and word and word not in known and word not in self.missing:
                raise DataError(
                    f"{shown(word)} is not among the values of training ({', '.join(list(known)[:8])})",
                    place=records.where(int(np.argmax(of == k)), name),
                    mend="correct it, or leave the cell empty",
                )
        table = np.full((len(words), len(known)), np.nan)
        for k, word in enumerate(words):
            if word and word not in self.missing:
                table[k] = np.arange(len(known)) == known.get(word, -1)
        return lambda rows: table[of[rows]]

    def to_json(self) -> dict[str, Any]:
        return {
            "layout": asdict(self.layout),
            "classes": {name: list(known) for name, known in self.classes.items()},
            "axis": self.axis.to_json(),
            "calendar": self.calendar,
            "missing": list(self.missing),
            "zone": self.zone,
            "step": self.step,
            "within": self.within,
            "lasting": list(self.lasting),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Reader:
        said = saved["layout"]
        columns = (tuple(said[name]) for name in ("series", "targets", "past", "known"))
        classes = {name: tuple(known) for name, known in saved["classes"].items()}
        axis = Axis.from_json(saved["axis"])
        return cls(
            Layout(said["time"], *columns),
            classes,
            axis,
            saved["calendar"],
            tuple(saved["missing"]),
            saved["zone"],
            saved["step"],
            saved["within"],
            tuple(saved["lasting"]),
        )


def _rows_by_series(records: Records, layout: Layout, missing: Sequence[str]) -> dict[str, np.ndarray]:
    """The rows of each series (n_s,), by its name, in the order in which they first stand; DataError for no name."""
    if not layout.series:
        return {"": np.arange(len(records))}
    columns = [names_of(records.column(name)) for name in layout.series]
    for name, (words, of) in zip(layout.series, columns, strict=True):
        nameless = [k for k, word in enumerate(words) if not word or word in missing]
        if nameless:
            place = records.where(int(np.argmax(of == nameless[0])), name)
            raise DataError("the name of the series is missing", place=place, mend="fill it in")
    names, codes = columns[0]
    for words, of in columns[1:]:
        names, codes = names_together(names, codes, words, of)
    _require_different(names, records, layout.series[0])
    return dict(zip(names, rows_of(codes), strict=True))


def _require_different(names: Sequence[str], records: Records, column: str) -> None:
    """Raise DataError where two series would have one name: their parts hold commas."""
    if len(set(names)) < len(names):
        twice = next(name for k, name in enumerate(names) if name in names[:k])
        raise DataError(
            f'two series are both named "{twice}", by columns that are joined with commas',
            place=Place(records.source, None, column),
            mend="write other signs for the commas in their names",
        )


def _gridded(
    records: Records,
    layout: Layout,
    missing: Sequence[str],
    zone: str | None,
    step: str,
    within: str,
    axis: Axis | None,
) -> tuple[tuple[str, ...], Times, Grid]:
    """The names of the series in the order of the grid's, the times of all rows, and the grid."""
    rows = _rows_by_series(records, layout, missing)

    def where(i: int) -> Place:
        return records.where(i, layout.time)

    if layout.time is None:
        counted = np.empty(len(records), dtype=np.int64)
        for of in rows.values():
            counted[of] = np.arange(len(of))
        times = times_of(counted.tolist(), where, zone, None if axis is None else axis.style)
    else:
        times = _times(records.column(layout.time), list(rows.values()), where, zone, axis)
    if records.split is not None:
        _require_in_order(records, times, where)
    if axis is not None and zone is None:
        _require_offset(times, axis, where)
    grid = grid_of(times, rows, where, step=step, within=within, axis=axis)
    if axis is not None and step == "auto":
        _require_same_step(grid, where)
    return tuple(rows), times, grid


def _times(
    values: Sequence[Any],
    rows: Sequence[np.ndarray],
    where: Callable[[int], Place],
    zone: str | None,
    axis: Axis | None,
) -> Times:
    """The times of a column; where many rows share them, each is read once.

    Not where the order of the rows tells more: an hour that clocks show twice, which is told within each series, and
    the offset of the last row.
    """
    style = None if axis is None else axis.style
    if len(rows) > 1 and (zone is not None or (style is not None and style.of_clocks)):
        order = np.concatenate(rows)
        times = times_of([values[i] for i in order.tolist()], lambda k: where(int(order[k])), zone, style)
        moments = np.empty_like(times.moments)
        moments[order] = times.moments
        return replace(times, moments=moments)
    if zone is None and (style is None or not style.of_clocks) and of_texts(values):
        texts, of = numbered(values)
        if len(texts) <= len(values) // 2:
            first = np.full(len(texts), len(values))
            np.minimum.at(first, of, np.arange(len(values)))
            times = times_of(texts, lambda i: where(int(first[i])), None, style)
            if not _says_offset(times.style):
                return replace(times, moments=times.moments[of])
    return times_of(values, where, zone, style)


def _require_offset(times: Times, axis: Axis, where: Callable[[int], Place]) -> None:
    """Raise DataError for times without an offset from UTC where those of a run have one."""
    if _says_offset(axis.style) and not (
        _says_offset(times.style) or times.style.counts or times.style.pattern in EPOCHS
    ):
        raise DataError(
            f'"{times.style.write(int(times.moments[0]))}" has no offset from UTC, and the times of the run have one',
            place=where(0),
            mend=f'write it as in the run, such as "{axis.stamp(0)}"',
        )


def _says_offset(style: Style) -> bool:
    return any(part[-1] in "zZ" for part in directives(style.pattern) if len(part) > 1)


def _require_same_step(grid: Grid, where: Callable[[int], Place]) -> None:
    """Raise DataError for rows that stand further apart than those of the run, whose step most of them had."""
    apart = np.concatenate([np.diff(index) for index in grid.index])
    common = int(np.bincount(apart).argmax()) if len(apart) > 1 else 1
    if common > 1:
        rows = next(rows for rows in grid.rows if len(rows) > 1)
        raise DataError(
            f"the rows are {common} steps of {grid.axis.step} apart, those of the run are one",
            place=where(int(rows[1])),
            mend=f"give rows at steps of {grid.axis.step}; a series of other steps needs a run of its own",
        )


def _require_in_order(records: Records, times: Times, where: Callable[[int], Place]) -> None:
    """Raise DataError for a part of the material, with a file of its own, that begins before the one before it ends."""
    part_of = np.array(records.split)
    last = -1
    for name in NAMES:
        rows = np.flatnonzero(part_of == name)
        if not len(rows):
            continue
        first = int(rows[np.argmin(times.moments[rows])])
        if last >= 0 and times.moments[first] <= times.moments[last]:
            stamps = [times.style.write(int(times.moments[row])) for row in (first, last)]
            raise DataError(
                f'the {name} split begins with "{stamps[0]}", before the {part_of[last]} split ends with "{stamps[1]}"',
                place=where(first),
                mend="split in time: train first, then valid, then test, and no time in two of them",
            )
        last = int(rows[np.argmax(times.moments[rows])])


def _name(series: str, target: str, layout: Layout) -> str:
    if not series:
        return target
    return series if len(layout.targets) == 1 else f"{series}, {target}"


def _classes(records: Records, name: str, missing: tuple[str, ...]) -> tuple[str, ...]:
    found = [word for word in names_of(records.column(name))[0] if word and word not in missing]
    if len(found) > MOST_CLASSES:
        raise DataError(
            f"holds {len(found):,} different names, too many to be told apart: {MOST_CLASSES} at most",
            place=Place(records.source, None, name),
            mend="leave it out of --input",
        )
    return tuple(in_order(found))


def _numeric(values: Sequence[Any], missing: tuple[str, ...]) -> bool:
    """Whether most values are numbers, by a sample from all over the column."""
    apart = max(1, len(values) // SAMPLE)
    present = [value for value in values[::apart] if not is_missing(value, missing)]
    present = present or [value for value in values if not is_missing(value, missing)]
    return sum(map(is_number, present)) >= MOSTLY * len(present)


def _lasting(panel: Panel) -> tuple[str, ...]:
    """The features known ahead that have one value in each series."""
    changing = np.zeros(len(panel.known_names), dtype=bool)
    for known in panel.known:
        changing |= np.nan_to_num(known, nan=-np.inf).max(0) > np.nan_to_num(known, nan=np.inf).min(0)
    return tuple(name for name, changes in zip(panel.known_names, changing, strict=True) if not changes)
