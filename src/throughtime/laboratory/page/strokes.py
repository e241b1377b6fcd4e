"""How each network is drawn, the same in every chart: blue with gates, orange without, and a stroke of its own."""

from __future__ import annotations

from collections.abc import Sequence

from throughtime.laboratory.lags import TOLD
from throughtime.laboratory.network import GRU, IRNN, LSTM, LSTM_1997, RNN
from throughtime.use.report.charts.lines import Line

STROKES = {
    RNN.name: ("second", ""),
    IRNN.name: ("second", "dashed"),
    LSTM_1997.name: ("first", ""),
    LSTM.name: ("first", "dashed"),
    TOLD: ("first", "broken"),
    GRU.name: ("first", "dotted"),
}


def network_line(name: str, x: Sequence[float], y: Sequence[float]) -> Line:
    """The curve of a network."""
    colour, stroke = STROKES[name]
    return Line(name, x, y, colour, stroke=stroke)
