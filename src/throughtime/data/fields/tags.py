"""A class for every step of a sequence: tags of words, labels of letters or frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from throughtime.batch import Sequences
from throughtime.data.fields.category import unseen
from throughtime.data.fields.field import Where, fields
from throughtime.data.fields.steps import padded, step_values
from throughtime.data.schemes import Scheme, illegal, is_spans, prefixed, recognise, whole
from throughtime.data.settings import DataSettings
from throughtime.data.values import class_name, in_order
from throughtime.errors import DataError, Place

LISTED = 8


@fields.named("tags")
@dataclass(frozen=True)
class Tags:
    """A column whose rows are sequences of class names: lists, names between spaces, or letters.

    ``scheme`` names the way in which tags mark spans (IOB1, IOB2, BIOES), None if they mark none.

    >>> field = Tags.fit("tags", [["DET", "NOUN"], ["NOUN"]], lambda i: Place(row=i), DataSettings())
    >>> field.classes, field.encode(["NOUN", "DET"], Place()), field.decode([0])
    (('DET', 'NOUN'), array([1, 0]), ['DET'])
    """

    kind: ClassVar[str] = "tags"
    stepwise: ClassVar[bool] = True
    column: str
    classes: tuple[str, ...]
    unit: Literal["list", "spaces", "characters"]
    scheme: Scheme | None = None
    max_length: int | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def fit(
        cls, column: str, values: Sequence[Any], where: Where, settings: DataSettings, *, output: bool = False
    ) -> Tags:
        unit = _unit(values)
        empty = cls(column, (), unit, None, settings.max_length)
        sequences = [empty.names(value, where(i)) for i, value in enumerate(values)]
        counts = Counter(name for names in sequences for name in names)
        if not counts:
            raise DataError(
                "no row has a tag", place=Place(where(0).file if values else None, None, column), mend="fill it in"
            )
        _refuse_strangers(column, sequences, counts, where)
        scheme = recognise(sequences)
        classes = tuple(in_order(list(counts))) if scheme is None else whole(scheme, counts)
        notes = [f'column "{column}": {len(counts)} tags in training: {_counted(counts)}']
        if scheme is not None:
            notes.append(_broken(column, scheme, sequences, where))
        return cls(column, classes, unit, scheme, settings.max_length, tuple(notes))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each tag."""
        return {name: k for k, name in enumerate(self.classes)}

    def names(self, value: Any, place: Place) -> list[str]:
        """The tags of one value, before it is cut to ``max_length``."""
        found = [class_name(part) for part in step_values(value, self.unit, place, "tags")]
        if "" in found:
            raise DataError("the tag is missing", place=place.at(found.index("")), mend="fill it in or remove the row")
        return found

    def encode(self, value: Any, place: Place) -> np.ndarray:
        """Ids (T,) int64; a DataError, with the step's place, for a tag that training did not show."""
        ids = []
        for k, name in enumerate(self.names(value, place)[: self.max_length]):
            found = self.ids.get(name)
            if found is None:
                raise self._unknown(name, place.at(k))
            ids.append(found)
        return np.array(ids, dtype=np.int64)

    def _unknown(self, name: str, place: Place) -> DataError:
        if self.scheme is not None and not prefixed(name):
            return outside(name, place, self.scheme)
        return unseen(name, self.classes, place)

    def collate(self, encoded: Sequence[np.ndarray]) -> Sequences:
        """Ids (B, T) padded with 0, and lengths (B,)."""
        return padded(encoded)

    def length(self, encoded: np.ndarray) -> int:
        return len(encoded)

    def decode(self, x: Any) -> list[str]:
        """The tags of some ids."""
        return [self.classes[int(k)] for k in x]

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column": self.column,
            "classes": list(self.classes),
            "unit": self.unit,
            "scheme": self.scheme,
            "max_length": self.max_length,
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Tags:
        return cls(saved["column"], tuple(saved["classes"]), saved["unit"], saved["scheme"], saved["max_length"])


def outside(name: str, place: Place, scheme: str) -> DataError:
    """The error for a tag that has no place in a scheme of spans."""
    mend = "write O, or a prefix and a name as in B-NAME"
    return DataError(f'the tag "{name}" is outside the {scheme} scheme of the other tags', place=place, mend=mend)


def _unit(values: Sequence[Any]) -> Literal["list", "spaces", "characters"]:
    if any(isinstance(value, (list, tuple)) for value in values):
        return "list"
    texts = [str(value).strip() for value in values if value is not None]
    return "spaces" if any(" " in text for text in texts) else "characters"


def _refuse_strangers(column: str, sequences: Sequence[Sequence[str]], counts: Counter[str], where: Where) -> None:
    """Tags most of which mark spans, and some of which do not: the first of these is named."""
    strangers = [name for name in counts if name != "O" and not prefixed(name)]
    marked = [name for name in counts if prefixed(name)]
    if not strangers or "O" not in counts or not is_spans([*marked, "O"]) or len(strangers) > len(marked):
        return
    for i, names in enumerate(sequences):
        for k, name in enumerate(names):
            if name in strangers:
                raise outside(
                    name, where(i).at(k), recognise([[n for n in s if n not in strangers] for s in sequences]) or "IOB"
                )


def _broken(column: str, scheme: Scheme, sequences: Sequence[Sequence[str]], where: Where) -> str:
    """The scheme, and how often it is not kept to."""
    note = f'column "{column}": spans are marked by {scheme}'
    broken = [(i, at) for i, names in enumerate(sequences) if (at := illegal(names, scheme)) is not None]
    if not broken:
        return note
    i, at = broken[0]
    return f"{note}; {len(broken):,} of {len(sequences):,} rows break it, the first: {where(i).at(at)}"


def _counted(counts: Counter[str]) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [f"{name} ({count:,}{'' if k else ' steps'})" for k, (name, count) in enumerate(ranked)]
    return ", ".join(words if len(words) <= LISTED else [*words[: LISTED - 1], "...", words[-1]])
