"""The last steps of a run's series, kept with it: the future goes on from them, and so do new rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from throughtime.data.series.panel import Panel
from throughtime.data.times.axis import Axis

MOST_AHEAD = 100_000  # steps behind the last value of a series of which something may be given


def recent(panel: Panel, steps: int) -> Panel:
    """The last so many steps of each series, and all that is known ahead of them.

    Where a value is missing at the first of them, the last one before it is kept too, which stands for it.

    >>> recent(Panel.of_values([np.arange(5.0)]), 2).values[0].tolist()
    [3.0, 4.0]
    >>> recent(Panel.of_values([np.array([1.0, 2.0, np.nan, 4.0])]), 2).values[0].tolist()
    [2.0, nan, 4.0]
    """
    cuts = [_known_before(values, max(len(values) - steps, 0)) for values in panel.values]
    return replace(
        panel,
        begins=panel.begins + np.array(cuts, dtype=np.int64),
        values=tuple(values[cut:] for values, cut in zip(panel.values, cuts, strict=True)),
        past=tuple(past[cut:] for past, cut in zip(panel.past, cuts, strict=True)),
        known=tuple(known[cut:] for known, cut in zip(panel.known, cuts, strict=True)),
    )


def _known_before(values: np.ndarray, step: int) -> int:
    """The last step with a value, up to this one; series begin with one."""
    while step > 0 and np.isnan(values[step]):
        step -= 1
    return step


def going_on(before: Panel, new: Panel) -> Panel:
    """The series of ``new``, each with what was there ``before`` it in front; steps between are missing.

    What is given counts, and what is not given of a step is as it was before. A series of ``new`` without a value, of
    which only what is known ahead is given, ends where it did before.

    >>> one = Panel.of_values([np.array([1.0, 2.0])])
    >>> two = replace(Panel.of_values([np.array([5.0])]), begins=np.array([3]))
    >>> going_on(one, two).values[0].tolist()
    [1.0, 2.0, nan, 5.0]
    """
    numbers = {name: s for s, name in enumerate(before.names)}
    parts = [
        _joined(before, numbers[name], new, s) if name in numbers else _alone(new, s)
        for s, name in enumerate(new.names)
    ]
    begins, values, pasts, knowns = zip(*parts, strict=True)
    return replace(new, begins=np.array(begins, dtype=np.int64), values=values, past=pasts, known=knowns)


def behind(before: Panel, new: Panel) -> Panel:
    """Where rows have no times: they come after all that was there ``before`` of their series.

    >>> behind(Panel.of_values([np.array([1.0, 2.0])]), Panel.of_values([np.array([5.0])])).begins.tolist()
    [2]
    """
    ends = dict(zip(before.names, (before.begins + before.steps).tolist(), strict=True))
    begins = [ends.get(name, 0) + begin for name, begin in zip(new.names, new.begins.tolist(), strict=True)]
    return replace(new, begins=np.array(begins, dtype=np.int64))


Part = tuple[int, np.ndarray, np.ndarray, np.ndarray]


def _alone(new: Panel, s: int) -> Part:
    return int(new.begins[s]), new.values[s], new.past[s], new.known[s]


def _joined(before: Panel, old: int, new: Panel, s: int) -> Part:
    """From the old series' first step on, or from that of the new rows, where these begin earlier or far later."""
    was, first = int(before.begins[old]), int(new.begins[s])
    steps, given = int(before.steps[old]), len(new.values[s])
    if given and (first <= was or first - was - steps > steps):
        return _alone(new, s)  # the old rows lie within the new ones, or further back than is looked
    end = first + given if given else was + steps
    far = not given and first - was - steps > MOST_AHEAD
    last = end if far else max(end, first + len(new.known[s]), was + len(before.known[old]))

    def over(old_part: np.ndarray, new_part: np.ndarray, until: int) -> np.ndarray:
        found = np.full((until - was, *old_part.shape[1:]), np.nan)
        kept = old_part[: until - was]
        found[: len(kept)] = kept
        begin = max(first - was, 0)
        put = new_part[begin - (first - was) :][: max(until - was - begin, 0)]
        found[begin : begin + len(put)] = np.where(np.isnan(put), found[begin : begin + len(put)], put)
        return found

    return (
        was,
        over(before.values[old], new.values[s], end),
        over(before.past[old], new.past[s], end),
        over(before.known[old], new.known[s], last),
    )


def to_json(panel: Panel) -> dict[str, Any]:
    """Plain JSON, None for NaN; without the axis, which the reader keeps."""
    return {
        "names": list(panel.names),
        "begins": panel.begins.tolist(),
        **{name: [_plain(part) for part in getattr(panel, name)] for name in ("values", "past", "known")},
        "past_names": list(panel.past_names),
        "known_names": list(panel.known_names),
    }


def from_json(saved: Mapping[str, Any], axis: Axis) -> Panel:
    widths = {"values": None, "past": len(saved["past_names"]), "known": len(saved["known_names"])}
    parts = {name: tuple(_array(part, width) for part in saved[name]) for name, width in widths.items()}
    begins = np.array(saved["begins"], dtype=np.int64)
    names = tuple(saved["past_names"]), tuple(saved["known_names"])
    return Panel(axis, tuple(saved["names"]), begins, parts["values"], parts["past"], parts["known"], *names)


def _plain(part: np.ndarray) -> list[Any]:
    plain = part.astype(object)
    plain[np.isnan(part)] = None
    return list(plain.tolist())


def _array(part: list[Any], width: int | None) -> np.ndarray:
    found = np.array(part, dtype=np.float64)
    return found if width is None else found.reshape(len(part), width)
