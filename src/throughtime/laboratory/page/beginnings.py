"""The same RNN with other first weights."""

from __future__ import annotations

from throughtime.laboratory.beginnings import BEGINNINGS
from throughtime.laboratory.counting import by_name, mean_updates, solved
from throughtime.laboratory.findings import Findings
from throughtime.laboratory.page.curves import loss_chart
from throughtime.laboratory.page.distances import distances_table
from throughtime.laboratory.trial import Trial
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.named_lines import named_line_chart
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.parts import chart, note, section, table

STROKES = dict(zip(BEGINNINGS, (("second", ""), ("first", ""), ("first", "dashed")), strict=True))


def beginnings(findings: Findings) -> Markup:
    """What arrives before learning, how the loss falls, and how often the latch problem is learned."""
    size, found = findings.size, by_name(findings.beginnings)
    said = note(
        f"An RNN with tanh shall hold a bit through {size.beginnings_lag} steps of noise. Only its first weights "
        "differ: uniform in ±1/√H, as torch begins, by the rule of Xavier Glorot, or with orthogonal recurrent weights."
    )
    first = {name: trials[0] for name, trials in found.items()}
    charts = [_arriving(first), loss_chart("beginnings-loss", "Loss while learning.", first, STROKES)]
    rows = [[name, solved(trials), mean_updates(trials)] for name, trials in found.items()]
    numbers = table(
        ["first weights", "solved", "updates until then, mean"], rows, f"All seeds, {size.beginnings_updates} updates"
    )
    return section("beginnings", "How the weights begin", said, tag("div", charts, class_="pair"), numbers)


def _arriving(trials: dict[str, Trial]) -> Markup:
    title = "What arrives before learning."
    picture = named_line_chart(
        "beginnings-distances",
        f"Length of the gradient by distance and first weights: {title}",
        [
            Line(name, range(len(t.before)), t.before, STROKES[name][0], stroke=STROKES[name][1])
            for name, t in trials.items()
        ],
        x_label="distance from the last step, in steps",
        y_label="length of the gradient, ‖∂L/∂s‖",
        log_y=True,
    )
    return chart(picture, distances_table([(name, trial.before) for name, trial in trials.items()]), title)
