"""Metrics of sets of notes, a set for each frame."""

from __future__ import annotations

import numpy as np

from throughtime.models.metrics.entropy import SMALLEST, has_beliefs
from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome


@measures("notes", better="lower", when=has_beliefs, needs="probabilities")
def nll(outcome: Outcome) -> float:
    """-log(probability of a frame), in nats, summed over its 88 notes; the mean over all predicted frames

    The first frame of a piece is predicted from nothing, and is not among them. A probability below the smallest normal
    float32 counts as that one.

    >>> one = Outcome(np.array([[1, 0]]), np.array([[1, 0]]), np.array([[0.5, 0.2]]), ("60", "61"), np.array([1]))
    >>> round(nll(one), 4)  # -log 0.5 - log 0.8
    0.9163
    """
    return float(np.mean(frame_surprise(outcome)))


@measures("notes", better="higher")
def note_f1(outcome: Outcome) -> float:
    """F1 of the notes that are held for likelier to sound than not, over all frames

    2 TP / (2 TP + FP + FN); 1 where nothing sounds and nothing was said to.
    """
    hits, wrong = _counted(outcome)
    return 2 * hits / (2 * hits + wrong) if hits + wrong else 1.0


@measures("notes", better="higher")
def note_accuracy(outcome: Outcome) -> float:
    """right notes among those that sound or were said to: TP / (TP + FP + FN) over all frames (Bay et al. 2009)"""
    hits, wrong = _counted(outcome)
    return hits / (hits + wrong) if hits + wrong else 1.0


def frame_surprise(outcome: Outcome) -> np.ndarray:
    """-log of the probability of each frame ``(N,)``, summed over its notes."""
    assert outcome.probabilities is not None
    given = np.where(outcome.truth > 0, outcome.probabilities, 1 - outcome.probabilities)
    return -np.log(np.maximum(given, SMALLEST)).sum(axis=1)


def _counted(outcome: Outcome) -> tuple[int, int]:
    """Notes that are right, and those that are missed or too many."""
    truth, said = outcome.truth > 0, outcome.predicted > 0
    return int((truth & said).sum()), int((truth != said).sum())
