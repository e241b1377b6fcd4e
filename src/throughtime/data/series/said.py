"""What is to be said of a panel: what is missing, what never changes, how many series of which length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.data.series.panel import Panel

ONE_VALUE = "of one value only, from which nothing is learnt"


def said_of(panel: Panel, left_out: Sequence[str]) -> list[str]:
    """Sentences on what a person should know of a panel; of the series that were ``left_out`` nothing is there."""
    said = []
    holes = sum(int(np.isnan(values).sum()) for values in panel.values)
    total = int(panel.steps.sum())
    if holes:
        said.append(
            f"{holes:,} of {total:,} values {_is(holes)} missing: the last one before is read in its place, none is "
            "learnt or measured there"
        )
    for columns, parts in ((panel.past_names, panel.past), (panel.known_names, panel.known)):
        said += _missing_beside(columns, [part[: len(one)] for part, one in zip(parts, panel.values, strict=True)])
    several = [(name, values) for name, values in zip(panel.names, panel.values, strict=True) if len(values) > 1]
    constant = [name for name, values in several if np.nanmin(values) == np.nanmax(values)]
    for names, what in (
        (constant, "constant: always the same value"),
        ([name for name, values in zip(panel.names, panel.values, strict=True) if len(values) == 1], ONE_VALUE),
        (left_out, "left out: no value to forecast stands there"),
    ):
        if len(names) == 1:
            said.append(f'the series "{names[0]}" is {what}')
        elif names:
            said.append(f'{len(names):,} series are {what}, such as "{names[0]}"')
    if len(panel) > 1:
        least, most = int(panel.steps.min()), int(panel.steps.max())
        said.append(f"{len(panel):,} series of {least:,}" + (f" to {most:,}" if most > least else "") + " steps")
    return said


def _missing_beside(names: Sequence[str], parts: Sequence[np.ndarray]) -> list[str]:
    """How many values are missing of each column that goes along, (T_s, K) for each series."""
    missing = sum((np.isnan(part).sum(0) for part in parts), np.zeros(len(names), dtype=np.int64))
    total, said = sum(map(len, parts)), {}
    for name, count in zip(names, missing.tolist(), strict=True):
        if count:
            said[name.partition("=")[0]] = count
    return [
        f'column "{name}": {count:,} of {total:,} values {_is(count)} missing: what is usual in training is read there'
        for name, count in said.items()
    ]


def stand(names: Sequence[str]) -> str:
    """So many names with their verb.

    >>> stand(["a"]), stand(["a", "b", "c", "d"])
    ('"a" stands', '4 names, such as "a", stand')
    """
    return f'"{names[0]}" stands' if len(names) == 1 else f'{len(names):,} names, such as "{names[0]}", stand'


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
