"""What a network remembers and how far back it learns: the verdict with its evidence, as plain values and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from throughtime.training.observe.distances import WHOLE
from throughtime.training.observe.recorder import plain
from throughtime.use.inspect.memory.diagnosis import diagnose
from throughtime.use.inspect.memory.evidence import Evidence
from throughtime.use.inspect.memory.findings import Advice, Finding
from throughtime.use.inspect.memory.reach import Reach, reach


@dataclass(frozen=True)
class Memory:
    """The findings, what matters most first, and the evidence that they were drawn from."""

    evidence: Evidence
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as ``inspection.json`` keeps them under ``memory``."""
        layers = []
        for look in self.evidence.looks:
            found = reach_of(look.distances.norms[WHOLE]) if look.distances is not None else None
            layers.append({**plain(look), "reach": found and {**asdict(found), "course": found.course}})
        context = self.evidence.context
        return {
            "layers": layers,
            "context": None if context is None else context.to_json(),
            "window": self.evidence.window,
            "findings": [finding.to_json() for finding in self.findings],
        }

    def __str__(self) -> str:
        return "\n".join(lines(self.to_json()))


def reach_of(norms: Sequence[float] | np.ndarray) -> Reach | None:
    """None where there is no distance to speak of, or no gradient at all."""
    return reach(norms) if len(norms) > 1 and norms[0] > 0 else None


def remembered(evidence: Evidence, present: Mapping[str, Any] | None = None) -> Memory:
    """The verdict on this evidence; what is advised goes beyond the settings that the run has, ``present``."""
    return Memory(evidence, tuple(_news(finding, present or {}) for finding in diagnose(evidence)))


def _news(finding: Finding, present: Mapping[str, Any]) -> Finding:
    def is_so(advice: Advice) -> bool:
        return bool(advice.settings) and all(present.get(name) == value for name, value in advice.settings.items())

    return replace(finding, advice=tuple(advice for advice in finding.advice if not is_so(advice)))


def lines(memory: Mapping[str, Any]) -> Iterator[str]:
    """What is printed: how far back each layer learns, how much context the network uses, what stands in the way."""
    for layer in memory["layers"]:
        yield f"{layer['place']} ({layer['cell']}): {course_words(layer['reach'])}"
    if memory["context"] is not None:
        yield context_words(memory["context"])
    if not memory["findings"]:
        yield "nothing was found that stands in the way of learning"
    for finding in memory["findings"]:
        yield f"- {finding['place']}: {finding['words']}"
        for advice in finding["advice"]:
            yield f"    {advice_words(advice)}"


def course_words(found: Mapping[str, Any] | None) -> str:
    """How the gradient fares, in a sentence.

    >>> course_words(None)
    'no gradient goes back in time'
    """
    if found is None:
        return "no gradient goes back in time"
    rate = "" if found["rate"] is None else f", times {found['rate']:.3g} a step"
    if found["course"] == "explodes":
        grown = f"{found['growth']:.3g} times its first length within {steps(found['steps'])}"
        return f"the gradient explodes, {grown}{rate}"
    falls = [
        f"to a {name} after {steps(found[key])}"
        for key, name in (("tenth", "tenth"), ("hundredth", "hundredth"))
        if found[key] is not None
    ]
    if found["hundredth"] is not None and found["hundredth"] <= 2:
        rate = f"; what is left goes on{rate}" if rate else ""  # the rate is that of the steps before
    word = {"vanishes": "vanishes", "fades": "fades", "carries": "carries on"}[found["course"]]
    fallen = f": it falls {' and '.join(falls)}" if falls else f" over all {steps(found['steps'])} measured"
    return f"the gradient {word}{fallen}{rate}"


def steps(count: int) -> str:
    """
    >>> steps(1), steps(2)
    ('1 step', '2 steps')
    """
    return f"{count:,} step{'' if count == 1 else 's'}"


def context_words(context: Mapping[str, Any]) -> str:
    """How much context the network uses, and what that is worth.

    >>> measured = {"steps": [1, 2, 4, 8], "losses": [2.0, 1.0, 0.5, 0.5], "needs": 4}
    >>> context_words({**measured, "places": 9, "both_ways": False})
    'context: the network uses the last 4 steps (loss 0.5 with 8 steps, 2 with 1 step; 9 places)'
    """
    known, losses, needs = context["steps"], context["losses"], context["needs"]
    worth = f"(loss {losses[-1]:.4g} with {steps(known[-1])}, {losses[0]:.4g} with 1 step; {context['places']} places)"
    if needs <= 1:
        return f"context: the network uses a single step; more tells it nothing {worth}"
    if context["both_ways"]:
        return f"context: the network uses {steps(needs - 1)} on either side {worth}"
    if needs == known[-1]:
        return f"context: the network uses all {steps(needs)} {worth}"
    return f"context: the network uses the last {steps(needs)} {worth}"


def advice_words(advice: Mapping[str, Any]) -> str:
    """The remedy with the options that try it.

    >>> advice_words({"words": "clip later", "settings": {"clip_norm": 2.0}})
    'clip later: --set clip_norm=2.0'
    """
    options = " ".join(f"--set {name}={value}" for name, value in advice["settings"].items())
    return f"{advice['words']}: {options}" if options else str(advice["words"])
