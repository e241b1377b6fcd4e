"""A forecast explained: what every step before it, and all that is known ahead, gave to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from throughtime.batch import Batch
from throughtime.data.scaling import Scaling
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.windows import AHEAD, PAST, PLACE, Windows
from throughtime.models.encoders import steps_of
from throughtime.models.forecasting.heads import ForecastHead
from throughtime.models.forecasting.reading import PastReader
from throughtime.models.model import Model
from throughtime.use.forecasting import forecasts
from throughtime.use.inspect.explain.attribution import Attribution, integrated_gradients
from throughtime.use.inspect.explain.exact import in_float64
from throughtime.use.inspect.explain.leaving_out import in_parts
from throughtime.use.inspect.explain.over_time import OverTime, over_time, recorded
from throughtime.use.predictions import plain_numbers

CALENDAR = "calendar"
LEVELS = {"last": "last value", "mean": "mean of the window", "standard": "mean of the window"}
Where = Literal["before", "ahead", "all"]


@dataclass(frozen=True)
class Part:
    """What one column gave to a forecast, in the unit of the data, a number a step ``(T,)``.

    ``where`` says whether these are the steps ``before`` the forecast or those ``ahead``, whose ``times`` stand beside;
    or it is one number for ``all`` of them. ``values (T,)`` are the column's own, NaN where one is missing, as far as
    it holds numbers.
    """

    column: str
    where: Where
    times: tuple[str, ...]
    given: np.ndarray
    values: np.ndarray | None = None

    @property
    def name(self) -> str:
        return self.column if self.where == "all" else f"{self.column}, {self.where}"

    @property
    def total(self) -> float:
        return float(self.given.sum())


@dataclass(frozen=True)
class ExplainedForecast:
    """Why a network forecasts this ``value`` for the moment ``time``, which is ``step``, from 0, of what lies ahead.

    Where futures are drawn and their mean is what is predicted, ``drawn`` is that mean, and ``value`` the one future
    that goes on from what is expected of each step; else ``drawn`` is None.
    ``linear`` is what the linear path alone says, None where there is none. ``attribution`` accounts for the forecast
    in the unit of the data: what all ``parts`` gave adds up to how far it lies from the forecast, had the series stayed
    at the mean of its training part and all that goes along at its own. The first part are the values of the series
    itself, and ``without (T,)`` is the forecast were one of them missing. ``over_time`` are gates and states while they
    are read.
    """

    series: str
    time: str
    step: int
    horizon: int
    value: float
    drawn: float | None
    linear: float | None
    attribution: Attribution
    parts: tuple[Part, ...]
    without: np.ndarray
    over_time: tuple[OverTime, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, as inspection.json keeps them and the report shows them."""
        found = self.attribution
        return {
            "series": self.series,
            "time": self.time,
            "step": self.step,
            "horizon": self.horizon,
            "value": self.value,
            "drawn": self.drawn,
            "linear": self.linear,
            "score": {
                "value": found.score,
                "baseline": found.baseline,
                "gap": found.gap,
                "complete": found.complete,
                "points": found.points,
            },
            "parts": [
                {
                    "column": part.column,
                    "where": part.where,
                    "name": part.name,
                    "total": part.total,
                    "times": list(part.times),
                    "given": part.given.tolist(),
                    "values": None if part.values is None else plain_numbers(part.values),
                }
                for part in self.parts
            ],
            "without": self.without.tolist(),
            "over_time": [line.to_json() for line in self.over_time],
        }


@dataclass(frozen=True)
class _Columns:
    """Those of what one encoder reads that are one thing to a person."""

    column: str
    where: Where
    encoder: int
    numbers: tuple[int, ...]


def explain_forecast(
    model: Model, windows: Windows, asked: Backtest, step: int, *, scaling: Scaling, target: str, calendar: int
) -> ExplainedForecast:
    """Explain step ``step`` (from 0) of the only forecast that is asked for, over the scaled panel of ``windows``.

    ``scaling`` is that of its series, ``target`` what its values are called, and the first ``calendar`` columns of what
    is known ahead are the calendar's. Integrated gradients go from a series that stays at its mean to the one that is;
    which series it is stays, how far ahead a step is, which values there are, and what the window was divided by.
    """
    batch = windows.batch(asked, np.zeros(1, dtype=np.int64))
    exact = in_float64(model)
    groups = _groups(model, windows, target, calendar)
    attribution = _attributed(exact, batch, groups, step)
    head = exact.head
    assert isinstance(head, ForecastHead) and windows.panel.axis is not None
    linear = None
    if bool(head.linear.weights.any()):
        linear = scaling.unscale(attribution.score - _added(exact, batch, step))
    steps = int(steps_of(batch[PAST]))
    first, horizon = int(asked.first[0]), windows.horizon
    begin = int(windows.panel.begins[asked.series[0]])
    stamps = [windows.panel.axis.stamp(begin + k) for k in range(first - steps, first + horizon)]
    times: dict[Where, list[str]] = {"before": stamps[:steps], "ahead": stamps[steps:], "all": [""]}
    given = attribution.in_units(scaling.deviation, scaling.mean)
    own = windows.panel.values[asked.series[0]][first - steps : first]
    parts = tuple(
        Part(
            group.column,
            group.where,
            tuple(times[group.where]),
            one[: len(times[group.where])],
            scaling.unscale(own) if group.column == target and group.where == "before" else None,
        )
        for group, one in zip(groups, given.inputs, strict=True)
    )
    return ExplainedForecast(
        series=windows.panel.names[asked.series[0]],
        time=stamps[steps + step],
        step=step,
        horizon=horizon,
        value=scaling.unscale(attribution.score),
        drawn=_drawn(model, windows, asked, step, scaling),
        linear=linear,
        attribution=given,
        parts=parts,
        without=scaling.unscale(_without_each(exact, windows, asked, steps, step)),
        over_time=tuple(_over_time(exact, batch)),
    )


def _groups(model: Model, windows: Windows, target: str, calendar: int) -> list[_Columns]:
    """What is read, by what a person calls it: the series first, what goes along with it, what is ahead, the level."""
    planned = [_column(name) for name in windows.panel.known_names[calendar:]]
    past = [_column(name) for name in windows.panel.past_names]
    turns = CALENDAR if CALENDAR not in (target, *planned, *past) else f"{CALENDAR} of the times"
    known = [turns] * calendar + planned
    along = past + known
    own = 2 if windows.marked else 1
    assert len(windows.features) == own + len(along) and len(windows.ahead_features) == 1 + len(known)
    found = [_Columns(target, "before", model.inputs.index(PAST), (0,))]
    found += _named(along, "before", model.inputs.index(PAST), own)
    found += _named(known, "ahead", model.inputs.index(AHEAD), 1)
    if windows.normalise in LEVELS:
        found.append(_Columns(LEVELS[windows.normalise], "all", model.inputs.index(PLACE), (0,)))
    return found


def _column(name: str) -> str:
    """A category has a column for each of its values: ``colour=red``."""
    return name.partition("=")[0]


def _named(names: Sequence[str], where: Where, encoder: int, begin: int) -> list[_Columns]:
    return [
        _Columns(name, where, encoder, tuple(begin + k for k, other in enumerate(names) if other == name))
        for name in dict.fromkeys(names)
    ]


def _attributed(exact: Model, batch: Batch, groups: Sequence[_Columns], step: int) -> Attribution:
    """What each step of each group gave to the forecast of a step, in deviations."""
    lengths = [steps_of(batch[name]) for name in exact.inputs]
    with torch.no_grad():
        whole = [x[0] for x in exact.vectors(batch)]

    def score(points: Sequence[Tensor]) -> Tensor:
        rows = len(points[0])
        vectors = [x.expand(rows, *x.shape).clone() for x in whole]
        for group, point in zip(groups, points, strict=True):
            vectors[group.encoder][..., list(group.numbers)] = point
        output = exact.over(vectors, [length.expand(rows) for length in lengths])
        return exact.head.score(output, 0, step)

    return integrated_gradients(score, [whole[group.encoder][:, list(group.numbers)] for group in groups])


@torch.no_grad()
def _added(exact: Model, batch: Batch, step: int) -> float:
    """What the network adds to the linear forecast of a step, in deviations."""
    head = exact.head
    assert isinstance(head, ForecastHead)
    share, begun = head.share.clone(), exact(batch)
    whole = head.score(begun, 0, step)
    head.share.zero_()
    linear = head.score(begun, 0, step)
    head.share.copy_(share)
    return float(whole - linear)


def _drawn(model: Model, windows: Windows, asked: Backtest, step: int, scaling: Scaling) -> float | None:
    """The mean of the futures that are drawn, where any are."""
    head = model.head
    assert isinstance(head, ForecastHead)
    if not head.draws:
        return None
    device = next(model.parameters()).device
    return float(scaling.unscale(forecasts(model, windows, asked, device=device).point[0, step]))


@torch.no_grad()
def _without_each(exact: Model, windows: Windows, asked: Backtest, steps: int, step: int) -> np.ndarray:
    """The forecast of a step (T,) were each of the last values missing, so that the one before it stands for it."""
    panel = windows.panel.select([int(asked.series[0])])
    first = int(asked.first[0])
    found = [np.zeros(0)]
    for some in in_parts(range(first - steps, first)):
        values = np.repeat(panel.values[0][None], len(some), 0)
        values[np.arange(len(some)), list(some)] = np.nan
        many = replace(panel.select([0] * len(some)), values=tuple(values))
        each = Backtest(many, np.arange(len(some)), np.full(len(some), first, dtype=np.int64), windows.horizon)
        batch = replace(windows, panel=many).batch(each, np.arange(len(some)))
        found.append(exact.head.score(exact(batch), 0, step).double().numpy())
    return np.concatenate(found)


def _over_time(exact: Model, batch: Batch) -> list[OverTime]:
    """What the recurrent layers did over the steps before."""
    k = exact.inputs.index(PAST)
    reader = exact.encoders[k]
    assert isinstance(reader, PastReader)
    with torch.no_grad():
        vectors = exact.vectors(batch)[k][0, : int(steps_of(batch[PAST]))]
        return over_time(reader.recurrent.graph, recorded(reader.recurrent, reader.entering(vectors)))
