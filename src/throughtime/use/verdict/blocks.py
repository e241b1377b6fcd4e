"""A text in blocks of lines: what a language model's figures are sure of.

Lines that stand together are alike (one speaker, one function), so they are no independent rows. Blocks of some lines
nearly are, and their spread is what the interval is made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.use.verdict.scores import ratio_scores

LINES = 20  # in a block


def block_scores(metric: str, rows: Sequence[Mapping[str, Any]], side: str) -> list[float] | None:
    """Scores whose mean is the metric, for perplexity its logarithm; ``side`` is ``"loss"`` or ``"baseline_loss"``.

    >>> rows = [{"text": "to be", "tokens": 6, "loss": 1.0}, {"text": "or", "tokens": 3, "loss": 2.5}] * 10
    >>> block_scores("cross_entropy", rows, "loss")
    [1.5]
    """
    blocks = [rows[i : i + LINES] for i in range(0, len(rows), LINES)]
    nats = [math.fsum(row[side] * row["tokens"] for row in block if row["tokens"]) for block in blocks]
    if metric in ("cross_entropy", "perplexity"):
        return ratio_scores(nats, [sum(row["tokens"] for row in block) for block in blocks])
    if metric == "bits_per_character":
        characters = [sum(len(row["text"]) + 1 for row in block) for block in blocks]  # each line with its end
        return ratio_scores([amount / math.log(2) for amount in nats], characters)
    return None


def piece_scores(metric: str, rows: Sequence[Mapping[str, Any]], side: str) -> list[float] | None:
    """Scores whose mean is the metric, a piece of music each, of so many ``frames`` with a mean ``side``.

    >>> piece_scores("nll", [{"frames": 3, "loss": 2.0}, {"frames": 1, "loss": 6.0}], "loss")
    [1.5, 4.5]
    """
    if metric != "nll":
        return None
    return ratio_scores([row[side] * row["frames"] for row in rows], [row["frames"] for row in rows])
