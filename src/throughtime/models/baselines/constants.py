"""Baselines that look at no input: the most frequent class, the mean, the median."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from throughtime.models.baselines.baseline import Answer, Material, Score, baselines


@baselines.named("majority")
def majority(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The most frequent class of the training split, or the labels that most rows have; the shares as probabilities."""
    if train.kind not in ("classes", "labels"):
        return None
    if train.kind == "labels":
        shares = train.target.mean(axis=0)
        likely = [name for name, share in zip(train.classes, shares, strict=True) if share > 0.5]
        settings = f"always {', '.join(likely) or 'no label'}"
    else:
        shares = np.bincount(train.target, minlength=len(train.classes)) / len(train)
        settings = f"always {train.classes[int(shares.argmax())]}"
    valid_answer, test_answer = (part.believed(np.tile(shares, (len(part), 1))) for part in (valid, test))
    return Answer("majority", settings, valid_answer, test_answer)


@baselines.named("mean")
def mean(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The mean of the training split for every row."""
    return _always("mean", lambda numbers: float(numbers.mean()), train, valid, test)


@baselines.named("median")
def median(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The median of the training split for every row."""
    return _always("median", lambda numbers: float(np.median(numbers)), train, valid, test)


def _always(
    name: str, centre: Callable[[np.ndarray], float], train: Material, valid: Material, test: Material
) -> Answer | None:
    if train.kind != "numbers":
        return None
    number = centre(train.target)
    valid_answer, test_answer = (part.answered(np.full(len(part), number)) for part in (valid, test))
    return Answer(name, f"always {number:.6g}", valid_answer, test_answer)
