"""What clipping is for."""

from __future__ import annotations

from throughtime.laboratory.clipping import CLIPPED, LEARNING_RATE, UNCLIPPED
from throughtime.laboratory.counting import by_name
from throughtime.laboratory.findings import Findings
from throughtime.laboratory.page.curves import loss_chart, norm_chart
from throughtime.laboratory.trial import Trial
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import note, section, table

STROKES = {UNCLIPPED: ("second", ""), CLIPPED: ("first", "")}


def clipping(findings: Findings) -> Markup:
    """The length of the gradient and the loss by update, of the first seed; and how all seeds ended."""
    size, found = findings.size, by_name(findings.clipping)
    said = note(
        f"An RNN with ReLU on the identity (IRNN) learns by plain gradient descent, learning rate {LEARNING_RATE}, to "
        f"hold a bit through {size.clipping_lag} steps. Nothing squashes its states, and its gradients are long from "
        "the start. One step along such a gradient throws the weights so far that nearly all units end below 0, where "
        "ReLU has no slope: nothing comes through to the weights any more; the loss "
        "stays at that of guessing, log 2."
    )
    first = {name: trials[0] for name, trials in found.items()}
    pictures = [
        norm_chart("clipping-norms", "Length of the gradient, before clipping.", first, STROKES),
        loss_chart("clipping-loss", "Loss.", first, STROKES),
    ]
    rows = [[trial.name, str(trial.seed), _end(trial), number(max(trial.learned.norms))] for trial in findings.clipping]
    numbers = table(["gradient", "seed", "ended", "longest gradient"], rows, "All seeds")
    return section("clipping", "Clipping", said, tag("div", pictures, class_="pair"), numbers)


def _end(trial: Trial) -> str:
    learned = trial.learned
    if learned.broke:
        return f"not finite at update {learned.updates}"
    return f"solved after {learned.updates} updates" if learned.solved else f"not solved in {learned.updates} updates"
