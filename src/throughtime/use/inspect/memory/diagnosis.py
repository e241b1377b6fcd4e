"""From evidence to findings: what is wrong, in words and figures, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from throughtime.training.observe import Look
from throughtime.training.observe.distances import WHOLE
from throughtime.training.observe.gates import Units
from throughtime.use.inspect.memory.evidence import Evidence
from throughtime.use.inspect.memory.findings import Advice, Finding
from throughtime.use.inspect.memory.reach import Reach, reach

SHUT = 0.2  # share of a state that a gate keeps, below which it forgets within a step or two
STUCK = 0.9  # share of a gate's units that are saturated and still
DEAD = 0.1  # share of a layer's units
ALWAYS = 0.9  # share of updates that are clipped
THROWN = 0.1  # relative size of an update, from which on weights are thrown about; usual is 0.001
RISEN = 1.5  # times its lowest, or its first, by which the training loss has risen
DONE = 0.01  # of the first loss


def diagnose(evidence: Evidence) -> list[Finding]:
    """All that stands in the way, what matters most first; nothing does where nothing is left to learn."""
    if _learned(evidence):
        return []
    found = [*_rate(evidence), *_clipping(evidence)]
    for entry in evidence.looks:
        found += [*_stuck(entry, evidence), *_dead(entry, evidence), *_course(entry, evidence)]
    return [*found, *_short(evidence)]


def _learned(evidence: Evidence) -> bool:
    """Whether the loss with all context is next to nothing beside that of the first update looked at."""
    first = next((row["loss"] for row in evidence.observations if row.get("loss")), None)
    return evidence.context is not None and first is not None and evidence.context.losses[-1] < DONE * first


def _course(entry: Look, evidence: Evidence) -> Iterator[Finding]:
    """How the gradient fares on its way back, and the gates that are to blame."""
    if entry.distances is None or len(entry.distances) < 3:
        return
    curve = reach(entry.distances.norms[WHOLE])
    figures = {"rate": curve.rate, "tenth": curve.tenth, "hundredth": curve.hundredth, "steps": curve.steps}
    if curve.course == "explodes":
        words = f"the gradient explodes: {curve.growth:.3g} times as long {_within(curve)}{_a_step(curve)}"
        yield Finding(
            "exploding", entry.place, words, {**figures, "growth": curve.growth}, _against_explosion(entry, evidence)
        )
    if curve.hundredth is None or curve.course != "vanishes" or curve.hundredth > curve.steps / 2:
        return
    if evidence.context is not None and evidence.context.needs > curve.hundredth:
        return  # the network has learned from further back: the loss looks at more steps than the last
    forgets = list(_forgetting(entry, evidence))
    yield from forgets
    words = f"the gradient vanishes: below a hundredth from {curve.hundredth} steps back on{_a_step(curve)}"
    yield Finding("vanishing", entry.place, words, figures, () if forgets else _against_vanishing(entry, evidence))


def _within(curve: Reach) -> str:
    return f"within {curve.steps} steps"


def _a_step(curve: Reach) -> str:
    return "" if curve.rate is None else f", times {curve.rate:.3g} a step"


def _forgetting(entry: Look, evidence: Evidence) -> Iterator[Finding]:
    for gate, sign in evidence.keeping.get(entry.place, {}).items():
        measured = next((units for units in entry.units if units.name == gate), None)
        if measured is None:
            continue
        mean = float(measured.mean.mean())
        kept = mean if sign > 0 else 1 - mean
        if kept < SHUT:
            words = f"the gate {gate} keeps {kept:.1%} of the state a step: what was read is gone after a few"
            first = Advice("begin with the gate open", {"forget_bias": 1.0})
            long = Advice(
                "or for the length of the task", {"initialisation": f"chrono:longest={_longest(entry, evidence)}"}
            )
            yield Finding("forgetting", entry.place, words, {"gate": gate, "kept": kept}, (first, long))


def _longest(entry: Look, evidence: Evidence) -> int:
    """Steps that training sees at once, as far as they were measured."""
    measured = 0 if entry.distances is None else len(entry.distances)
    return max(3, min(measured, evidence.window or measured))


def _against_vanishing(entry: Look, evidence: Evidence) -> tuple[Advice, ...]:
    if evidence.keeping.get(entry.place):
        opened = Advice(
            "begin with gates that stay open", {"initialisation": f"chrono:longest={_longest(entry, evidence)}"}
        )
        return (opened, Advice("normalise within the step", {"cell": _normalised(entry.graph.cell)}))
    gated = any(units.squashing == "sigmoid" for units in entry.units)
    return (
        Advice("take a gate with a bias" if gated else "take a cell whose state is kept by a gate", {"cell": "lstm"}),
        Advice("begin with an orthogonal recurrent map", {"initialisation": "orthogonal"}),
    )


def _normalised(cell: str) -> str:
    return "gru_layernorm" if cell.startswith(("gru", "mgu")) else "lstm_layernorm"


def _against_explosion(entry: Look, evidence: Evidence) -> tuple[Advice, ...]:
    clipped = evidence.clip_norm is not None and evidence.clip_norm <= 1
    clip = () if clipped else (Advice("clip the gradient", {"clip_norm": 1.0}),)
    other = "lstm" if entry.graph.cell.startswith("gru") else "gru"
    return (
        Advice("begin with a recurrent map that lengthens nothing", {"initialisation": "orthogonal"}),
        *clip,
        Advice("take a cell whose state is kept by a gate", {"cell": other}),
    )


def _stuck(entry: Look, evidence: Evidence) -> Iterator[Finding]:
    """Gates that say the same whatever is read; one that keeps a state, or does not, is spoken of with the gradient."""
    keeping = evidence.keeping.get(entry.place, {})
    for units in entry.units:
        if units.squashing not in ("sigmoid", "tanh") or units.low is None or units.high is None:
            continue
        at_rest = (np.maximum(units.low, units.high) >= 1) & (units.spread < 0.01)
        if at_rest.mean() >= STUCK and units.name not in keeping:
            mean = float(units.mean.mean())
            side = _side(units, mean)
            words = (
                f"the {'gate' if units.squashing == 'sigmoid' else 'candidate'} {units.name} never moves: it is {side}"
            )
            advice = (
                Advice("begin anew with smaller weights, and learn more slowly", {"initialisation": "xavier"}),
                Advice("normalise within the step", {"cell": _normalised(entry.graph.cell)}),
            )
            yield Finding("stuck", entry.place, words, {"quantity": units.name, "mean": mean}, advice)


def _side(units: Units, mean: float) -> str:
    if units.squashing == "tanh":
        return f"at its bounds (mean {mean:.3g})"
    return f"{'shut' if mean < 0.5 else 'open'} (mean {mean:.2g})"


def _dead(entry: Look, evidence: Evidence) -> Iterator[Finding]:
    for units in entry.units:
        if units.dead >= DEAD:
            words = (
                f"{units.dead:.0%} of the ReLU units of {units.name} are dead: never above 0, so nothing reaches them"
            )
            advice = (
                _slower(evidence, 5),
                Advice("begin with the identity as recurrent map", {"initialisation": "identity"}),
                Advice("take tanh, which has no dead side", {"cell": entry.graph.cell.partition(":")[0]}),
            )
            yield Finding("dead", entry.place, words, {"quantity": units.name, "share": units.dead}, advice)


def _clipping(evidence: Evidence) -> Iterator[Finding]:
    shares = [row["clipped"] for row in evidence.history if row.get("clipped") is not None]
    norms = [row["gradient_norm"] for row in evidence.history if row.get("gradient_norm") is not None]
    if not shares or not norms or evidence.clip_norm is None or float(np.mean(shares)) < ALWAYS:
        return
    share, norm = float(np.mean(shares)), float(np.median(norms))
    words = (
        f"{share:.0%} of the updates were clipped at {evidence.clip_norm:g}; the gradient is usually {norm:.3g} long, "
        "so that the bound sets the size of every step"
    )
    figures = {"share": share, "norm": norm, "clip_norm": evidence.clip_norm}
    yield Finding("clipping", "training", words, figures, (Advice("clip later", {"clip_norm": _round(2 * norm)}),))


def _rate(evidence: Evidence) -> Iterator[Finding]:
    losses = [row["train"]["loss"] for row in evidence.history if "loss" in row.get("train", {})]
    lowest = min((loss for loss in losses if loss is not None), default=math.inf)
    last = losses[-1] if losses else None
    ratios = [_largest_ratio(row) for row in evidence.observations if row.get("parameters")]
    thrown = bool(ratios) and float(np.median(ratios)) >= THROWN
    begun = next((row["loss"] for row in evidence.observations if row.get("loss")), math.inf)
    highest = max((loss for loss in losses if loss is not None), default=0.0)
    risen = bool(losses) and (last is None or not math.isfinite(last) or last > RISEN * lowest)
    leapt = highest > 2 * begun
    if not thrown and not risen and not leapt:
        return
    words = []
    if thrown:
        words.append(f"an update moves the weights by {np.median(ratios):.1%} of their size; 0.1 % is usual")
    if risen:
        words.append(f"the training loss ended at {last if last is None else f'{last:.4g}'} after {lowest:.4g}")
    if leapt:
        words.append(f"the training loss, {begun:.4g} at first, was {highest:.4g} over an epoch")
    figures = {"ratio": float(np.median(ratios)) if ratios else None, "lowest": lowest, "last": last}
    said = "the learning rate is too high: " + "; ".join(words)
    yield Finding("rate", "training", said, figures, (_slower(evidence, 10),))


def _slower(evidence: Evidence, times: float) -> Advice:
    rate = evidence.learning_rate
    return Advice("learn more slowly", {} if rate is None else {"learning_rate": _round(rate / times)})


def _largest_ratio(row: object) -> float:
    """Of the recurrent maps, which begin at their proper size; a bias that begins at 0 has no ratio worth a word."""
    parameters: dict[str, dict[str, float]] = row["parameters"]  # type: ignore[index]
    maps = [entry["ratio"] for name, entry in parameters.items() if "weight_hh" in name] or [
        entry["ratio"] for entry in parameters.values()
    ]
    return max(maps)


def _short(evidence: Evidence) -> Iterator[Finding]:
    """Where the network uses about all that training lets it learn from, more may be worth learning from."""
    context, window = evidence.context, evidence.window
    if context is None or window is None or 2 * context.needs <= window or context.steps[-1] <= window:
        return
    words = (
        f"training cut time after {window} steps, and the network uses {context.needs}: "
        "what stands further back is not learned from"
    )
    advice = (Advice("learn over longer stretches", {evidence.window_option: 2 * max(context.needs, window)}),)
    yield Finding("short", "training", words, {"needs": context.needs, "window": window}, advice)


def _round(value: float) -> float:
    return float(f"{value:.2g}")
