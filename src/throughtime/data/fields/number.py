"""Numbers, scaled to mean 0 and deviation 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from throughtime.data.fields.field import Where, fields
from throughtime.data.scaling import Scaling
from throughtime.data.settings import DataSettings
from throughtime.data.values import number
from throughtime.errors import DataError, Place


@fields.named("number")
@dataclass(frozen=True)
class Number:
    """A column of numbers; a missing one is refused, or becomes the training mean where ``missing`` is set.

    >>> field = Number.fit("size", ["1", 3], lambda i: Place(row=i), DataSettings())
    >>> field.encode("5.0", Place()), field.decode(3.0)
    (3.0, 5.0)
    """

    kind: ClassVar[str] = "number"
    stepwise: ClassVar[bool] = False
    column: str
    scaling: Scaling
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Number:
        found = [number(value, where(i), settings.missing) for i, value in enumerate(values)]
        present = [value for value in found if not math.isnan(value)]
        if not present:
            place = Place(where(0).file if values else None, None, column)
            raise DataError("no row has a number", place=place, mend="fill in the column or leave it out with --input")
        scaling = Scaling.fit(present)
        notes = [f'column "{column}": numbers from {min(present):g} to {max(present):g}, mean {scaling.mean:g}']
        if min(present) == max(present):
            notes.append(
                f'column "{column}": all numbers in training are {present[0]:g}; nothing can be learnt from it'
            )
        if len(present) < len(found):
            notes.append(
                f'column "{column}": {len(found) - len(present)} missing numbers are taken as the training mean'
            )
        return cls(column, scaling, settings.missing, tuple(notes))

    def encode(self, value: Any, place: Place) -> float:
        found = number(value, place, self.missing)
        return 0.0 if math.isnan(found) else self.scaling.scale(found)

    def collate(self, encoded: Sequence[float]) -> Tensor:
        """Scaled numbers (B,) float32."""
        return torch.tensor(encoded, dtype=torch.float32)

    def length(self, encoded: float) -> int:
        return 1

    def decode(self, x: Any) -> float:
        return float(self.scaling.unscale(float(x)))

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "missing": list(self.missing), **self.scaling.to_json()}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Number:
        return cls(saved["column"], Scaling.from_json(saved), tuple(saved["missing"]))
