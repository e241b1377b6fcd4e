"""What ``throughtime inspect`` can look into: each gives plain values and the lines that say them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from throughtime.cli.output import print_table, progress
from throughtime.errors import UsageError

if TYPE_CHECKING:
    from throughtime.api.load import TrainedRun

Found = tuple[Any, Iterable[str]]
KEPT = 5  # explained answers in a report, the latest


def the_memory(
    run: str, use: Sequence[str] | None, data: str | None, tried: bool, epochs: int, quiet: bool, json: bool
) -> Found:
    """How far back it learns and what stands in its way; with ``tried`` what the advice is worth."""
    from throughtime.api import load
    from throughtime.api.again import prepared_again
    from throughtime.api.inspecting import keep, memory_of
    from throughtime.api.trying import advised, try_settings

    trained, told = load(run, use=use or ()), progress(quiet)
    told.note("reading the data of the run again")
    prepared = prepared_again(trained.run, data)
    told.note("looking into the network")
    found = memory_of(trained.model, prepared, trained.run)
    keep(trained.run, "memory", found.to_json())
    where = ["", f"report: {trained.run.report.path}"]
    settings = advised(prepared, found.findings)
    options = " ".join(f"--set {name}={value}" for name, value in settings.items())
    again = f"throughtime train --config {trained.run.config.path} --run NEW {options}"
    if not tried:
        return found.to_json(), [*str(found).splitlines(), *(["", f"to train so: {again}"] if settings else []), *where]
    if not settings:
        return found.to_json(), [
            *str(found).splitlines(),
            "",
            "there is nothing to try among the options of train",
            *where,
        ]
    if not json:
        print(f"{found}\n", flush=True)
    outcome = try_settings(prepared, settings, epochs=epochs, progress=told)
    keep(trained.run, "tried", outcome.to_json())
    return {**found.to_json(), "tried": outcome.to_json()}, [*outcome.lines(), f"to train so: {again}", *where]


@dataclass(frozen=True)
class Asked:
    """What is asked about: a ``text``; or of ``data`` the ``row`` of a number, from 1, or a ``series``.

    Of a forecaster it is the future of a series, after the last row that it knows or after ``data``.
    """

    text: str | None = None
    data: str | None = None
    row: int | None = None
    series: str | None = None

    @property
    def given(self) -> bool:
        return self.text is not None or self.row is not None or self.series is not None

    def of(self, trained: TrainedRun) -> str | dict[str, Any]:
        """As the run takes it."""
        if self.text is not None:
            return self.text
        if self.data is None and trained.task.name != "forecast":
            option = "--row" if self.series is None else "--series"
            raise UsageError(f"{option} goes with --data, the file or folder where it stands; give --data too")
        return trained.row(self.data, self.row, self.series)


def the_answer(run: str, use: Sequence[str] | None, asked: Asked, answer: str | None, at: int | None) -> Found:
    """Why it answers a text or a row so, or forecasts the future of a series so."""
    from throughtime.api import load
    from throughtime.api.inspecting import keep_among
    from throughtime.use.inspect.explain import forecast_lines, lines

    trained = load(run, use=use or ())
    where = ["", f"report: {trained.run.report.path}"]
    if asked.series is not None and trained.task.name == "forecast":
        if answer is not None:
            raise UsageError(f"--answer {answer}: a forecast is a number; leave it out")
        told = trained.explain_forecast(asked.series, step=at, data=asked.data)
        keep_among(trained.run, "forecasts", told.to_json(), KEPT)
        return told.to_json(), [*forecast_lines(told), *where]
    found = trained.explain(asked.of(trained), answer=answer, step=at)
    keep_among(trained.run, "explained", found.to_json(), KEPT)
    return found.to_json(), [*lines(found), *where]


def the_step(
    run: str, use: Sequence[str] | None, asked: Asked, step: int, layer: int, reverse: bool, unit: int | None
) -> Found:
    """One step of one unit in numbers."""
    from throughtime.api import load
    from throughtime.api.inspecting import keep

    trained = load(run, use=use or ())
    found = trained.step(asked.of(trained), step, layer=layer, reverse=reverse, unit=unit)
    keep(trained.run, "step", found.to_json())
    return found.to_json(), found.lines()


def the_quantities(run: str, use: Sequence[str] | None, asked: Asked, names: str) -> Found:
    """Named quantities at every step, ``{"text.l0.f": [[...], ...]}``."""
    from throughtime.api import load

    chosen = [] if names == "all" else [name.strip() for name in names.split(",")]
    trained = load(run, use=use or ())
    found = trained.record(asked.of(trained), chosen)
    return {name: values.tolist() for name, values in found.items()}, []


def the_units(run: str, use: Sequence[str] | None, find: Sequence[str], data: str | None, json: bool) -> Found:
    """Units of a language model that stand for something."""
    from throughtime.api import load
    from throughtime.api.inspecting import keep
    from throughtime.use.inspect.units.annotations import Annotation, annotators, pattern
    from throughtime.use.inspect.units.units_in_words import units_in_words

    if list(find) == ["list"]:
        known = [(name, entry.help) for name, entry in annotators.items()]
        if not json:
            print_table([("name", "what it marks"), *known])
        return dict(known), []
    named = [name for name in find if name in annotators]
    patterns = [name for name in find if name not in annotators]
    near = get_close_matches(patterns[0], [name for name, _ in annotators.items()]) if patterns else []
    if near:
        raise UsageError(f"--find {patterns[0]}: did you mean {near[0]}? --find list shows the names")
    trained = load(run, use=use or ())
    wanted: list[str | Annotation] = [*named, *(pattern(one) for one in patterns)]
    found = trained.units(wanted or None, data)
    keep(trained.run, "units", found.to_json())
    return found.to_json(), [*units_in_words(found), "", f"report: {trained.run.report.path}"]


def the_nan(run: str, use: Sequence[str] | None) -> Found:
    """Where the value came from that stopped training, and the steps before."""
    from throughtime.api import replay

    found = replay(run, use=use or ())
    return found.to_json(), found.lines()
