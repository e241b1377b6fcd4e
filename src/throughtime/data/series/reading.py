"""From rows to a panel: what is fitted once on the rows of a run, and kept with it, so that new rows fit in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from throughtime.data.records import Records
from throughtime.data.series.layout import Layout
from throughtime.data.series.panel import Panel
from throughtime.data.times.axis import Axis
from throughtime.data.times.grid import Grid, grid_of, spread
from throughtime.data.times.stamps import Times, times_of
from throughtime.data.values import class_name, in_order, is_missing, is_number, number
from throughtime.errors import DataError, Place

MOST_CLASSES = 50
MOSTLY = 0.9


@dataclass(frozen=True)
class Read:
    """A panel; the step of the axis at which each row stands ``(N,)``; and what was found on the way, in sentences."""

    panel: Panel
    at: np.ndarray
    notes: tuple[str, ...]

    @property
    def occupied(self) -> np.ndarray:
        """The steps of the axis at which rows stand, each once, in order."""
        return np.unique(self.at)


@dataclass(frozen=True)
class Reader:
    """Reads rows in this layout. ``classes`` hold, for columns of names among the inputs, those that are known; each
    of them is one number, 0 or 1. ``axis`` is the grid of the rows that it was fitted on."""

    layout: Layout
    classes: Mapping[str, tuple[str, ...]]
    axis: Axis
    calendar: bool
    missing: tuple[str, ...]
    zone: str | None
    step: str
    within: str

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
        times, grid = _gridded(records, layout, zone, step, within, None)
        reader = cls(layout, classes, grid.axis, calendar, missing, zone, step, within)
        return reader, reader._read(records, times, grid)

    def read(self, records: Records) -> Read:
        """Other rows on the same axis. Raises DataError for rows that do not belong to it."""
        times, grid = _gridded(records, self.layout, self.zone, self.step, self.within, self.axis)
        return self._read(records, times, grid)

    def _read(self, records: Records, times: Times, grid: Grid) -> Read:
        panel, notes = self._panel(records, grid)
        at = np.zeros(len(records), dtype=np.int64)
        for begin, rows, index in zip(grid.begins, grid.rows, grid.index, strict=True):
            at[rows] = begin + index
        return Read(panel, at, (*times.notes, *grid.notes, *notes))

    def past_names(self) -> tuple[str, ...]:
        return tuple(name for column in self.layout.past for name in self._features(column))

    def known_names(self) -> tuple[str, ...]:
        calendar = self.axis.calendar_names if self.calendar else ()
        return (*calendar, *(name for column in self.layout.known for name in self._features(column)))

    def _features(self, column: str) -> tuple[str, ...]:
        return tuple(f"{column}={name}" for name in self.classes[column]) if column in self.classes else (column,)

    def _panel(self, records: Records, grid: Grid) -> tuple[Panel, tuple[str, ...]]:
        targets = {name: self._numbers(records, name) for name in self.layout.targets}
        past, known = self._covariates(records, self.layout.past), self._covariates(records, self.layout.known)
        names, begins, values, pasts, knowns = [], [], [], [], []
        left_out = []
        for s, series in enumerate(series_names(records, self.layout)):
            rows, steps = grid.rows[s], grid.steps[s]

            def gathered(of: np.ndarray, rows: np.ndarray = rows, s: int = s, steps: int = steps) -> np.ndarray:
                return spread(of[rows], grid.index[s], steps, self.within)

            aside, ahead = gathered(past), gathered(known)
            for target, column in targets.items():
                found = gathered(column[:, None])[:, 0]
                there = np.flatnonzero(~np.isnan(found))
                name = _name(series, target, self.layout)
                if not len(there):
                    left_out.append(name)
                    continue
                first, end = int(there[0]), int(there[-1]) + 1
                begin = int(grid.begins[s]) + first
                dates = self.axis.calendar(begin, steps - first) if self.calendar else np.zeros((steps - first, 0))
                names.append(name)
                begins.append(begin)
                values.append(found[first:end])
                pasts.append(aside[first:end])
                knowns.append(np.concatenate([dates, ahead[first:]], 1))
        if not names:
            raise DataError(
                "no row has a value to forecast",
                place=Place(records.source, None, self.layout.targets[0]),
                mend="fill in the column, or choose another --output",
            )
        panel = Panel(
            self.axis,
            tuple(names),
            np.array(begins, dtype=np.int64),
            tuple(values),
            tuple(pasts),
            tuple(knowns),
            self.past_names(),
            self.known_names(),
        )
        return panel, tuple(_said(panel, left_out))

    def _numbers(self, records: Records, name: str) -> np.ndarray:
        """(N,) float64, NaN where a number is missing; DataError, with the row, for what is none."""
        values = records.column(name)
        return _floats(values, self.missing, lambda i: records.where(i, name))

    def _covariates(self, records: Records, columns: Sequence[str]) -> np.ndarray:
        """(N, features), NaN where a value is missing."""
        found = [np.zeros((len(records), 0))]
        for name in columns:
            if name not in self.classes:
                found.append(self._numbers(records, name)[:, None])
                continue
            numbers = {known: k for k, known in enumerate(self.classes[name])}
            one = np.zeros((len(records), len(numbers)))
            for i, value in enumerate(records.column(name)):
                if is_missing(value, self.missing):
                    one[i] = np.nan
                elif class_name(value) in numbers:
                    one[i, numbers[class_name(value)]] = 1
                else:
                    raise DataError(
                        f'"{class_name(value)}" is not among the values of training ({", ".join(list(numbers)[:8])})',
                        place=records.where(i, name),
                        mend="correct it, or leave the cell empty",
                    )
            found.append(one)
        return np.concatenate(found, 1)

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
        )


def series_names(records: Records, layout: Layout) -> list[str]:
    """The names of the series, in the order in which they first stand; one without a name where rows tell none."""
    return list(_rows_by_series(records, layout))


def _rows_by_series(records: Records, layout: Layout) -> dict[str, np.ndarray]:
    if not layout.series:
        return {"": np.arange(len(records))}
    columns = [list(map(class_name, records.column(name))) for name in layout.series]
    names = columns[0] if len(columns) == 1 else [", ".join(parts) for parts in zip(*columns, strict=True)]
    for i, name in enumerate(names):
        if not name.strip(", "):
            raise DataError(
                "the name of the series is missing", place=records.where(i, layout.series[0]), mend="fill it in"
            )
    order: dict[str, int] = {}
    codes = np.array([order.setdefault(name, len(order)) for name in names])
    sorted_rows = np.argsort(codes, kind="stable")
    cuts = np.cumsum(np.bincount(codes))[:-1]
    return dict(zip(order, np.split(sorted_rows, cuts), strict=True))


def _gridded(
    records: Records, layout: Layout, zone: str | None, step: str, within: str, axis: Axis | None
) -> tuple[Times, Grid]:
    rows, style = _rows_by_series(records, layout), None if axis is None else axis.style
    if layout.time is None:
        counted = np.empty(len(records), dtype=np.int64)
        for of in rows.values():
            counted[of] = np.arange(len(of))
        times = times_of(counted.tolist(), lambda i: records.where(i), zone, style)
    else:
        times = times_of(records.column(layout.time), lambda i: records.where(i, layout.time), zone, style)
    where = lambda i: records.where(i, layout.time)  # noqa: E731
    return times, grid_of(times, rows, where, step=step, within=within, axis=axis)


def _name(series: str, target: str, layout: Layout) -> str:
    if not series:
        return target
    return series if len(layout.targets) == 1 else f"{series}, {target}"


def _classes(records: Records, name: str, missing: tuple[str, ...]) -> tuple[str, ...]:
    found = {class_name(value) for value in records.column(name) if not is_missing(value, missing)}
    if not found or len(found) > MOST_CLASSES:
        what = "holds no value" if not found else f"holds {len(found):,} different names, too many to be told apart"
        raise DataError(what, place=Place(records.source, None, name), mend="leave it out of --input")
    return tuple(in_order(list(found)))


def _numeric(values: Sequence[Any], missing: tuple[str, ...]) -> bool:
    present = [value for value in values if not is_missing(value, missing)]
    return sum(map(is_number, present)) >= MOSTLY * len(present)


def _floats(values: Sequence[Any], missing: tuple[str, ...], where: Any) -> np.ndarray:
    """(N,), NaN where a value is missing; a number such as -999 may be said to mean that."""
    try:
        found = np.array([np.nan if value is None or value == "" else value for value in values], dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        found = None
    if found is None or np.isinf(found).any():
        found = np.array(
            [np.nan if is_missing(one, missing) else number(one, where(i), missing) for i, one in enumerate(values)],
            dtype=np.float64,
        )
    found[np.isin(found, [float(word) for word in missing if is_number(word)])] = np.nan
    return found


def _said(panel: Panel, left_out: Sequence[str]) -> list[str]:
    said = []
    holes = sum(int(np.isnan(values).sum()) for values in panel.values)
    total = int(panel.steps.sum())
    if holes:
        verb = "value is" if holes == 1 else "values are"
        said.append(
            f"{holes:,} of {total:,} {verb} missing: the last one before is read in its place, none is learnt or "
            "measured there"
        )
    constant = [name for name, values in zip(panel.names, panel.values, strict=True) if _constant(values)]
    if constant:
        one = f'the series "{constant[0]}" is' if len(constant) == 1 else f"{len(constant):,} series are"
        said.append(f"{one} constant: always the same value" + ("" if len(constant) == 1 else f', as "{constant[0]}"'))
    if left_out:
        one = f'"{left_out[0]}" has' if len(left_out) == 1 else f"{len(left_out):,} series have"
        said.append(f"{one} no value at all and left out")
    if len(panel) > 1:
        steps = panel.steps
        said.append(f"{len(panel):,} series of {int(steps.min()):,} to {int(steps.max()):,} steps")
    return said


def _constant(values: np.ndarray) -> bool:
    return float(np.nanmin(values)) == float(np.nanmax(values))
