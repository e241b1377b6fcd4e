"""Answers as plain rows: what predictions.jsonl holds, and what ``predict`` gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.models.metrics import Outcome
from throughtime.use.answering import Answers

MOST = 5  # classes whose probability is kept; with the truth's


def test_rows(
    records: Records, inputs: Sequence[str], output: Field, answers: Answers, baseline: Outcome | None
) -> list[dict[str, Any]]:
    """A row for each test row: place, inputs, truth, answer and loss, and beside them the best baseline's answer."""
    assert answers.losses is not None
    rows = []
    for i, answer in enumerate(answered_rows(output, answers.outcome, with_truth=True)):
        place = records.where(i)
        row = {
            "id": i,
            "file": place.file,
            "row": place.row,
            "inputs": {name: records.columns[name][i] for name in inputs},
            "truth": _named(output, answers.outcome.truth[i]),
            **answer,
            "loss": float(answers.losses[i]),
        }
        if baseline is not None:
            row["baseline"] = _named(output, baseline.predicted[i])
        rows.append(row)
    return rows


def answered_rows(output: Field, outcome: Outcome, *, with_truth: bool = False) -> list[dict[str, Any]]:
    """``{"predicted": ..., "probabilities": {class: share}}`` for each row, likeliest first."""
    rows = []
    for i, predicted in enumerate(outcome.predicted):
        row = {"predicted": _named(output, predicted)}
        if outcome.probabilities is not None:
            shares = outcome.probabilities[i]
            kept = list(shares.argsort()[::-1][:MOST]) if outcome.kind == "classes" else list(range(len(shares)))
            if with_truth and outcome.kind == "classes" and outcome.truth[i] not in kept:
                kept.append(outcome.truth[i])
            row["probabilities"] = {outcome.classes[k]: float(shares[k]) for k in kept}
        rows.append(row)
    return rows


def best_and_sure(row: Mapping[str, Any]) -> str:
    """One answer in words: ``Arabic (0.83)``."""
    predicted, shares = row["predicted"], row.get("probabilities", {})
    if isinstance(predicted, list):
        return ", ".join(f"{name} ({shares[name]:.2f})" for name in predicted) or "no label"
    return f"{predicted} ({shares[predicted]:.2f})" if shares else f"{predicted:.6g}"


def _named(output: Field, value: Any) -> Any:
    """In the user's terms: a class name, a list of them, or a number."""
    return float(value) if output.kind == "number" else output.decode(value)
