"""Chosen units and an annotation on both halves: figures, what a constant and what chance give, lines to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from throughtime.use.inspect.units.agreement import Figures, counts, f1, line, number_figures, r_squared, yes_no_figures
from throughtime.use.inspect.units.annotations import Annotation
from throughtime.use.inspect.units.excerpt import excerpt
from throughtime.use.inspect.units.found_units import AnnotationFound, FoundUnit
from throughtime.use.inspect.units.passages import Half
from throughtime.use.inspect.units.reading_states import Unit
from throughtime.use.inspect.units.searching import Search

QUARTERS = (1, 2, 3)  # by which an annotation is moved in time, to see what chance gives


def moved(truth: np.ndarray, quarter: int) -> np.ndarray:
    """The annotation some quarters of the half later; what leaves at the end comes in at the beginning."""
    return np.roll(truth, len(truth) * quarter // 4)


def measured(
    annotation: Annotation,
    pair: tuple[Half, Half],
    searches: Sequence[Search],
    units: Sequence[Unit],
    values: Mapping[int, tuple[np.ndarray, np.ndarray]],
    best: int,
) -> AnnotationFound:
    """The best units of a search, and what chance gives; ``searches`` are for the annotation as it is, and moved.

    ``values`` are those of each unit that is needed, (n,) of either half.
    """
    first, second = (half.truth(annotation.name) for half in pair)
    found = [_read_as(units[k], searches[0], k, values[k], (first, second)) for k in searches[0].best(best)]
    by_chance: list[float] = []
    for quarter, search in zip(QUARTERS, searches[1:], strict=True):
        [k] = search.best(1)
        met = _read_as(units[k], search, k, values[k], (moved(first, quarter), moved(second, quarter)))
        by_chance.append(met.agreement)
    middle = 0.5 if annotation.kind == "yes/no" else float(first.mean())
    at_first, held_out = values[searches[0].best(1)[0]]
    centre = found[0].threshold if found[0].threshold is not None else float(at_first.mean())
    return AnnotationFound(
        annotation.name,
        annotation.kind,
        annotation.help,
        _typical(second),
        _constant(first, second),
        max(by_chance),
        tuple(found),
        excerpt(pair[1], annotation.name, held_out, middle, centre),
    )


def _read_as(
    unit: Unit, search: Search, k: int, values: tuple[np.ndarray, np.ndarray], truths: tuple[np.ndarray, np.ndarray]
) -> FoundUnit:
    """A unit with its threshold, or with the line that was fitted on the first half, measured on both."""
    sign = int(search.sign[k])
    where = (unit.name, unit.layer, unit.state, unit.number, sign)
    if truths[0].dtype == bool:
        threshold = float(search.threshold[k])
        chosen, held_out = (yes_no_figures(*half, threshold, sign) for half in zip(values, truths, strict=True))
        return FoundUnit(*where, threshold, None, None, chosen, held_out)
    slope, intercept = line(values[0], truths[0])
    chosen, held_out = (number_figures(*half, slope, intercept) for half in zip(values, truths, strict=True))
    return FoundUnit(*where, None, slope, intercept, chosen, held_out)


def _typical(truth: np.ndarray) -> Figures:
    if truth.dtype == bool:
        return {"share": float(truth.mean())}
    return {"mean": float(truth.mean()), "deviation": float(truth.std())}


def _constant(first: np.ndarray, second: np.ndarray) -> Figures:
    """What the best constant answer reaches: always yes (for F1), or the mean of the first half."""
    if first.dtype == bool:
        return {"matthews": 0.0, "f1": f1(*counts(np.ones_like(second), second)), "auc": 0.5}
    return {"pearson": 0.0, "spearman": 0.0, "r_squared": r_squared(np.full(len(second), first.mean()), second)}
