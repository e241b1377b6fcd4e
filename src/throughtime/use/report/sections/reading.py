"""The data as it was read: what was recognised, how many rows, how long, of which classes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import gcd
from typing import Any

from throughtime.use.report.charts.bars import histogram, named_bars
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount, number
from throughtime.use.report.parts import chart, note, section, table
from throughtime.use.stamps import shown

SPLITS = ("train", "valid", "test")
MOST_BARS = 30
MOST_GAPS = 6  # series that are named


def reading(material: ReportMaterial) -> Markup | None:
    """Notes, rows by split, and the two histograms; None where nothing is known of the data."""
    data = material.data
    if not data:
        return None
    source = note("Read from ", tag("code", data["source"]), ".") if "source" in data else None
    pair = tag("div", _lengths(data), _classes(data), class_="pair")
    return section(
        "data",
        "The data",
        source,
        _sentences(data, "notes"),
        _sentences(data, "warnings"),
        _series(data),
        _splits(data),
        pair,
    )


def _sentences(data: Mapping[str, Any], name: str) -> Markup | None:
    said = data.get(name) or ()
    return tag("ul", [tag("li", text) for text in said], class_=name) if said else None


def _series(data: Mapping[str, Any]) -> Markup | None:
    """How many series there are, and how many of their steps have no value, as far as that is known."""
    if "series" not in data:
        return None
    if "missing" not in data:
        return note(f"{int(data['series']):,} series.")
    gaps = {name: count for name, count in (data.get("missing") or {}).items() if count}
    named = ", ".join(
        f"{name} {count:,}" for name, count in sorted(gaps.items(), key=lambda pair: -pair[1])[:MOST_GAPS]
    )
    more = f", and {len(gaps) - MOST_GAPS:,} more" if len(gaps) > MOST_GAPS else ""
    of = f" ({named}{more})" if int(data["series"]) > 1 else ""
    held = f"{amount(sum(gaps.values()), 'step')} without a value{of}" if gaps else "no step without a value"
    return note(f"{int(data['series']):,} series, {held}.")


def _splits(data: Mapping[str, Any]) -> Markup | None:
    """Rows of each split, the length of the middle row, and the share of tokens that training never showed.

    Of series, the forecasts of each split, and from when to when it goes.
    """
    rows, length, unknown = (data.get(name) or {} for name in ("rows", "length", "unknown"))
    if not rows:
        return None
    columns = [column for column in unknown if any(unknown[column].values())]
    periods = data.get("periods") or {}
    header = [
        "split",
        *(["from", "to", "forecasts"] if periods else ["rows"]),
        *([f"median length in {_unit(data)}"] if length else []),
    ]
    header += [f"unknown in {column}" for column in columns]
    cells = [
        [
            split,
            *map(shown, periods.get(split, ("", "")) if periods else ()),
            rows[split],
            *([length[split]["median"]] if length else []),
            *(f"{100 * unknown[column][split]:.1f} %" for column in columns),
        ]
        for split in SPLITS
        if split in rows
    ]
    return table(header, cells)


def _lengths(data: Mapping[str, Any]) -> Markup | None:
    counts = {int(length): count for length, count in data.get("lengths", {}).get("train", {}).items()}
    if not counts:
        return None
    edges, bars, unit = *_binned(counts), _unit(data)
    ranges = [str(low) if high - low == 1 else f"{low} to {high - 1}" for low, high in pairwise(edges)]
    numbers = table([unit, "rows"], [[text, count] for text, count in zip(ranges, bars, strict=True)])
    picture = histogram("lengths", "Lengths of the training rows", edges, bars, x_label=f"length in {unit}")
    length = data.get("length", {}).get("train")
    said = f"From {number(length['least'])} to {number(length['most'])} {unit}." if length else None
    return chart(picture, numbers, "Lengths of the training rows.", said)


def _binned(counts: Mapping[int, int], most: int = 32) -> tuple[list[int], list[int]]:
    """Edges and counts of at most so many bars. Lengths may come in steps; a bar covers whole ones."""
    low = min(counts)
    step = gcd(*(length - low for length in counts)) or 1
    width = step * -(-(max(counts) - low + step) // (most * step))
    bars = [0] * ((max(counts) - low) // width + 1)
    for length, count in counts.items():
        bars[(length - low) // width] += count
    return [low + width * i for i in range(len(bars) + 1)], bars


def _unit(data: Mapping[str, Any]) -> str:
    return data.get("unit", "steps")


def _classes(data: Mapping[str, Any]) -> Markup | None:
    by_split = data.get("classes") or {}
    train = by_split.get("train") or {}
    if not train:
        return None
    sorted_names = sorted(train, key=lambda name: -train[name])
    shown = [(name, train[name]) for name in sorted_names[:MOST_BARS]]
    others = [train[name] for name in sorted_names[MOST_BARS:]]
    if others:
        shown.append((f"{len(others)} others together", sum(others)))
    picture = named_bars("class-counts", "Training rows by class", shown, label="rows in the training split")
    splits = [split for split in SPLITS if split in by_split]
    numbers = table(
        ["class", *splits], [[name, *(by_split[split].get(name, 0) for split in splits)] for name in sorted_names]
    )
    return chart(picture, numbers, f"{amount(len(train), 'class')}.", _balance(list(train.values())))


def _balance(counts: list[int]) -> str:
    most, least = max(counts), min(counts)
    return f"The largest is {most / least:.0f} times the smallest." if least and most / least >= 1.5 else ""
