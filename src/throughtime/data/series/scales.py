"""Scaling of a panel: each series by its own training part, what goes along by that of all series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from throughtime.data.scaling import Scaling
from throughtime.data.series.panel import Panel

AS_IT_IS = Scaling(0.0, 1.0)


@dataclass(frozen=True)
class Scales:
    """``series`` by name; ``past`` and ``known`` by column. ``errors`` are what the naive forecast, ``season`` steps
    ago, is wrong by on average in the training part, in the units of the series (NaN where that has no two values)."""

    series: Mapping[str, Scaling]
    errors: Mapping[str, float]
    season: int
    past: tuple[Scaling, ...]
    known: tuple[Scaling, ...]

    @classmethod
    def fit(cls, train: Panel, season: int, calendar: int) -> Scales:
        """Fitted on what was there in the training part alone; the first ``calendar`` known columns stay as they are.

        >>> found = Scales.fit(Panel.of_values([np.array([1.0, 3.0, 1.0])]), 1, 0)
        >>> found.series["1"].mean, found.errors["1"]
        (1.6666666666666665, 2.0)
        """
        series = {name: _fitted(values) for name, values in zip(train.names, train.values, strict=True)}
        errors = {name: naive_error(values, season) for name, values in zip(train.names, train.values, strict=True)}
        known = [part[: len(values)] for part, values in zip(train.known, train.values, strict=True)]
        scalings = _columns(known)
        return cls(series, errors, season, _columns(train.past), (*[AS_IT_IS] * calendar, *scalings[calendar:]))

    def of(self, panel: Panel) -> list[Scaling]:
        """The scaling of each series of a panel; a series that training did not have is scaled by its own values."""
        return [
            self.series.get(name) or _fitted(values) for name, values in zip(panel.names, panel.values, strict=True)
        ]

    def errors_of(self, panel: Panel) -> np.ndarray:
        """The error of the naive forecast for each series (S,), in the units of the series."""
        errors = self.knowing(panel).errors
        return np.array([errors.get(name, np.nan) for name in panel.names])

    def knowing(self, panel: Panel) -> Scales:
        """The same scales, and those of the series that training did not have by all their values."""
        new = {name: values for name, values in zip(panel.names, panel.values, strict=True) if name not in self.series}
        return self._with(new)

    def with_begun(self, panel: Panel, steps: int) -> tuple[Scales, np.ndarray]:
        """The same scales, and those of the series that training did not have by their first ``steps`` values; and how
        many steps of each series (S,) were looked at for that: no forecast of them may be judged.

        Of a series that is shorter than twice that, it is the first half.

        >>> known = Scales({}, {}, 1, (), ())
        >>> found, looked = known.with_begun(Panel.of_values([np.array([1.0, 3.0, 100.0, 200.0])]), 10)
        >>> found.series["1"].mean, looked.tolist()
        (2.0, [2])
        """
        looked = np.array(
            [
                0 if name in self.series else min(steps, int(count) // 2)
                for name, count in zip(panel.names, panel.steps, strict=True)
            ]
        )
        new = np.flatnonzero(looked)
        return self._with({panel.names[s]: panel.values[s][: looked[s]] for s in new.tolist()}), looked

    def _with(self, new: Mapping[str, np.ndarray]) -> Scales:
        there = {name: values for name, values in new.items() if not np.isnan(values).all()}
        series = {name: _fitted(values) for name, values in there.items()}
        errors = {name: naive_error(values, self.season) for name, values in there.items()}
        return replace(self, series={**self.series, **series}, errors={**self.errors, **errors})

    def scaled(self, panel: Panel) -> Panel:
        """The same panel, in deviations from the mean; what is missing of ``past`` and ``known`` becomes the mean."""
        scalings = self.of(panel)
        return replace(
            panel,
            values=tuple(one.scale(values) for one, values in zip(scalings, panel.values, strict=True)),
            past=tuple(_scaled(part, self.past) for part in panel.past),
            known=tuple(_scaled(part, self.known) for part in panel.known),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "series": {name: one.to_json() for name, one in self.series.items()},
            "errors": {name: None if np.isnan(error) else error for name, error in self.errors.items()},
            "season": self.season,
            "past": [one.to_json() for one in self.past],
            "known": [one.to_json() for one in self.known],
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Scales:
        return cls(
            {name: Scaling.from_json(one) for name, one in saved["series"].items()},
            {name: np.nan if error is None else error for name, error in saved["errors"].items()},
            saved["season"],
            tuple(map(Scaling.from_json, saved["past"])),
            tuple(map(Scaling.from_json, saved["known"])),
        )


def naive_error(values: np.ndarray, season: int) -> float:
    """The mean of |y_t - y_(t - season)| over all t at which both are there; NaN where there are none.

    >>> naive_error(np.array([1.0, 2.0, np.nan, 5.0, 4.0]), 1)
    1.0
    """
    apart = np.abs(values[season:] - values[:-season]) if len(values) > season else np.zeros(0)
    apart = apart[~np.isnan(apart)]
    return float(apart.mean()) if len(apart) else float("nan")


def _fitted(values: np.ndarray) -> Scaling:
    return Scaling.fit(values[~np.isnan(values)])


def _columns(parts: tuple[np.ndarray, ...] | list[np.ndarray]) -> tuple[Scaling, ...]:
    whole = np.concatenate(list(parts))
    present = [column[~np.isnan(column)] for column in whole.T]
    return tuple(Scaling.fit(column) if len(column) else AS_IT_IS for column in present)


def _scaled(part: np.ndarray, scalings: tuple[Scaling, ...]) -> np.ndarray:
    if not scalings:
        return part
    means, deviations = (np.array([getattr(one, name) for one in scalings]) for name in ("mean", "deviation"))
    return np.nan_to_num((part - means) / deviations)
