"""The last steps of a run's series, kept with it: the future goes on from them, and so do new rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from throughtime.data.series.panel import Panel
from throughtime.data.times.axis import Axis


def recent(panel: Panel, steps: int) -> Panel:
    """The last so many steps of each series, and all that is known ahead of them.

    >>> recent(Panel.of_values([np.arange(5.0)]), 2).values[0].tolist()
    [3.0, 4.0]
    """
    cuts = np.maximum(panel.steps - steps, 0).tolist()
    return replace(
        panel,
        begins=panel.begins + np.array(cuts, dtype=np.int64),
        values=tuple(values[cut:] for values, cut in zip(panel.values, cuts, strict=True)),
        past=tuple(past[cut:] for past, cut in zip(panel.past, cuts, strict=True)),
        known=tuple(known[cut:] for known, cut in zip(panel.known, cuts, strict=True)),
    )


def going_on(before: Panel, new: Panel) -> Panel:
    """The series of ``new``, each with what was there ``before`` its first step in front; steps between are missing.

    >>> one = Panel.of_values([np.array([1.0, 2.0])])
    >>> two = replace(Panel.of_values([np.array([5.0])]), begins=np.array([3]))
    >>> going_on(one, two).values[0].tolist()
    [1.0, 2.0, nan, 5.0]
    """
    numbers = {name: s for s, name in enumerate(before.names)}
    parts = [_joined(before, numbers[name], new, s) if name in numbers else None for s, name in enumerate(new.names)]
    begins, values, pasts, knowns = [], [], [], []
    for s, part in enumerate(parts):
        begin, value, past, known = part or (int(new.begins[s]), new.values[s], new.past[s], new.known[s])
        begins.append(begin)
        values.append(value)
        pasts.append(past)
        knowns.append(known)
    return replace(
        new, begins=np.array(begins, dtype=np.int64), values=tuple(values), past=tuple(pasts), known=tuple(knowns)
    )


def _joined(before: Panel, old: int, new: Panel, s: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray] | None:
    """None where nothing of the old series lies before the new rows."""
    begin, first = int(before.begins[old]), int(new.begins[s])
    if begin >= first:
        return None
    steps = first - begin

    def put(old_part: np.ndarray, new_part: np.ndarray) -> np.ndarray:
        front = np.full((steps, *old_part.shape[1:]), np.nan)
        kept = min(steps, len(old_part))
        front[:kept] = old_part[:kept]
        return np.concatenate([front, new_part])

    return (
        begin,
        put(before.values[old], new.values[s]),
        put(before.past[old], new.past[s]),
        put(before.known[old], new.known[s]),
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
