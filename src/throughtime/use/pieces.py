"""Answers about pieces of music as plain rows: what sounded, what was held for likely, how surprising frames were."""

from __future__ import annotations

from typing import Any

import numpy as np

from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.models.metrics import Outcome
from throughtime.models.metrics.notes import frame_surprise

LIKELY = 0.05  # probabilities of less are left out of a row
DIGITS = 4


def answered_pieces(output: Field, outcome: Outcome) -> list[dict[str, Any]]:
    """``{"predicted": [[60, 64], ...], "probabilities": [{"60": 0.93, ...}, ...]}`` for each piece.

    The first entries are about the second frame, and so on: ``predicted`` holds the notes that are likelier to sound
    than not, ``probabilities`` those of at least 0.05.
    """
    assert outcome.probabilities is not None
    return [
        {"predicted": output.decode(frames), "probabilities": [_likely(frame, outcome.classes) for frame in shares]}
        for frames, shares in zip(outcome.by_row(outcome.predicted), outcome.by_row(outcome.probabilities), strict=True)
    ]


def test_pieces(records: Records, column: str, output: Field, outcome: Outcome, best: Outcome | None) -> list[Any]:
    """A row for each test piece: place, notes, answer, the surprise of each predicted frame, and the mean of these.

    ``notes`` are all frames of the piece; the other lists begin with its second one. Beside ``loss`` stands
    ``baseline_loss``, that of the best baseline.
    """
    ours = outcome.by_row(frame_surprise(outcome))
    theirs = None if best is None else best.by_row(frame_surprise(best))
    truth = outcome.by_row(outcome.truth)
    rows = []
    for i, answered in enumerate(answered_pieces(output, outcome)):
        place = records.where(i)
        row: dict[str, Any] = {
            "id": i,
            "file": place.file,
            "row": place.row,
            "frames": len(ours[i]),
            "inputs": {column: records.columns[column][i]},
            "truth": output.decode(truth[i]),
            **answered,
            "surprise": [round(float(value), DIGITS) for value in ours[i]],
            "loss": float(ours[i].mean()),
        }
        if theirs is not None:
            row["baseline_loss"] = float(theirs[i].mean())
        rows.append(row)
    return rows


def _likely(shares: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    """The likeliest first."""
    found = [int(k) for k in np.argsort(-shares, kind="stable") if shares[k] >= LIKELY]
    return {names[k]: round(float(shares[k]), DIGITS) for k in found}
