"""The length of the gradient by distance, before learning and after."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.laboratory.counting import at, by_name
from throughtime.laboratory.findings import Findings
from throughtime.laboratory.page.strokes import network_line
from throughtime.laboratory.trial import Trial
from throughtime.use.report.charts.named_lines import named_line_chart
from throughtime.use.report.html import Markup, join, tag
from throughtime.use.report.parts import chart, note, section, table

LEAST = 1e-9  # shorter gradients are not drawn


def distances(findings: Findings) -> Markup:
    """Two charts: the same networks before and after they learned the adding problem at its longest lag."""
    lag = max(findings.size.adding_lags)
    trials = [found[0] for found in by_name(at(findings.adding, lag)).values()]
    said = note(
        f"Networks read {lag} steps of the adding problem. The loss at the last step goes back through the steps, and "
        "at each we ask how long the gradient of the state is. A straight line on this scale is a factor a step: this "
        "is vanishing. Orange are the networks without gates, blue those with."
    )
    charts = [
        _chart("before", f"Before learning, {lag} steps.", [(trial.name, trial.before) for trial in trials]),
        _chart(
            "after", f"After learning, {lag} steps.", [(trial.name, trial.after) for trial in trials], _ended(trials)
        ),
    ]
    return section("distances", "How much arrives", said, tag("div", charts, class_="pair"))


def _chart(name: str, title: str, measured: Sequence[tuple[str, Sequence[float]]], remark: str = "") -> Markup:
    picture = named_line_chart(
        f"distances-{name}",
        f"Length of the gradient by distance: {title}",
        [network_line(who, range(len(lengths)), lengths) for who, lengths in measured],
        x_label="distance from the last step, in steps",
        y_label="length of the gradient, ‖∂L/∂s‖",
        log_y=True,
        y_from=LEAST,
    )
    return chart(picture, distances_table(measured), title, remark)


def distances_table(measured: Sequence[tuple[str, Sequence[float]]]) -> Markup:
    """The numbers at a few distances, a column each network."""
    longest = len(measured[0][1])
    places = [k for k in (0, 1, 3, 10, 30, 100, 300) if k < longest - 1] + [longest - 1]
    rows = [[str(k), *(f"{lengths[k]:.1e}" for _, lengths in measured)] for k in places]
    return table(["steps back", *(name for name, _ in measured)], rows)


def _ended(trials: Sequence[Trial]) -> Markup:
    learned = [trial.name for trial in trials if trial.learned.solved]
    return join(f"{', '.join(learned)} learned it, the others did not." if learned else "None of them learned it.")
