"""What all charts share: a scale, round tick marks, the two axes, and the frame with its title and description."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.numbers import number

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LETTER = 7.8  # generous width in pixels of one letter at the charts' font size


@dataclass(frozen=True)
class Scale:
    """Maps values from ``low`` to ``high`` onto pixels from ``start`` to ``end``; y runs down, so start > end there."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (math.log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return self.start + (value - low) / ((high - low) or 1.0) * (self.end - self.start)


def spanning(values: Sequence[float], start: float, end: float, *, zero: bool = False) -> Scale:
    """A scale over all finite values, widened to round ticks; with ``zero``, from zero."""
    finite = [v for v in values if math.isfinite(v)] or [0.0, 1.0]
    low, high = (min(0.0, *finite) if zero else min(finite)), max(finite)
    if low == high:
        low, high = (
            (0.0, high or 1.0)
            if zero and high >= 0
            else (low - (abs(low) * 0.1 or 1.0), high + (abs(high) * 0.1 or 1.0))
        )
    step = round_step(low, high)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, start, end)


def spanning_powers(values: Sequence[float], start: float, end: float) -> Scale:
    """A logarithmic scale over all finite values above 0, widened to powers of ten."""
    finite = [v for v in values if math.isfinite(v) and v > 0] or [0.1, 1.0]
    low, high = math.floor(math.log10(min(finite)) + 1e-9), math.ceil(math.log10(max(finite)) - 1e-9)
    return Scale(10.0**low, 10.0 ** max(high, low + 1), start, end, logarithmic=True)


def ticks(scale: Scale, about: int = 5) -> list[float]:
    """Round numbers within the scale; on a logarithmic one powers of ten, of many only every second, third, ...

    >>> ticks(Scale(0, 1, 0, 100))
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks(Scale(0.001, 0.1, 0, 100, logarithmic=True)), ticks(Scale(1e-9, 1, 0, 100, logarithmic=True))
    ([0.001, 0.01, 0.1], [1e-08, 1e-06, 0.0001, 0.01, 1.0])
    """
    if scale.logarithmic:
        first, last = math.ceil(math.log10(scale.low) - 1e-9), math.floor(math.log10(scale.high) + 1e-9)
        every = math.ceil((last - first) / about) or 1
        return [10.0**k for k in range(first, last + 1) if k % every == 0]
    step = round_step(scale.low, scale.high, about)
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def whole_ticks(scale: Scale, about: int = 6) -> list[float]:
    """The same, whole numbers only: for epochs and counts."""
    return [t for t in ticks(scale, about) if t == int(t)]


def round_step(low: float, high: float, about: int = 5) -> float:
    """1, 2 or 5 times a power of ten: the width of about so many parts."""
    rough = (high - low) / about or 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    return next(m * size for m in (1, 2, 5, 10) if m * size >= rough * 0.999)


def x_axis(scale: Scale, y: float, label: str, marks: Sequence[float]) -> Markup:
    """The axis below: ticks with their numbers and a label with its unit."""
    numbers = [tag("text", mark(scale, m), x=scale(m), y=y + 17, text_anchor="middle") for m in marks]
    strokes = [tag("line", x1=scale(m), x2=scale(m), y1=y, y2=y + 4, class_="axis") for m in marks]
    line = tag("line", x1=scale.start, x2=scale.end, y1=y, y2=y, class_="axis")
    return join(
        line,
        strokes,
        numbers,
        tag("text", label, x=(scale.start + scale.end) / 2, y=y + 36, text_anchor="middle", class_="label"),
    )


def y_axis(scale: Scale, x: float, right: float, label: str, marks: Sequence[float]) -> Markup:
    """The axis on the left: faint lines across to ``right``, numbers, and a label above, where it stands upright."""
    grid = [tag("line", x1=x, x2=right, y1=scale(m), y2=scale(m), class_="grid") for m in marks]
    numbers = [tag("text", mark(scale, m), x=x - 6, y=scale(m) + 4, text_anchor="end") for m in marks]
    return join(grid, numbers, tag("text", label, x=2, y=min(scale.start, scale.end) - 12, class_="label"))


def mark(scale: Scale, value: float) -> str:
    """What is written at a tick: short, so that it fits beside an axis.

    >>> powers, large = Scale(1e-9, 1, 0, 100, logarithmic=True), Scale(0, 5e6, 0, 100)
    >>> mark(powers, 1e-6), mark(powers, 1.0), mark(Scale(0, 10, 0, 100), 2.0), mark(large, 2_500_000)
    ('10⁻⁶', '1', '2', '2.5M')
    """
    if scale.logarithmic and scale.high / scale.low > 1e5 and value != 1:
        return "10" + str(round(math.log10(value))).translate(RAISED)
    largest = 0.0 if scale.logarithmic or not value else max(abs(scale.low), abs(scale.high))
    for least, size, letter in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e5, 1e3, "k")):
        if largest >= least:
            return f"{value / size:.6g}{letter}"
    return number(value if value != int(value) else int(value))


def svg(
    name: str, title: str, description: str, width: float, height: float, *children: Any, most: float = 1.35
) -> Markup:
    """The frame: scales with the page, up to ``most`` times; says what it shows to who cannot see it.

    ``name`` is unique in the page.
    """
    head = [tag("title", title, id=f"{name}-title"), tag("desc", description, id=f"{name}-desc")]
    names = f"{name}-title {name}-desc"
    return tag(
        "svg",
        head,
        *children,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        aria_labelledby=names,
        style=f"min-width:{width * 0.78:.0f}px;max-width:{width * most:.0f}px",
    )
