"""Answers that are texts, beside what was read and what is right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.models.metrics import TextUnit
from throughtime.models.metrics.edit_distance import edit_distance
from throughtime.models.metrics.error_rates import character_errors, word_errors
from throughtime.models.metrics.text_units import parts
from throughtime.use.report.differences import differing, with_marks
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.inputs import inputs
from throughtime.use.verdict import texts_outcome

MOST_PARTS = 120  # words, symbols or letters of one text in the page; the whole stands in predictions.jsonl
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """A line of ``predictions.jsonl``: ``errors`` to the nearest reference, which has ``length`` parts."""

    row: Row
    unit: TextUnit
    errors: int
    length: int

    @property
    def rate(self) -> float:
        return self.errors / max(self.length, 1)

    @property
    def loss(self) -> float:
        return float(self.row.get("loss") or 0.0)

    @property
    def finished(self) -> bool:
        """Whether the network ended its answer by itself."""
        return bool(self.row.get("finished", True))

    @property
    def sure(self) -> float | None:
        """How likely the network held its answer as a whole; None where that is not known."""
        found = self.row.get("log_probability")
        return None if found is None else math.exp(found)

    @property
    def references(self) -> Sequence[str]:
        """All that is right, the truth first."""
        return self.row.get("references") or [self.row["truth"]]

    @property
    def nearest(self) -> str:
        """The reference by which the errors are counted."""
        said = parts(self.row["predicted"], self.unit)
        pairs = [(text, parts(text, self.unit)) for text in self.references]
        return min(pairs, key=lambda pair: (edit_distance(said, pair[1]), -len(pair[1])))[0]


def written_of(rows: Sequence[Row], unit: TextUnit) -> list[Written]:
    """Lines of ``predictions.jsonl`` with their errors in the unit of the texts: words, symbols or letters."""
    if not rows:
        return []
    count = word_errors if unit == "words" else character_errors
    counted = count(texts_outcome(rows, unit)).astype(int).tolist()
    return [Written(row, unit, *pair) for row, pair in zip(rows, counted, strict=True)]


def versions(one: Written) -> Markup:
    """What was read, what is right, what the network wrote and the baseline; what differs is marked."""
    nearest = one.nearest
    right, said = (parts(text, one.unit)[:MOST_PARTS] for text in (nearest, one.row["predicted"]))
    missed, added = differing(right, said)
    told = [
        _line("source", inputs(one.row.get("inputs", {}), f"written-{one.row.get('id')}")),
        _line("truth" if nearest == one.row["truth"] else "reference", _text(nearest, missed, one.unit, "missed")),
        _line("answer", _text(one.row["predicted"], added, one.unit, "added")),
    ]
    if one.row.get("baseline") is not None:
        told.append(_line("baseline", _text(one.row["baseline"], [], one.unit, "added"), style="aside"))
    return tag("dl", told, class_="versions")


def _line(name: str, *shown: Any, style: str | None = None) -> Markup:
    return join(tag("dt", name), tag("dd", *shown, dir="auto", class_=style))


def _text(text: str, marked: Sequence[bool], unit: TextUnit, style: str) -> Markup:
    whole = parts(text, unit)
    if not whole:
        return tag("span", "(nothing)", class_="more")
    shown = whole[:MOST_PARTS]
    left = len(whole) - len(shown)
    more = [" … ", tag("bdi", f"{left:,} more {unit}", class_="more")] if left else None
    return join(with_marks(shown, marked or [False] * len(shown), "" if unit == "letters" else " ", style), more)
