"""The findings in a few sentences and as one table."""

from __future__ import annotations

from throughtime.laboratory.counting import at, by_name, mean_sequences, solved
from throughtime.laboratory.findings import Findings
from throughtime.laboratory.grammar import PUBLISHED
from throughtime.laboratory.network import LSTM, LSTM_1997, RNN


def sentences(findings: Findings) -> list[str]:
    """What is said first, on the page and in the terminal."""
    adding, latch = max(findings.size.adding_lags), max(findings.size.latch_lags)
    far, further = by_name(at(findings.adding, adding)), by_name(at(findings.latch, latch))
    strings = mean_sequences(findings.grammar)
    return [
        f"Of the last step's gradient, the first of {adding} steps gets {_share(far[RNN.name][0].after)} in an RNN and "
        f"{_share(far[LSTM.name][0].after)} in an LSTM, both trained to add.",
        f"To add two numbers among {adding} steps: the RNN learned it in {solved(far[RNN.name])} runs, the LSTM in "
        f"{solved(far[LSTM.name])}.",
        f"To hold a bit through {latch} steps of noise: the RNN learned it in {solved(further[RNN.name])} runs, the "
        f"LSTM of 1997 in {solved(further[LSTM_1997.name])}.",
        f"The embedded Reber grammar: the LSTM of 1997 learned it in {solved(findings.grammar)} runs"
        + ("" if strings is None else f", from {strings:,} strings on average")
        + f"; published were {PUBLISHED:,}.",
    ]


def summary(findings: Findings) -> list[tuple[str, ...]]:
    """How many runs were solved: a row for each network, a column for each problem and lag."""
    size = findings.size
    columns = [("adding", findings.adding, lag) for lag in size.adding_lags]
    columns += [("latch", findings.latch, lag) for lag in size.latch_lags]
    names = list(by_name([*findings.adding, *findings.latch]))
    rows = [[by_name(at(trials, lag)).get(name) for _, trials, lag in columns] for name in names]
    return [
        ("solved", *(f"{problem} {lag}" for problem, _, lag in columns)),
        *((name, *(solved(cell) if cell else "-" for cell in row)) for name, row in zip(names, rows, strict=True)),
    ]


def _share(gradients: tuple[float, ...]) -> str:
    return f"{gradients[-1] / gradients[0]:.1g}" if gradients[0] else "nothing"
