"""An explained forecast as lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from throughtime.use.inspect.explain.forecast import ExplainedForecast, Part
from throughtime.use.inspect.explain.lines import MOST, curve
from throughtime.use.stamps import shown


def forecast_lines(explained: ExplainedForecast) -> list[str]:
    """The forecast, what each column gave to it, what each value gave and the forecast without it, gates and states."""
    own = explained.parts[0]
    said = remarks(explained.to_json(), lambda value: f"{value:.6g}")
    found = [_heading(explained), *said, "", "given by each, in the data's unit"]
    parts = sorted(explained.parts, key=lambda part: -abs(part.total))
    wide = max(len(part.name) for part in parts)
    found += [f"  {part.name:<{wide}}  {part.total:+10.5g}  {_most(part)}".rstrip() for part in parts]
    found += ["", f"{own.name}: the value, what it gave, and the forecast were it missing", *_steps(explained)]
    if explained.over_time:
        found += ["", "gates (mean over the units) and lengths of states, over the steps before"]
        found += [curve(own.column, line) for line in explained.over_time]
    return found


def _heading(explained: ExplainedForecast) -> str:
    which = f"step {explained.step} of 0 to {explained.horizon - 1}"
    return f"{explained.series}, {shown(explained.time)} ({which}): {explained.value:.6g}"


def remarks(found: Mapping[str, Any], figure: Callable[[float], str]) -> Iterator[str]:
    """What there is to say of it as a whole; ``found`` as :meth:`ExplainedForecast.to_json` gives it."""
    score = found["score"]
    if found["drawn"] is not None:
        yield (
            f"predicted is the mean of futures that are drawn, {figure(found['drawn'])}; what is explained is the one "
            "that goes on from what it expects"
        )
    if found["linear"] is not None:
        added = _signed(score["value"] - found["linear"], figure)
        yield f"the linear forecast says {figure(found['linear'])}, and the network adds {added}"
    gap = f"complete to {score['gap']:.1e} ({score['points']} points)"
    if not score["complete"]:
        gap = f"NOT complete: {score['gap']:.1e} is missing after {score['points']} points"
    yield (
        f"had the series stayed at its mean, and all else too, the forecast would be {figure(score['baseline'])}; what "
        f"all below gave adds up to the difference, {_signed(score['value'] - score['baseline'], figure)}: {gap}"
    )


def _signed(value: float, figure: Callable[[float], str]) -> str:
    return f"+{figure(value)}" if value >= 0 else figure(value)


def _most(part: Part) -> str:
    """Which of its steps gave most."""
    if part.where == "all" or len(part.given) < 2 or not part.given.any():
        return ""
    k = int(np.abs(part.given).argmax())
    return f"most at {shown(part.times[k])}: {part.given[k]:+.4g}"


def _steps(explained: ExplainedForecast) -> Iterator[str]:
    """In their order; of many, those that gave most."""
    own = explained.parts[0]
    assert own.values is not None
    steps = np.arange(len(own.given))
    if len(steps) > MOST:
        yield f"  (of {len(steps):,} the {MOST} that gave most, for more or for less)"
        steps = np.sort(np.argsort(-np.abs(own.given), kind="stable")[:MOST])
    wide = max((len(shown(own.times[k])) for k in steps.tolist()), default=0)
    for k in steps.tolist():
        value = "missing" if np.isnan(own.values[k]) else f"{own.values[k]:.6g}"
        yield (
            f"  {shown(own.times[k]):<{wide}}  {value:>10}  {own.given[k]:+10.5g}  "
            f"{explained.value:.6g} -> {explained.without[k]:.6g}"
        )
