"""A finished forecaster, ready for use: the future after its last rows, or after new ones; a backtest on other data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from throughtime.api.prepared import Say
from throughtime.api.rebuilt import forecast_settings
from throughtime.data.files import read
from throughtime.data.records import Records
from throughtime.data.series import recent
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.future import after_the_last, ahead_of, with_lasting
from throughtime.data.series.panel import Panel
from throughtime.data.series.reading import Reader
from throughtime.data.series.scales import Scales
from throughtime.data.series.windows import Windows
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place, UsageError, unknown
from throughtime.models.baselines import Material
from throughtime.models.intervals import Calibration
from throughtime.models.model import Model
from throughtime.models.settings import ForecastSettings
from throughtime.training.runs import Run
from throughtime.use.answering import measured
from throughtime.use.forecasting import forecasts
from throughtime.use.going_on import next_steps
from throughtime.use.inspect.explain import ExplainedForecast, explain_forecast

FEWEST = 3  # values of a new series, by which it is scaled
BEGUN = 10  # of its first values, by which it is scaled where it is measured


@dataclass(frozen=True)
class Forecaster:
    """What a run keeps beside its weights: how rows are read and scaled, its last steps, how sure it is."""

    reader: Reader
    scales: Scales
    names: tuple[str, ...]
    marked: bool
    last: Panel
    calibration: Calibration
    settings: ForecastSettings
    data: DataSettings

    @classmethod
    def of(cls, run: Run, data: DataSettings) -> Forecaster:
        """As the run's files have it."""
        kept, found = run.fields.read()["series"], run.forecast.read()
        reader = Reader.from_json(kept["reader"])
        return cls(
            reader,
            Scales.from_json(kept["scales"]),
            tuple(kept["names"]),
            kept["marked"],
            recent.from_json(found["recent"], reader.axis),
            Calibration.from_json(found["calibration"]),
            forecast_settings(kept),
            data,
        )

    def windows(self, panel: Panel) -> Windows:
        """Over a panel in the units of the data."""
        settings = self.settings
        assert settings.context_length is not None and settings.horizon is not None
        return Windows(
            self.scales.scaled(panel),
            settings.context_length,
            settings.horizon,
            settings.normalise,  # type: ignore[arg-type]
            self.names,
            self.marked,
        )

    def predict(self, model: Model, data: Any, device: torch.device, tell: Say | None = None) -> list[dict[str, Any]]:
        """What comes after the last row of each series: of the run's own rows, or of ``data``, which go on from them.

        Rows that the run knows already may be given again, where rows have times; what is given counts. Without times
        all rows are new. Raises UsageError and DataError for rows that do not fit the run.
        """
        panel, scales, source = self._before(data, tell)
        with _in_file(source):
            return list(
                next_steps(
                    model,
                    panel,
                    replace(self, scales=scales).windows(panel),
                    scales,
                    self.calibration,
                    self.settings,
                    calendar=self.reader.calendar_width,
                    lasting=self.reader.lasting,
                    device=device,
                )
            )

    def explain(self, model: Model, series: str | None, step: int | None, data: Any) -> ExplainedForecast:
        """Why the future of a series is forecast so, which may be left out where there is one; by default the last step
        of the horizon. ``data`` as in :meth:`predict`.

        Raises UsageError for a series or a step that there is not.
        """
        horizon = self.settings.horizon
        assert horizon is not None
        step = horizon - 1 if step is None else step
        if not 0 <= step < horizon:
            raise UsageError(f"step {step}: the steps 0 to {horizon - 1} are forecast")
        panel, scales, source = self._before(data)
        if series is None and len(panel) > 1:
            some = ", ".join(panel.names[:5])
            raise UsageError(f"there are {len(panel):,} series, such as {some}; name one of them")
        if series is not None and series not in panel.names:
            raise unknown("series", series, panel.names)
        panel = panel.select([0 if series is None else panel.names.index(series)])
        with _in_file(source):
            whole = ahead_of(panel, horizon, self.reader.calendar_width, self.reader.lasting)
        windows = replace(self, scales=scales).windows(whole)
        targets = self.reader.layout.targets
        return explain_forecast(
            model,
            windows,
            after_the_last(windows.panel, horizon),
            step,
            scaling=scales.of(panel)[0],
            target=targets[0] if len(targets) == 1 else panel.names[0],
            calendar=self.reader.calendar_width,
        )

    def _before(self, data: Any, tell: Say | None = None) -> tuple[Panel, Scales, str | None]:
        """The last steps of what is forecast, in the units of the data, what they are scaled by, and the file that
        ``data`` came from. A step more than is read is kept: what stands before the first."""
        source, panel = None, self.last
        if data is not None:
            records = self._read(data, ahead=True)
            source = records.source
            panel = recent.going_on(self.last, self._given(records, tell, ahead=True))
            panel = with_lasting(panel, self.reader.lasting)
        _require_values(panel, self.scales, source)
        return recent.recent(panel, (self.settings.context_length or 1) + 1), self.scales.knowing(panel), source

    def evaluate(
        self,
        model: Model,
        data: Any,
        device: torch.device,
        done: Callable[[int], None] | None = None,
        tell: Say | None = None,
    ) -> dict[str, float]:
        """All metrics over every forecast that can be made within ``data``, the run's last steps in front of it.

        A series that training did not have is scaled by its first values, as many as a context has and 10 at least, or
        the first half of a shorter one; forecasts of it are measured from there on.
        """
        given = self._given(self._read(data), tell)
        panel = with_lasting(recent.going_on(self.last, given), self.reader.lasting)
        scales, looked = self.scales.with_begun(panel, max(self.settings.context_length or 1, BEGUN))
        windows = replace(self, scales=scales).windows(panel)
        assert self.settings.horizon is not None
        asked = Backtest.over(
            windows.panel, int(given.begins.min()), int(np.iinfo(np.int64).max // 2), self.settings.horizon
        )
        known = {name: int(begin) for name, begin in zip(given.names, given.begins, strict=True)}
        begins = np.array([known[name] for name in panel.names])
        new = panel.begins[asked.series] + asked.first >= begins[asked.series]
        asked = asked.select(np.flatnonzero(new & (asked.first >= looked[asked.series])))
        if not len(asked):
            raise UsageError(
                f"there is nothing to measure: no series has {self.settings.horizon} steps with a value behind its "
                "first one; give more rows"
            )
        found = forecasts(model, windows, asked, device=device, done=done)
        material = Material.of_backtest(
            asked, scales.of(panel), scales.errors_of(panel), self.settings.level, self.settings.measured
        )
        quantiles = self.calibration.apply(found.point, found.quantiles)
        return measured(material.forecast(found.point, quantiles, self.calibration.levels))

    def _given(self, records: Records, tell: Say | None, *, ahead: bool = False) -> Panel:
        """What rows say, and what is odd about them told; where they have no times, they follow the run's own."""
        read = self.reader.read(records, ahead=ahead)
        new = [name for name in read.panel.names if name not in self.scales.series]
        for note in (*read.notes, *([_new_series(new)] if new else [])):
            if tell is not None:
                tell(note)
        return recent.behind(self.last, read.panel) if self.reader.layout.time is None else read.panel

    def _read(self, data: Any, *, ahead: bool = False) -> Records:
        """Rows with all columns; with ``ahead`` a plan may leave out what is not known yet, and all what never changes.

        What is left out is missing in every row.
        """
        records, layout = read(data, self.data), self.reader.layout
        absent = [column for column in layout.columns if column not in records.columns]
        if ahead:
            plan = bool(layout.known) and not set(layout.targets) & set(records.columns)
            lasting = {name.partition("=")[0] for name in self.reader.lasting}
            free = lasting | ({*layout.targets, *layout.past} if plan else set())
            absent = [column for column in absent if column not in free - {*layout.series, layout.time}]
        for column in absent:
            records.column(column)  # says that it is not there
        left_out = {name: [None] * len(records) for name in layout.columns if name not in records.columns}
        return replace(records, columns={**records.columns, **left_out}) if left_out else records


@contextmanager
def _in_file(source: str | None) -> Iterator[None]:
    """Where something is missing is known here."""
    try:
        yield
    except DataError as error:
        raise DataError(error.problem, place=replace(error.place, file=source), mend=error.mend) from None


def _new_series(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f'the series "{names[0]}" is not known from training: it is scaled by its own values'
    return f'{len(names):,} series, such as "{names[0]}", are not known from training: each is scaled by its own values'


def _require_values(panel: Panel, scales: Scales, source: str | None) -> None:
    """Raise DataError for a series of which nothing, or of a new one too little, is known to go on from."""
    for name, values in zip(panel.names, panel.values, strict=True):
        known = int(np.count_nonzero(~np.isnan(values)))
        if not known:
            raise DataError(
                f'the series "{name}" is not known from training, and no row of it has a value to go on from',
                place=Place(source),
                mend="give its last rows too, or correct its name",
            )
        if name not in scales.series and known < FEWEST:
            count = "one value" if known == 1 else f"{known} values"
            raise DataError(
                f'the series "{name}" is not known from training, and {count} of it '
                f"{'does' if known == 1 else 'do'} not tell how far it moves",
                place=Place(source),
                mend=f"give at least {FEWEST} of its last rows, or correct its name",
            )


def to_json(
    calibration: Calibration, last: Panel, rows: list[Mapping[str, Any]], settings: ForecastSettings
) -> dict[str, Any]:
    """What forecast.json keeps."""
    return {
        "horizon": settings.horizon,
        "level": settings.level,
        "step": "" if last.axis is None else str(last.axis.step),
        "rows": list(rows),
        "calibration": calibration.to_json(),
        "recent": recent.to_json(last),
    }
