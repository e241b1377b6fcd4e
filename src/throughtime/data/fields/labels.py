"""Any number of classes at once, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from throughtime.data.fields.category import unseen
from throughtime.data.fields.field import Where, fields
from throughtime.data.settings import DataSettings
from throughtime.data.values import in_order, is_missing, labels_of
from throughtime.errors import DataError, Place


@fields.named("labels")
@dataclass(frozen=True)
class Labels:
    """A column whose rows have none, one or several classes: lists, or names with ``label_separator`` between them.

    >>> field = Labels.fit("tags", ["a;b", "b", ""], lambda i: Place(row=i), DataSettings(label_separator=";"))
    >>> field.classes, field.encode("b", Place()), field.decode([1.0, 0.0])
    (('a', 'b'), array([0., 1.], dtype=float32), ['a'])
    """

    kind: ClassVar[str] = "labels"
    stepwise: ClassVar[bool] = False
    column: str
    classes: tuple[str, ...]
    separator: str | None
    missing: tuple[str, ...] = ()
    output: bool = True
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Labels:
        empty = cls(column, (), settings.label_separator, settings.missing, output)
        names: dict[str, None] = {}
        count = 0
        for i, value in enumerate(values):
            found = empty.names(value, where(i))
            names.update(dict.fromkeys(found))
            count += len(set(found))
        if not names:
            raise DataError(
                "no row has a label",
                place=Place(where(0).file, None, column) if values else None,
                mend="fill in the column",
            )
        classes = tuple(in_order(list(names)))
        note = f'column "{column}": {len(classes)} labels, {count / len(values):.2f} a row on average'
        return cls(column, classes, settings.label_separator, settings.missing, output, (note,))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The place of each class."""
        return {name: k for k, name in enumerate(self.classes)}

    def names(self, value: Any, place: Place) -> list[str]:
        """The class names of one value."""
        if isinstance(value, dict):
            raise DataError("an object is not a list of labels", place=place, mend="give a list of class names")
        return [] if isinstance(value, str) and is_missing(value, self.missing) else labels_of(value, self.separator)

    def encode(self, value: Any, place: Place) -> np.ndarray:
        """(C,) float32: 1 for each class of the row, 0 for the others."""
        result = np.zeros(len(self.classes), dtype=np.float32)
        for name in self.names(value, place):
            if name in self.ids:
                result[self.ids[name]] = 1.0
            elif self.output:
                raise unseen(name, self.classes, place)
        return result

    def collate(self, encoded: Sequence[np.ndarray]) -> Tensor:
        """(B, C) float32 of 0 and 1."""
        return torch.from_numpy(np.stack(encoded))

    def length(self, encoded: np.ndarray) -> int:
        return 1

    def decode(self, x: Any) -> list[str]:
        """The names of the classes whose entry is above one half."""
        return [name for name, entry in zip(self.classes, x, strict=True) if float(entry) > 0.5]

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "classes": list(self.classes),
            "separator": self.separator,
            "missing": list(self.missing),
            "output": self.output,
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Labels:
        return cls(
            saved["column"], tuple(saved["classes"]), saved["separator"], tuple(saved["missing"]), saved["output"]
        )
