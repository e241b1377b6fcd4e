"""What an inspection finds, with its figures, and what may be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Advice:
    """A remedy in words; ``settings`` are the options of ``train`` that try it, none where it is no option."""

    words: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One thing that stands in the way of learning.

    ``name`` is one of ``vanishing``, ``exploding``, ``forgetting``, ``stuck``, ``dead``, ``short``, ``clipping``,
    ``rate``, ``unused``; ``figures`` are the numbers in ``words``.
    """

    name: str
    place: str
    words: str
    figures: Mapping[str, Any]
    advice: tuple[Advice, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
