"""Answers as plain rows: what predictions.jsonl holds, and what ``predict`` gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from throughtime.data.fields import Field
from throughtime.data.records import Records
from throughtime.models.decoding import Hypothesis
from throughtime.models.metrics import Outcome
from throughtime.use.answering import Answers
from throughtime.use.pieces import answered_pieces, test_pieces

MOST = 5  # classes whose probability is kept; with the truth's


def test_rows(
    records: Records, inputs: Sequence[str], output: Field, answers: Answers, baseline: Outcome | None
) -> list[dict[str, Any]]:
    """A row for each test row: place, inputs, truth, answer and loss, and beside them the best baseline's answer."""
    if output.kind == "notes":
        return test_pieces(records, inputs[0], output, answers.outcome, baseline)
    assert answers.losses is not None
    rows = []
    truth, right = answers.outcome.by_row(answers.outcome.truth), answers.outcome.references
    theirs = [] if baseline is None else baseline.by_row(baseline.predicted)
    for i, answer in enumerate(answered_rows(output, answers, with_truth=True)):
        place = records.where(i)
        row = {
            "id": i,
            "file": place.file,
            "row": place.row,
            "inputs": {name: records.columns[name][i] for name in inputs},
            "truth": _named(output, truth[i]),
            **({} if right is None or len(right[i]) == 1 else {"references": list(right[i])}),
            **answer,
            "loss": float(answers.losses[i]),
        }
        if baseline is not None:
            row["baseline"] = _named(output, theirs[i])
        rows.append(row)
    return rows


def answered_rows(output: Field, answers: Answers, *, with_truth: bool = False) -> list[dict[str, Any]]:
    """``{"predicted": ..., "probabilities": {class: share}}`` for each row, likeliest first.

    Where every step is answered, ``predicted`` is a list, and ``sure`` holds the probability of each of its tags. A
    text comes with its ``log_probability``, the ``score`` it was chosen by and whether it was ``finished``; where
    several were asked for, ``n_best`` lists them all.
    """
    outcome = answers.outcome
    if outcome.kind == "notes":
        return answered_pieces(output, outcome)
    if answers.hypotheses is not None:
        return [_text_row(output, found) for found in answers.hypotheses]
    if outcome.lengths is not None:
        return _stepwise_rows(output, outcome)
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


def _text_row(output: Field, found: Sequence[Hypothesis]) -> dict[str, Any]:
    all_of_them = [
        {
            "predicted": output.decode(each.ids),
            "log_probability": each.log_probability,
            "score": each.score,
            "finished": each.finished,
        }
        for each in found
    ]
    return all_of_them[0] if len(found) == 1 else {**all_of_them[0], "n_best": all_of_them}


def _stepwise_rows(output: Field, outcome: Outcome) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"predicted": _named(output, steps)} for steps in outcome.by_row(outcome.predicted)]
    if outcome.probabilities is not None:
        sure = outcome.probabilities[np.arange(len(outcome)), outcome.predicted]
        for row, shares in zip(rows, outcome.by_row(sure), strict=True):
            row["sure"] = [float(share) for share in shares]
    return rows


def best_and_sure(row: Mapping[str, Any]) -> str:
    """One answer in words: ``Arabic (0.83)``, or the answers to all steps, one after the other.

    >>> best_and_sure({"predicted": [[60, 64], []], "probabilities": [{"60": 0.9, "64": 0.6}, {}]})
    '60+64 -'
    """
    predicted, shares = row["predicted"], row.get("probabilities", {})
    if "log_probability" in row:
        return str(predicted)
    if isinstance(row.get("probabilities"), list):
        return " ".join("+".join(map(str, frame)) or "-" for frame in predicted)
    if isinstance(predicted, list) and "probabilities" not in row:
        return " ".join(f"{step:.6g}" if isinstance(step, float) else str(step) for step in predicted)
    if isinstance(predicted, list):
        return ", ".join(f"{name} ({shares[name]:.2f})" for name in predicted) or "no label"
    return f"{predicted} ({shares[predicted]:.2f})" if shares else f"{predicted:.6g}"


def n_best_lines(found: Sequence[Mapping[str, Any]]) -> str:
    """Several texts for one input, the best first, each with what it is ranked by and its log-probability.

    >>> print(n_best_lines([{"predicted": "a dog", "log_probability": -2.5, "score": -1.75}]))
    score -1.750, log P -2.500  a dog
    """
    return "\n".join(
        f"score {one['score']:.3f}, log P {one['log_probability']:.3f}  {one['predicted']}" for one in found
    )


def _named(output: Field, value: Any) -> Any:
    """In the user's terms: a class name, a list of them, or a number."""
    if output.kind == "number":
        return float(value)
    if output.kind == "tokens":
        return str(value)
    return [float(step) for step in value] if output.kind == "numbers" else output.decode(value)


def plain_numbers(values: np.ndarray) -> list[float | None]:
    """Numbers (N,) as JSON has them, with seven digits; None for what is not known.

    >>> plain_numbers(np.array([1 / 3, np.nan]))
    [0.3333333, None]
    """
    return [None if np.isnan(value) else float(f"{value:.7g}") for value in np.asarray(values, dtype=np.float64)]
