"""A panel: series of numbers on one axis of time, with what goes along with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from throughtime.data.times.axis import Axis


@dataclass(frozen=True)
class Panel:
    """S series, each with one value a step and no step left out; NaN where a value is missing.

    Series s begins at step ``begins[s]`` of the axis. Its ``values[s] (T_s,)`` begin and end with a number;
    ``past[s] (T_s, P)`` go along with them and are known only as far as they are, ``known[s] (T_s + A_s, K)`` are
    known A_s steps ahead: the calendar, what was planned, what never changes. All are float64.

    >>> one = Panel.of_values([np.array([1.0, np.nan, 3.0])])
    >>> one.filled[0].tolist(), len(one), one.steps.tolist()
    ([1.0, 1.0, 3.0], 1, [3])
    """

    axis: Axis | None
    names: tuple[str, ...]
    begins: np.ndarray
    values: tuple[np.ndarray, ...]
    past: tuple[np.ndarray, ...]
    known: tuple[np.ndarray, ...]
    past_names: tuple[str, ...] = ()
    known_names: tuple[str, ...] = ()

    @classmethod
    def of_values(cls, values: Sequence[np.ndarray], known: Sequence[np.ndarray] | None = None) -> Panel:
        """Series without dates, and with no other covariates than these, if any."""
        nothing = tuple(np.zeros((len(one), 0)) for one in values)
        ahead = nothing if known is None else tuple(known)
        names = tuple(str(k + 1) for k in range(len(values)))
        known_names = tuple(f"known {k + 1}" for k in range(ahead[0].shape[1]))
        begins = np.zeros(len(values), dtype=np.int64)
        return cls(None, names, begins, tuple(values), nothing, ahead, (), known_names)

    def __post_init__(self) -> None:
        assert len(self.names) == len(self.begins) == len(self.values) == len(self.past) == len(self.known)
        for values, past, known in zip(self.values, self.past, self.known, strict=True):
            assert len(past) == len(values) <= len(known), (len(past), len(values), len(known))

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def steps(self) -> np.ndarray:
        """How many steps each series has (S,)."""
        return np.array([len(one) for one in self.values], dtype=np.int64)

    @cached_property
    def filled(self) -> tuple[np.ndarray, ...]:
        """The values, the last one carried over what is missing: what a forecaster may know at each step."""
        return tuple(carried_forward(one) for one in self.values)

    def select(self, chosen: Sequence[int]) -> Panel:
        """Some of the series, by number."""
        return replace(
            self,
            names=tuple(self.names[s] for s in chosen),
            begins=self.begins[list(chosen)],
            values=tuple(self.values[s] for s in chosen),
            past=tuple(self.past[s] for s in chosen),
            known=tuple(self.known[s] for s in chosen),
        )

    def until(self, step: int) -> Panel:
        """What was there before this step of the axis; what is known ahead stays known."""
        kept = self.select([s for s in range(len(self)) if self.begins[s] < step])
        ends = np.minimum(kept.steps, step - kept.begins).tolist()
        return replace(
            kept,
            values=tuple(values[:end] for values, end in zip(kept.values, ends, strict=True)),
            past=tuple(past[:end] for past, end in zip(kept.past, ends, strict=True)),
        )


def carried_forward(values: np.ndarray) -> np.ndarray:
    """Each missing value (NaN) becomes the last one before it; those before the first one become the first one.

    >>> carried_forward(np.array([np.nan, 2.0, np.nan])).tolist()
    [2.0, 2.0, 2.0]
    """
    there = ~np.isnan(values)
    if there.all():
        return values
    last = np.maximum.accumulate(np.where(there, np.arange(len(values)), -1))
    return values[np.where(last < 0, int(there.argmax()), last)]
