"""The embedded Reber grammar, beside what was published."""

from __future__ import annotations

from throughtime.laboratory.counting import mean_sequences, solved
from throughtime.laboratory.findings import Findings
from throughtime.laboratory.grammar import HIDDEN_SIZE, LEARNING_RATE, PUBLISHED
from throughtime.use.report.charts.bars import named_bars
from throughtime.use.report.html import Markup, tag
from throughtime.use.report.parts import chart, note, section, table


def grammar(findings: Findings) -> Markup:
    """Strings until success by seed, and both settings side by side."""
    size, trials = findings.size, findings.grammar
    said = note(
        "A string is B, then T or P, then a walk through the Reber grammar, then the same T or P again, then E. After "
        f"each symbol all that may come next must stand above all that may not, in all {size.strings} strings it "
        f"learns from and {size.strings} others: success in the words of 1997. Each string read counts."
    )
    bars = [(f"seed {trial.seed}", trial.learned.sequences) for trial in trials if trial.learned.solved]
    picture = named_bars(
        "grammar-strings", "Strings until success, by seed", [*bars, ("published 1997", PUBLISHED)], label="strings"
    )
    rows = [[str(t.seed), t.learned.sequences, "yes" if t.learned.solved else "no"] for t in trials]
    numbers = table(["seed", "strings read", "success"], rows)
    bars_beside = tag("div", chart(picture, numbers, "Strings until success."), class_="pair")
    return section("grammar", "The embedded Reber grammar", said, bars_beside, _settings(findings))


def _settings(findings: Findings) -> Markup:
    trials, strings = findings.grammar, mean_sequences(findings.grammar)
    rows = [
        ["success", "100 % of runs", f"{solved(trials)} runs"],
        ["until success, mean", f"{PUBLISHED:,} strings", "-" if strings is None else f"{strings:,} strings"],
        ["hidden layer", "3 memory blocks of 2 cells that share gates", f"{HIDDEN_SIZE} cells, each with its gates"],
        ["size", "276 weights", f"{weights(HIDDEN_SIZE)} weights"],
        ["gradient", "truncated at the inputs of memory cells", "full, through all steps"],
        ["update", "gradient descent, rate 0.5", f"Adam, rate {LEARNING_RATE}, after each string"],
        ["output", "logistic units, squared error", "softmax, cross entropy"],
    ]
    return table(["", "Hochreiter and Schmidhuber 1997", "here"], rows, "Beside table 1 of the paper")


def weights(hidden_size: int) -> int:
    """Of the network here: three maps of 7 symbols, the state and a bias, and the output.

    >>> weights(6)
    301
    """
    return 3 * hidden_size * (7 + hidden_size + 1) + 7 * (hidden_size + 1)
