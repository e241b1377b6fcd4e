"""What a search for units has found: plain values that can be written, read again and shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from throughtime.use.inspect.units.agreement import Figures
from throughtime.use.inspect.units.annotations.annotation import Kind


@dataclass(frozen=True)
class FoundUnit:
    """A unit, how it is read, and how well it agrees where it was ``chosen`` and on what was held out.

    ``layer`` and ``number`` count from 0. Yes or no: with ``sign`` 1 it says yes above ``threshold``, with -1 below it.
    A number: the annotation is about ``slope * value + intercept``.
    """

    name: str
    layer: int
    state: str
    number: int
    sign: int
    threshold: float | None
    slope: float | None
    intercept: float | None
    chosen: Figures
    held_out: Figures

    @property
    def agreement(self) -> float:
        """On what was held out: Matthews' correlation, or Pearson's in the direction that was chosen."""
        return self.held_out["matthews"] if self.threshold is not None else self.sign * self.held_out["pearson"]


@dataclass(frozen=True)
class Excerpt:
    """Some lines of the held-out half, with the best unit's value at each character (None: it is of no token).

    ``truth`` is the annotation, which is marked where it is above ``middle``. The unit's values lie about ``centre``,
    all but a hundredth of them within ``reach`` of it.
    """

    file: str
    row: int
    text: str
    values: tuple[float | None, ...]
    truth: tuple[float, ...]
    middle: float
    centre: float
    reach: float


@dataclass(frozen=True)
class AnnotationFound:
    """The best units for one annotation, best first where they were chosen.

    ``typical`` says what the held-out annotation is like: its ``share`` of yes, or ``mean`` and ``deviation``.
    ``constant`` are the figures of the best constant answer there. ``by_chance`` is the best held-out agreement that
    the same search comes to when the annotation is moved in time, so that it tells nothing of the text below it.
    """

    name: str
    kind: Kind
    help: str
    typical: Figures
    constant: Figures
    by_chance: float
    units: tuple[FoundUnit, ...]
    excerpt: Excerpt


@dataclass(frozen=True)
class UnitsFound:
    """The units of a language model that stand for something: how many were searched, in which text, and what for.

    ``tokens`` and ``files`` are those of both halves, ``chosen`` and ``held_out``.
    """

    searched: int
    states: tuple[str, ...]
    tokens: dict[str, int]
    files: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]
    annotations: tuple[AnnotationFound, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as ``inspection.json`` keeps them under "units"."""
        return asdict(self)
