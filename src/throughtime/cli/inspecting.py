"""What ``throughtime inspect`` can look into: each gives plain values and the lines that say them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from throughtime.cli.output import print_table, progress
from throughtime.errors import UsageError

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


def the_answer(run: str, use: Sequence[str] | None, text: str, answer: str | None, at: int | None) -> Found:
    """Why it answers a text so."""
    from throughtime.api import load
    from throughtime.api.inspecting import keep_among
    from throughtime.use.inspect.explain import lines

    trained = load(run, use=use or ())
    found = trained.explain(text, answer=answer, step=at)
    keep_among(trained.run, "explained", found.to_json(), KEPT)
    return found.to_json(), [*lines(found), "", f"report: {trained.run.report.path}"]


def the_forecast(run: str, use: Sequence[str] | None, series: str | None, at: int | None, data: str | None) -> Found:
    """Why it forecasts the future of a series so."""
    from throughtime.api import load
    from throughtime.api.inspecting import keep_among
    from throughtime.use.inspect.explain import forecast_lines

    trained = load(run, use=use or ())
    found = trained.explain_forecast(series, step=at, data=data)
    keep_among(trained.run, "forecasts", found.to_json(), KEPT)
    return found.to_json(), [*forecast_lines(found), "", f"report: {trained.run.report.path}"]


def the_step(
    run: str, use: Sequence[str] | None, text: str, step: int, layer: int, reverse: bool, unit: int | None
) -> Found:
    """One step of one unit in numbers."""
    from throughtime.api import load
    from throughtime.api.inspecting import keep

    trained = load(run, use=use or ())
    found = trained.step(text, step, layer=layer, reverse=reverse, unit=unit)
    keep(trained.run, "step", found.to_json())
    return found.to_json(), found.lines()


def the_quantities(run: str, use: Sequence[str] | None, text: str, names: str) -> Found:
    """Named quantities at every step, ``{"text.l0.f": [[...], ...]}``."""
    from throughtime.api import load

    chosen = [] if names == "all" else [name.strip() for name in names.split(",")]
    found = load(run, use=use or ()).record(text, chosen)
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
