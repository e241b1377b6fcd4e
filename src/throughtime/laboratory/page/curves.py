"""What changes from update to update: the loss and the length of the gradient, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from throughtime.laboratory.trial import Trial
from throughtime.use.report.charts.lines import Line
from throughtime.use.report.charts.named_lines import named_line_chart
from throughtime.use.report.html import Markup
from throughtime.use.report.numbers import number
from throughtime.use.report.parts import chart, table

Strokes = Mapping[str, tuple[str, str]]  # by name: colour and stroke


def loss_chart(key: str, title: str, trials: Mapping[str, Trial], strokes: Strokes) -> Markup:
    """The loss of each trial; ``key`` is unique in the page."""
    losses = {name: trial.learned.losses for name, trial in trials.items()}
    return _chart(key, title, "loss, nats a sequence", losses, strokes)


def norm_chart(key: str, title: str, trials: Mapping[str, Trial], strokes: Strokes) -> Markup:
    """The length of the gradient of each trial, before clipping."""
    norms = {name: trial.learned.norms for name, trial in trials.items()}
    return _chart(key, title, "length of the gradient of all weights", norms, strokes)


def _chart(key: str, title: str, unit: str, values: Mapping[str, Sequence[float]], strokes: Strokes) -> Markup:
    lines = [Line(who, range(1, len(y) + 1), y, strokes[who][0], stroke=strokes[who][1]) for who, y in values.items()]
    picture = named_line_chart(key, title, lines, x_label="update", y_label=unit, log_y=True)
    longest = max(map(len, values.values()))
    updates = sorted({k for k in (1, 2, 3, 5, 10, 20, 50, 100, 200, longest) if k <= longest})
    rows = [[str(k), *(number(y[k - 1]) if k <= len(y) else "-" for y in values.values())] for k in updates]
    return chart(picture, table(["update", *values], rows), title)
