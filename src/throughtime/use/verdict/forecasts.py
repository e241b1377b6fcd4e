"""What else is to be said of forecasts: how wide their intervals are, and where they fail."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from throughtime.use.stamps import said

OFF = 0.05  # from what an interval should hold to what it holds; further apart it is called too wide or too narrow
GROWTH = 2.0  # of the error from the first step to the last
WORSE = 2.0  # the error of a stretch of time, of what is usual
FEWEST_STRETCHES = 5
FEWEST_FORECASTS = 8  # of which the share within an interval says anything about it
MOST_FAILURES = 2  # that are spoken of; the report has them all
Figures = Mapping[str, Any]


def how_it_fares(metrics: Figures) -> str:
    """One sentence on the intervals and on where forecasts fail; empty where nothing is to be said.

    >>> steps = {"mae": [0.1, 0.2, 0.3], "baseline_mae": [0.2, 0.3, 0.4]}
    >>> how_it_fares({"test": {"coverage": 0.66}, "forecast": {"level": 0.8, "by_horizon": steps}})
    'Of the truths only 66 % lie within the 80 % interval: it is too narrow; errors grow from 0.1 at the first step to \
0.3 at the last.'
    """
    sentence = "; ".join(part for part in (how_wide(metrics), *where_it_fails(metrics)[:MOST_FAILURES]) if part)
    sentence = f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""
    return " ".join(part for part in (who_answers(metrics), who_is_left_out(metrics), sentence) if part)


def who_answers(metrics: Figures) -> str:
    """A sentence where the linear forecast within the network answers alone; empty where it does not.

    >>> who_answers({"forecast": {"share": 0.0}})[:40], who_answers({"forecast": {"share": 0.4}})
    ('The linear forecast within it answers al', '')
    """
    if (metrics.get("forecast") or {}).get("share") != 0.0:
        return ""
    return (
        "The linear forecast within it answers alone: what the network adds to that was not surely better on the "
        "validation split."
    )


def who_is_left_out(metrics: Figures) -> str:
    """A sentence where the metric says nothing of some forecasts; empty where it counts them all.

    >>> who_is_left_out({"forecast": {"unscaled": 14}})
    '14 of the forecasts do not count: their series never moved in training, so that there is nothing to scale by.'
    """
    count = (metrics.get("forecast") or {}).get("unscaled")
    if not count:
        return ""
    does, whose = ("does", "its") if count == 1 else ("do", "their")
    never = "never moved in training, so that there is nothing to scale by"
    return f"{count:,} of the forecasts {does} not count: {whose} series {never}."


def how_wide(metrics: Figures) -> str:
    """The share of the truths within the interval, beside the share that should be; empty where it is not known."""
    told = metrics.get("forecast") or {}
    level, found = told.get("level"), metrics["test"].get("coverage")
    if level is None or found is None:
        return ""
    within = f"{100 * found:.0f} % lie within the {100 * level:.4g} % interval"
    if (told.get("origins") or {}).get("test", FEWEST_FORECASTS) < FEWEST_FORECASTS:
        return f"of the truths {within}"
    if found < level - OFF - 1e-9:
        return f"of the truths only {within}: it is too narrow"
    return f"of the truths {within}" + (": it is too wide" if found > level + OFF + 1e-9 else "")


def where_it_fails(metrics: Figures) -> list[str]:
    """What is striking: steps or series where the baseline is better, a stretch of time that is hard, errors that grow.

    >>> where_it_fails({"forecast": {"by_horizon": {"mae": [0.1, 0.15, 0.4], "baseline_mae": [0.2, 0.2, 0.3]}}})
    ['up to step 2 the network is better, from there on the baseline', 'errors grow from 0.1 at the first step to 0.4 \
at the last']
    """
    told = metrics.get("forecast") or {}
    steps = told.get("by_horizon") or {}
    return [part for part in (_change(steps), _behind(told), _hard(told), _growing(steps)) if part]


def _change(steps: Figures) -> str:
    """Where the better one changes, if it does so once on the way from the near steps to the far ones."""
    ours, theirs = _known(steps, "mae"), _known(steps, "baseline_mae")
    ahead = [a <= b for a, b in zip(ours, theirs, strict=False)]
    changes = [step for step in range(1, len(ahead)) if ahead[step] != ahead[step - 1]]
    if len(changes) != 1:
        return ""
    near, far = ("baseline", "network") if ahead[-1] else ("network", "baseline")
    return f"up to step {changes[0]:,} the {near} is better, from there on the {far}"


def _behind(told: Figures) -> str:
    """Of several series, those on which the baseline is better."""
    rows = [row for row in told.get("by_series") or () if None not in (row.get("mae"), row.get("baseline_mae"))]
    behind = [row for row in rows if row["mae"] > row["baseline_mae"]]
    if len(rows) < 2 or not behind:
        return ""
    worst = max(behind, key=lambda row: row["mae"] / row["baseline_mae"] if row["baseline_mae"] else 0.0)
    most = f"most on “{worst['series']}” ({worst['mae']:.3g}, the baseline {worst['baseline_mae']:.3g})"
    listed = "series" if told.get("series") in (None, len(rows)) else "series with the largest errors"
    return f"on {len(behind)} of {len(rows)} {listed} the baseline is better, {most}"


def _hard(told: Figures) -> str:
    """Of stretches of time as long as a horizon at least: in shorter ones, single steps are hard for all forecasts."""
    dates, step = told.get("by_date") or {}, told.get("step")
    pairs = zip(dates.get("mae") or (), dates.get("dates") or (), strict=False)
    known = [(mae, when) for mae, when in pairs if mae is not None]
    steps = (told.get("origins") or {}).get("test", 0) / (told.get("series") or 1)
    if len(known) < FEWEST_STRETCHES or steps < len(known) * (told.get("horizon") or 1):
        return ""
    worst, usual = max(known, key=lambda pair: pair[0]), median(mae for mae, _ in known)
    if worst[0] < WORSE * usual or not usual:
        return ""
    begin = said(worst[1], step)
    return f"the hardest stretch of test time begins at {begin}: {worst[0]:.3g}, where {usual:.3g} is usual"


def _growing(steps: Figures) -> str:
    ours = _known(steps, "mae")
    if len(ours) < 2 or ours[-1] < GROWTH * ours[0]:
        return ""
    return f"errors grow from {ours[0]:.3g} at the first step to {ours[-1]:.3g} at the last"


def _known(figures: Figures, name: str) -> list[float]:
    found = figures.get(name) or ()
    return [] if any(value is None for value in found) else list(found)
