"""The data as it was read: what was recognised, how many rows, how long, of which classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from throughtime.use.report.charts.bars import histogram, named_bars
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.material import ReportMaterial
from throughtime.use.report.numbers import amount
from throughtime.use.report.parts import chart, note, section, table

SPLITS = ("train", "valid", "test")
MOST_BARS = 30


def reading(material: ReportMaterial) -> Markup | None:
    """Notes, rows by split, and the two histograms; None where nothing is known of the data."""
    data = material.data
    if not data:
        return None
    notes = (
        tag("ul", [tag("li", text) for text in data.get("notes", ())], class_="notes") if data.get("notes") else None
    )
    source = note("Read from ", tag("code", data["source"]), ".") if "source" in data else None
    rows = data.get("rows")
    counted = table(["split", "rows"], [[split, rows[split]] for split in SPLITS if split in rows]) if rows else None
    return section(
        "data", "The data", source, notes, counted, tag("div", _lengths(data), _classes(data), class_="pair")
    )


def _lengths(data: Mapping[str, Any]) -> Markup | None:
    counts = {int(length): count for length, count in data.get("lengths", {}).get("train", {}).items()}
    if not counts:
        return None
    edges, bars = _binned(counts)
    unit = data.get("unit", "steps")
    rows = [
        [str(low) if high - low == 1 else f"{low} to {high - 1}", bar]
        for low, high, bar in zip(edges, edges[1:], bars, strict=False)
    ]
    total = sum(counts.values())
    mean = sum(length * count for length, count in counts.items()) / total
    picture = histogram("lengths", "Lengths of the training rows", edges, bars, x_label=f"length in {unit}")
    return chart(
        picture,
        table([unit, "rows"], rows),
        "Lengths of the training rows.",
        f"{min(counts)} to {max(counts)} {unit}, {mean:.1f} on average.",
    )


def _binned(counts: Mapping[int, int], most: int = 32) -> tuple[list[int], list[int]]:
    low, high = min(counts), max(counts) + 1
    width = -(-(high - low) // most)
    edges = list(range(low, high, width))
    edges.append(edges[-1] + width)
    bars = [0] * (len(edges) - 1)
    for length, count in counts.items():
        bars[(length - low) // width] += count
    return edges, bars


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
