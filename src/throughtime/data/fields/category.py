"""One class of several, by name."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from throughtime.data.fields.field import Where, fields
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, in_order, is_missing, shown
from throughtime.data.vocabulary import UNK
from throughtime.errors import DataError, Place

LISTED = 8


@fields.named("category")
@dataclass(frozen=True)
class Category:
    """A column of class names, as texts, whole numbers or truth values; ids in order of the names.

    As output, a class not seen in training is a DataError. As input it gets the id 0 of ``<unk>``, like a missing one.

    >>> field = Category.fit("label", ["pos", "neg"], lambda i: Place(row=i), DataSettings(), output=True)
    >>> field.classes, field.encode("pos", Place()), field.decode(0)
    (('neg', 'pos'), 1, 'neg')
    """

    kind: ClassVar[str] = "category"
    stepwise: ClassVar[bool] = False
    column: str
    classes: tuple[str, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Category:
        counts: Counter[str] = Counter()
        for i, value in enumerate(values):
            if is_missing(value, settings.missing):
                if output:
                    raise DataError("the class is missing", place=where(i), mend="fill it in or remove the row")
                continue
            _refuse_many(value, where(i))
            counts[class_name(value)] += 1
        known = in_order([name for name in counts if output or name != UNK])
        classes = tuple(known) if output else (UNK, *known)
        count = f"{len(known)} {'class' if len(known) == 1 else 'classes'}"
        note = f'column "{column}": {count} in training: {_counted(counts)}'
        return cls(column, classes, settings.missing, (note,))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each class."""
        return {name: k for k, name in enumerate(self.classes)}

    def encode(self, value: Any, place: Place) -> int:
        _refuse_many(value, place)
        name = "" if is_missing(value, self.missing) else class_name(value)
        found = self.ids.get(name, self.ids.get(UNK))
        if found is None:
            raise unseen(name, self.classes, place)
        return found

    def collate(self, encoded: Sequence[int]) -> Tensor:
        """Class ids (B,) int64."""
        return torch.tensor(encoded, dtype=torch.int64)

    def length(self, encoded: int) -> int:
        return 1

    def decode(self, x: Any) -> str:
        return self.classes[int(x)]

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "column": self.column, "classes": list(self.classes), "missing": list(self.missing)}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Category:
        return cls(saved["column"], tuple(saved["classes"]), tuple(saved["missing"]))


def _counted(counts: Counter[str]) -> str:
    """``pos (812 rows), neg (790)``; of many classes the most frequent and the rarest."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{name} ({count:,}{'' if k else ' rows'})" for k, (name, count) in enumerate(ranked)]
    return ", ".join(words if len(words) <= LISTED else [*words[: LISTED - 1], "...", words[-1]])


def unseen(name: str, classes: Sequence[str], place: Place) -> DataError:
    """The error for a label that training did not show."""
    if not name:
        return DataError("the label is missing", place=place, mend="fill it in or remove the row")
    near = difflib.get_close_matches(name, classes, n=1)
    known = f'is it "{near[0]}"?' if near else f"known: {', '.join(classes[:8])}{', ...' if len(classes) > 8 else ''};"
    return DataError(
        f"label {shown(name)} was not seen in training",
        place=place,
        mend=f"{known} correct it, remove the row, or train with it",
    )


def _refuse_many(value: Any, place: Place) -> None:
    if isinstance(value, (list, tuple, dict)):
        raise DataError(
            f"{shown(value)} is not one class",
            place=place,
            mend="give one class, or use --set kinds=COLUMN=labels for several",
        )
