"""Material that is series: read, put on one axis of time, split in time; forecast and measured from every step."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from throughtime.api.forecaster import to_json
from throughtime.api.horizons import backtests_of, counted, span_of, with_context, with_horizon
from throughtime.api.prepared import Measured, Prepared, Say
from throughtime.api.settings import Settings, resolve
from throughtime.batch import Batch
from throughtime.cells.cell import form
from throughtime.data.files import read
from throughtime.data.records import Records, joined
from throughtime.data.series import recent
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.layout import layout_of
from throughtime.data.series.panel import Panel
from throughtime.data.series.periods import NAMES, Periods, given_periods, is_rows, periods_of
from throughtime.data.series.reading import Reader
from throughtime.data.series.scales import Scales
from throughtime.data.series.windows import WindowBatches, Windows, drawn
from throughtime.data.settings import DataSettings
from throughtime.data.splits import is_path
from throughtime.errors import DataError, UsageError, unknown
from throughtime.models.baselines import Answer, Material, baselines
from throughtime.models.baselines.forecasts import calibrated, scored
from throughtime.models.forecasting.build import build_forecaster, require_linear, tells_apart
from throughtime.models.forecasting.heads import ForecastHead
from throughtime.models.intervals import Calibration, in_two_halves, levels_for
from throughtime.models.linear_autoregression import Score, Unrolled
from throughtime.models.metrics import Metric, Outcome, metrics
from throughtime.models.model import Model, float_type
from throughtime.models.settings import ForecastSettings, refuse_idle
from throughtime.models.tasks import tasks
from throughtime.models.tasks.forecast import watched
from throughtime.settings import as_dict, declared
from throughtime.use.answering import measured
from throughtime.use.backtested import Told
from throughtime.use.forecasting import forecasts
from throughtime.use.going_on import next_steps
from throughtime.use.inspect.memory.context import Context, context_of_rows
from throughtime.use.sharing import BETWEEN, SHARES, worthy_share

EVALUATED = 4_000  # forecasts of valid that are made after each epoch
CONTEXT_ROWS = 256
SHOWN = 300  # steps before the future in the report
MOST_SHOWN = 50  # series there


@dataclass(frozen=True)
class PreparedForecast(Prepared):
    """``panel`` in the user's units, ``windows`` over it in deviations; what is asked of each split.

    ``forecast`` are the task's settings with horizon, context and normalisation as they were chosen, ``linear`` is what
    stands beside the network, None without it.
    """

    settings: Settings
    forecast: ForecastSettings
    source: str
    reader: Reader
    scales: Scales
    whole: Panel
    panel: Panel
    periods: Periods
    windows: Windows
    asked: Mapping[str, Backtest]
    linear: Unrolled | None
    notes: tuple[str, ...]

    task = tasks["forecast"]

    def with_settings(self, settings: Settings) -> PreparedForecast:
        return replace(self, settings=settings)

    def new_model(self) -> Model:
        settings = self.settings
        model = build_forecaster(
            len(self.windows.features),
            len(self.windows.ahead_features),
            len(self.windows.names) if tells_apart(self.forecast, self.windows.names) else 0,
            self.levels,
            settings.network,
            self.forecast,
            cell=form(settings.network.cell),
            execution=settings.machine.execution,
            generator=torch.Generator().manual_seed(settings.training.seed),
        )
        if self.linear is not None:
            assert isinstance(model.head, ForecastHead)
            model.head.linear.fit(self.linear)
        return model.to(float_type(settings.machine.precision))

    def watched_metric(self) -> str:
        return _watched(self.settings.training.metric, self.panel)

    def batches(self, epoch: int, start: int) -> WindowBatches:
        settings = self.settings.training
        return drawn(
            self.windows,
            self.asked["train"],
            batch_size=settings.batch_size,
            most=self.forecast.windows,
            seed=settings.seed,
            epoch=epoch,
            start=start,
        )

    def evaluated(self, device: torch.device, model: nn.Module) -> dict[str, float]:
        """All metrics and the mean loss; the ``share`` of the network that is best here stays in its head."""
        assert isinstance(model, Model) and isinstance(model.head, ForecastHead)
        asked = self.asked["valid"].at_most(EVALUATED)
        material, metric = self._material(asked), metrics[self.watched_metric()]
        model.head.share.fill_(0.0)
        plain = forecasts(model, self.windows, asked, device=device).point if self.linear is not None else None
        model.head.share.fill_(1.0)
        found = forecasts(model, self.windows, asked, device=device)
        if plain is not None:
            at_shares = self._at_shares(model, asked, device, plain, found.point)
            shares = {share: material.forecast(point) for share, point in at_shares}
            first_steps = self.panel.begins[asked.series] + asked.first
            best = worthy_share(shares, metric.name, first_steps, asked.series, asked.horizon)
            model.head.share.fill_(best)
            found = forecasts(model, self.windows, asked, device=device) if best < 1 else found
        quantiles = found.quantiles
        if quantiles is None and metric.name in ("pinball", "crps"):
            assert material.rolling is not None
            quantiles = in_two_halves(asked.truth, found.point, None, material.rolling.times, self.levels)
        return {**measured(material.forecast(found.point, quantiles, self.levels)), "loss": float(found.losses.mean())}

    def _at_shares(
        self, model: Model, asked: Backtest, device: torch.device, plain: np.ndarray, full: np.ndarray
    ) -> Iterator[tuple[float, np.ndarray]]:
        """The forecasts (N, H) with each share of the network; it forecasts anew where it goes on from its own."""
        assert isinstance(model.head, ForecastHead)
        if self.forecast.decoding == "direct":
            yield from ((share, plain + share * (full - plain)) for share in SHARES)
            return
        yield from ((0.0, plain), (1.0, full))
        model.head.share.fill_(BETWEEN)
        yield BETWEEN, forecasts(model, self.windows, asked, device=device).point

    @property
    def levels(self) -> tuple[float, ...]:
        """Of the quantiles that are said."""
        return levels_for(self.forecast.level)

    def _material(self, asked: Backtest) -> Material:
        return _material(asked, self.scales, self.panel, self.forecast)

    def beside(self, name: str, metric: Metric) -> Answer | None:
        train, valid, test = (self._material(self.asked[split]) for split in NAMES)
        return baselines[name](train, valid, test, metric.score)

    def measured(self, model: nn.Module, device: torch.device, best: Outcome | None) -> Measured:
        assert isinstance(model, Model)
        found = {name: forecasts(model, self.windows, self.asked[name], device=device) for name in ("valid", "test")}
        valid, test = (self._material(self.asked[name]) for name in ("valid", "test"))
        calibration, outcomes = calibrated(
            valid,
            found["valid"].point,
            found["valid"].quantiles,
            test,
            found["test"].point,
            found["test"].quantiles,
            levels=self.levels,
        )
        told = Told(self.panel, self.reader.axis, self.scales.of(self.panel), self.forecast)
        figures = told.figures(self.asked, outcomes["test"], best, self.watched_metric())
        last = recent.recent(self.whole, self.windows.context_length + 1)
        return Measured(
            measured(outcomes["valid"]),
            measured(outcomes["test"]),
            told.rows(self.asked["test"], outcomes["test"], best, found["test"].losses),
            {"forecast": {**figures, **self._share(model)}},
            forecast=to_json(calibration, last, self._future(model, calibration, device), self.forecast),
        )

    def _share(self, model: Model) -> dict[str, float]:
        """How much of what the network adds to its linear forecast counts."""
        assert isinstance(model.head, ForecastHead)
        return {} if self.linear is None else {"share": float(model.head.share)}

    def _future(self, model: Model, calibration: Calibration, device: torch.device) -> list[Mapping[str, Any]]:
        """The steps after the last one, of some series; none where what had to be known ahead is not given."""
        few = recent.recent(self.whole, SHOWN)
        few = few.select(range(min(len(few), MOST_SHOWN)))
        try:
            return list(
                next_steps(
                    model,
                    few,
                    self.windows,
                    self.scales.knowing(self.whole),
                    calibration,
                    self.forecast,
                    calendar=self.reader.calendar_width,
                    lasting=self.reader.lasting,
                    shown=SHOWN,
                    device=device,
                )
            )
        except DataError:
            return []

    def figures(self) -> dict[str, Any]:
        axis = self.reader.axis
        spans = {name: span_of(name, self.periods, self.panel) for name in NAMES}
        periods = {name: [axis.stamp(begin), axis.stamp(end - 1)] for name, (begin, end) in spans.items()}
        return {
            "source": self.source,
            "notes": list(self.notes),
            "rows": {name: len(self.asked[name]) for name in NAMES},
            "series": len(self.panel),
            "missing": {
                name: missing
                for name, values in zip(self.panel.names, self.panel.values, strict=True)
                if (missing := int(np.isnan(values).sum()))
            },
            "periods": periods,
            "digest": _digest(self.panel, self.asked, NAMES),
            "test_digest": _digest(self.panel, self.asked, ("test",)),
            "warnings": [],
        }

    def fields_json(self) -> dict[str, Any]:
        return {
            "inputs": [*self.reader.layout.past, *self.reader.layout.known],
            "output": ", ".join(self.reader.layout.targets),
            "fields": {},
            "series": {
                "reader": self.reader.to_json(),
                "scales": self.scales.to_json(),
                "names": list(self.windows.names),
                "marked": self.windows.marked,
                "task": as_dict(self.forecast),
            },
        }

    def place(self, batch: Batch, sample: int) -> str:
        asked = self.asked["train"]
        s = int(asked.series[sample])
        stamp = self.reader.axis.stamp(int(self.panel.begins[s] + asked.first[sample]))
        return f'{self.source}, series "{self.panel.names[s]}", the forecast from {stamp} on'

    def unseen(self, count: int) -> Batch:
        return self._spread_over_valid(count)

    def context(self, model: nn.Module) -> Context | None:
        assert isinstance(model, Model)
        return context_of_rows(model, self._spread_over_valid(CONTEXT_ROWS))

    def _spread_over_valid(self, count: int) -> Batch:
        asked = self.asked["valid"]
        return self.windows.batch(asked, np.unique(np.linspace(0, len(asked) - 1, count).round().astype(np.int64)))

    @property
    def window(self) -> tuple[str, int] | None:
        return "context_length", self.windows.context_length


def prepare_forecast(
    records: Records,
    settings: DataSettings,
    chosen: Mapping[str, object],
    tell: Say,
    notes: list[str],
    *,
    why: str = "",
) -> PreparedForecast:
    """Put on an axis, split in time, scale, and choose what is looked back on; every decision is told as it is made."""
    task = tasks["forecast"]
    idle = [setting.name for setting in declared(DataSettings) if setting.name in task.idle]
    refuse_idle(settings, idle, "series are neither rows by themselves nor texts")
    if why:
        tell(f"task: {task.name} ({task.shape}), because {why}")
    first = resolve(task, chosen)
    asked = first.task
    assert isinstance(asked, ForecastSettings)
    if first.training.init_from is not None:
        raise UsageError(f"--init-from {first.training.init_from}: a forecaster begins anew; leave it out")
    require_linear(asked)
    records = _with_parts(records, settings)
    for note in records.notes:
        tell(note)
    found = _placed(records, settings, asked, tell)
    reader, panel, train, periods = found.reader, found.panel, found.train, found.periods
    asked = with_horizon(asked, reader, periods, tell)
    assert asked.horizon is not None
    scales = Scales.fit(train, asked.season, reader.calendar_width)
    scaled = scales.scaled(panel)
    judge = partial(_judged, metrics[_watched(first.training.metric, panel)], scales, panel, asked)
    asked, linear = with_context(asked, scaled, periods, judge, tell)
    assert asked.context_length is not None
    assert asked.horizon is not None
    backtests = backtests_of(scaled, periods, asked)
    _tell_splits(backtests, periods, panel, reader, asked.horizon, tell)
    marked = any(bool(np.isnan(values).any()) for values in train.values)
    windows = Windows(scaled, asked.context_length, asked.horizon, asked.normalise, train.names, marked)  # type: ignore[arg-type]
    suited = {"batch_size": min(max(len(backtests["train"]) // 100, 8), 64)}
    resolved = resolve(task, chosen, suited)
    return PreparedForecast(
        resolved,
        asked,
        str(records.source),
        reader,
        scales,
        found.whole,
        panel,
        periods,
        windows,
        backtests,
        linear,
        tuple(notes),
    )


@dataclass(frozen=True)
class _Placed:
    """Rows on their axis: all of them, those of the series that are learnt, and what of these is there to learn."""

    reader: Reader
    whole: Panel
    panel: Panel
    train: Panel
    periods: Periods


def _placed(records: Records, settings: DataSettings, asked: ForecastSettings, tell: Say) -> _Placed:
    """Read, put on an axis and split in time; UsageError where no series has anything to learn from."""
    layout, said = layout_of(records, settings, asked.known)
    reader, read = Reader.fit(
        records,
        layout,
        settings.missing,
        calendar=asked.calendar,
        zone=asked.zone,
        step=asked.step,
        within=asked.within,
    )
    for note in (*said, *read.notes):
        tell(note)
    periods = periods_of(read.occupied, settings, given_periods(records, settings, read.at, layout.time))
    reader, whole, late_names = reader.learnt_from(records, read, periods.valid[0])
    for note in late_names:
        tell(note)
    panel = whole
    train = panel.until(periods.valid[0])
    if not len(train):
        raise UsageError("no series has a value before the validation split; mend --valid")
    if len(train) < len(panel):
        early = set(train.names)
        late = f"{len(panel) - len(train):,} of {len(panel):,} series begin after the training part"
        tell(f"{late}: they are neither learnt nor measured")
        panel = panel.select([s for s, name in enumerate(panel.names) if name in early])
    return _Placed(reader, whole, panel, train, periods)


def _watched(name: str, panel: Panel) -> str:
    """The metric by which is chosen; UsageError for one that does not measure forecasts."""
    if name == "auto":
        return watched(len(panel))
    known = [entry for entry, metric in metrics.items() if "forecasts" in metric.kinds and entry != "coverage"]
    if name not in known:
        raise unknown("metric for forecasts", name, known)
    return name


def _material(asked: Backtest, scales: Scales, panel: Panel, settings: ForecastSettings) -> Material:
    """What is asked of a panel in the user's units, as baselines see it."""
    return Material.of_backtest(asked, scales.of(panel), scales.errors_of(panel), settings.level, settings.measured)


def _judged(
    metric: Metric, scales: Scales, panel: Panel, settings: ForecastSettings, valid: Backtest
) -> tuple[Backtest, Score]:
    return scored(_material(valid, scales, panel, settings), metric.score)


def _tell_splits(
    backtests: Mapping[str, Backtest], periods: Periods, panel: Panel, reader: Reader, horizon: int, tell: Say
) -> None:
    """What is asked of each split, and of when; UsageError where that is nothing."""
    steps = counted(horizon, "step")
    for name in NAMES:
        if not len(backtests[name]):
            raise UsageError(
                f"the {name} split has nothing to forecast: no series has {steps} in it with a value among them; "
                "give more rows, or other splits with --valid and --test"
            )
        begin, end = span_of(name, periods, panel)
        stamps = f"{reader.axis.stamp(begin)} to {reader.axis.stamp(end - 1)}"
        tell(f"{name}: {stamps}, {counted(len(backtests[name]), 'forecast')} of {steps}")
    if short := len(panel) - len(np.unique(backtests["train"].series)):
        what = "1 series is" if short == 1 else f"{short:,} series are"
        tell(f"{what} too short in the training part for a context and {steps}: forecast, but not learnt from")


def _with_parts(records: Records, settings: DataSettings) -> Records:
    """With the rows of valid and test that stand in files of their own behind those of training."""
    values = {name: getattr(settings, name) for name in ("valid", "test")}
    parts = {
        name: read(value, settings) for name, value in values.items() if not is_rows(value) and is_path(name, value)
    }
    if not parts:
        return records
    if settings.split is not None or records.split is not None:
        raise UsageError("--valid and --test name files, and the rows say train or test too; leave one out")
    return joined({"train": records, **parts}, records.source)


def _digest(panel: Panel, asked: Mapping[str, Backtest], names: tuple[str, ...]) -> str:
    """Equal for equal values that are asked about, from equal origins over an equal horizon."""
    found = hashlib.sha256()
    for name in panel.names:
        found.update(name.encode("utf-8", "surrogatepass") + b"\0")
    for values in panel.values if "train" in names else ():
        found.update(np.ascontiguousarray(values).tobytes())
    for name in names:
        test = asked[name]
        found.update(np.stack([test.series, test.first]).tobytes() + str(test.horizon).encode())
        if "train" not in names:
            found.update(np.concatenate([panel.values[s] for s in np.unique(test.series)]).tobytes())
    return found.hexdigest()
