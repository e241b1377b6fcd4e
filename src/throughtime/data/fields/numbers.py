"""Numbers a step: a measurement, or several, at every step of a sequence, scaled to mean 0 and deviation 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from throughtime.batch import Sequences
from throughtime.data.fields.field import Where, fields
from throughtime.data.fields.steps import padded, step_values
from throughtime.data.scaling import Scaling
from throughtime.data.settings import DataSettings
from throughtime.data.values import number
from throughtime.errors import DataError, Place


@fields.named("numbers")
@dataclass(frozen=True)
class Numbers:
    """A column whose rows are lists of numbers, or of lists of ``size`` numbers, which are scaled one by one.

    As output it holds one number a step. ``channels`` name what each of several numbers measures, where that is known.

    >>> field = Numbers.fit("heat", [[1, 3], "2"], lambda i: Place(row=i), DataSettings())
    >>> field.encode([2.0], Place()).tolist(), field.decode([0.0])
    ([[0.0]], [2.0])
    """

    kind: ClassVar[str] = "numbers"
    stepwise: ClassVar[bool] = True
    column: str
    scalings: tuple[Scaling, ...]
    max_length: int | None = None
    missing: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def size(self) -> int:
        """Numbers a step."""
        return len(self.scalings)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Numbers:
        parts = [_array(value, where(i), settings.missing) for i, value in enumerate(values)]
        sizes = {part.shape[1] for part in parts if len(part)}
        if not sizes:
            place = Place(where(0).file if values else None, None, column)
            raise DataError("no row has a number", place=place, mend="fill in the column or leave it out with --input")
        size = min(sizes)
        if len(sizes) > 1:
            odd = next(i for i, part in enumerate(parts) if len(part) and part.shape[1] != size)
            found = f"{_counted(parts[odd].shape[1])} a step where other rows have {size}"
            raise DataError(found, place=where(odd), mend="give every step equally many")
        if output and size > 1:
            raise DataError(
                f"{size} numbers a step are to be learnt", place=where(0), mend="give one, or a column for each"
            )
        whole = np.concatenate([part for part in parts if len(part)])
        scalings = []
        for k in range(size):
            present = whole[~np.isnan(whole[:, k]), k]
            if not len(present):
                raise DataError("no step has a number", place=where(0), mend="fill in the column")
            scalings.append(Scaling.fit(present))
        low, high = float(np.nanmin(whole)), float(np.nanmax(whole))
        note = f'column "{column}": {_counted(size)} a step, from {low:g} to {high:g}'
        missing = int(np.isnan(whole).sum())
        lost = f"; {missing:,} missing ones are taken as the training mean" if missing else ""
        return cls(column, tuple(scalings), settings.max_length, settings.missing, notes=(note + lost,))

    def encode(self, value: Any, place: Place) -> np.ndarray:
        """Scaled numbers (T, size) float32; a missing one is 0, the mean."""
        found = _array(value, place, self.missing)[: self.max_length]
        if len(found) == 0:
            return np.zeros((0, len(self.scalings)), dtype=np.float32)
        if found.shape[1] != len(self.scalings):
            problem = f"{_counted(found.shape[1])} a step where training has {len(self.scalings)}"
            raise DataError(problem, place=place, mend="give every step equally many")
        means, deviations = (
            np.array([getattr(scaling, name) for scaling in self.scalings]) for name in ("mean", "deviation")
        )
        scaled = (found - means) / deviations
        return np.nan_to_num(scaled).astype(np.float32)

    def collate(self, encoded: Sequence[np.ndarray]) -> Sequences:
        """(B, T, size) float32, padded with 0, and lengths (B,)."""
        return padded(encoded)

    def length(self, encoded: np.ndarray) -> int:
        return len(encoded)

    def decode(self, x: Any) -> list[float]:
        """One number a step, in the user's units."""
        return [float(self.scalings[0].unscale(float(value))) for value in np.asarray(x).reshape(-1)]

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "scalings": [scaling.to_json() for scaling in self.scalings],
            "max_length": self.max_length,
            "missing": list(self.missing),
            "channels": list(self.channels),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Numbers:
        scalings = tuple(Scaling.from_json(entry) for entry in saved["scalings"])
        channels = tuple(saved.get("channels", ()))
        return cls(saved["column"], scalings, saved["max_length"], tuple(saved["missing"]), channels)


def _array(value: Any, place: Place, missing: Sequence[str]) -> np.ndarray:
    """(T, size) float64, NaN where a number is missing."""
    if isinstance(value, list) and (known := _known(value)) is not None:
        return known
    steps = [value] if isinstance(value, (int, float)) else step_values(value, "spaces", place, "numbers")
    rows = []
    for k, step in enumerate(steps):
        cells = list(step) if isinstance(step, (list, tuple)) else [step]
        rows.append([number(cell, place.at(k), missing) for cell in cells])
        if len(rows[-1]) != len(rows[0]):
            found = f"{_counted(len(rows[-1]))} where the steps before have {len(rows[0])}"
            raise DataError(found, place=place.at(k), mend="give every step equally many")
    return np.array(rows, dtype=np.float64) if rows else np.zeros((0, 1))


def _known(value: list[Any]) -> np.ndarray | None:
    """The same for what holds nothing but finite numbers, which need not be looked at one by one; else None."""
    try:
        found = np.array(value)
    except (ValueError, OverflowError):
        return None
    if found.dtype.kind not in "fiu" or found.ndim not in (1, 2) or not len(found) or not np.isfinite(found).all():
        return None
    return found.astype(np.float64).reshape(len(found), -1)


def _counted(size: int) -> str:
    return "1 number" if size == 1 else f"{size} numbers"
