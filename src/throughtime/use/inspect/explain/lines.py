"""An explained answer as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from throughtime.use.inspect.explain.explained import Explained, Input
from throughtime.use.inspect.explain.leaving_out import Without
from throughtime.use.inspect.explain.nearest import Neighbour
from throughtime.use.inspect.explain.over_time import OverTime
from throughtime.use.inspect.explain.tokens import visible, written
from throughtime.use.inspect.explain.written_lines import written_lines

MOST = 40  # tokens that are listed
WIDTH = 60  # letters of a curve, or of a text
LEVELS = "▁▂▃▄▅▆▇█"


def lines(explained: Explained) -> list[str]:
    """The answer, what each token gave to it and what would be without it, gates and states, and the nearest rows."""
    told = [] if explained.written is None else [*written_lines(explained.written.to_json()), ""]
    found = [*told, _answer(explained), _account(explained)]
    for entry in explained.inputs:
        found += ["", f"{entry.column}: given to the score, and the answer without it", *_tokens(explained, entry)]
    curves = [(entry, line) for entry in explained.inputs for line in entry.over_time]
    if curves:
        found += ["", "gates (mean over the units) and lengths of states, over the tokens"]
        found += [curve(entry.column, line) for entry, line in curves]
    found += ["", *_nearest(explained)]
    return found


def _answer(explained: Explained) -> str:
    at = "" if explained.step is None else f" at step {explained.step}"
    if explained.kind == "number":
        return f"{explained.output}{at}: {explained.value:.6g}"
    answer = f"{visible(str(explained.answer))} (probability {explained.value:.3f})"
    said = explained.predicted if explained.kind != "label" else ", ".join(explained.predicted) or "no label"
    other = "" if said == explained.answer else f"; predicted is {visible(str(said))}"
    return f"{explained.output}{at}: {answer}{other}"


def _account(explained: Explained) -> str:
    found = explained.attribution
    change = f"score: the {explained.scored}; {found.score:.4f}, of zero vectors {found.baseline:.4f}"
    gap = f"complete to {found.gap:.1e} ({found.points} points)"
    if not found.complete:
        gap = f"NOT complete: {found.gap:.1e} is missing after {found.points} points"
    return f"{change}; what all tokens gave adds up to the difference, {found.score - found.baseline:+.4f}: {gap}"


def _tokens(explained: Explained, entry: Input) -> Iterator[str]:
    """In their order; of many, those that gave most."""
    steps = list(range(len(entry.tokens)))
    if len(steps) > MOST:
        largest = sorted(steps, key=lambda step: -abs(float(entry.given[step])))[:MOST]
        yield f"  (of {len(steps):,} the {MOST} that gave most, for or against)"
        steps = sorted(largest)
    width = min(24, max((len(visible(entry.tokens[step])) for step in steps), default=0))
    for step in steps:
        token = visible(entry.tokens[step])
        token = token if len(token) <= 24 else token[:23] + "…"
        yield f"  {entry.given[step]:+9.4f}  {token:<{width}}  {_without(explained, entry.without[step])}".rstrip()


def _without(explained: Explained, out: Without | None) -> str:
    if out is None:
        return ""
    if out.flips is None:
        return f"{explained.value:.6g} -> {out.value:.6g}"
    said = ", ".join(out.predicted) or "no label" if isinstance(out.predicted, list) else str(out.predicted)
    return f"{explained.value:.3f} -> {out.value:.3f}" + (f"  {visible(said)}!" if out.flips else "")


def curve(column: str, line: OverTime) -> str:
    """A quantity over the steps of a column, drawn in one line."""
    way = "backward" if line.backward else "forward"
    low, high = (0.0, 1.0) if line.measure == "mean" else (0.0, max(line.values.max(), 1e-12))
    drawn = "".join(LEVELS[min(7, int(8 * (v - low) / (high - low)))] for v in _binned(line.values.tolist()))
    return (
        f"  {column} layer {line.layer} {way:<8} {line.measure} {line.name:<8} {drawn}  up to {line.values.max():.3f}"
    )


def _binned(values: Sequence[float]) -> list[float]:
    """At most ``WIDTH`` values, the means of as many parts."""
    if len(values) <= WIDTH:
        return list(values)
    cuts = [len(values) * k // WIDTH for k in range(WIDTH + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(cuts)]


def _nearest(explained: Explained) -> list[str]:
    if not explained.nearest:
        return [f"nearest training rows: none, {explained.no_nearest or 'not asked for'}"]
    return ["nearest training rows: 1 - the cosine of what the head sees", *map(_row, explained.nearest)]


def _row(row: Neighbour) -> str:
    text = visible("  ".join(map(written, row.inputs.values())))
    place = " ".join(part for part in (row.file or "", "" if row.row is None else f"row {row.row}") if part)
    return f"  {row.distance:.4f}  {written(row.label)}  {text[:WIDTH]}{'…' if len(text) > WIDTH else ''}  {place}"
