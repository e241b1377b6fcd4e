"""Metrics of the probabilities."""

from __future__ import annotations

import numpy as np

from throughtime.errors import UsageError
from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome

SMALLEST = float(np.finfo(np.float32).tiny)


def has_beliefs(outcome: Outcome) -> bool:
    """Whether it says how likely the truth was."""
    return outcome.probabilities is not None or outcome.surprise is not None


@measures("classes", "labels", "tokens", "texts", better="lower", when=has_beliefs, needs="probabilities")
def cross_entropy(outcome: Outcome) -> float:
    """mean of -log(probability of the truth), in nats; with several labels a row, mean over rows and labels

    A probability below the smallest normal float32 (1.2e-38) counts as that one, so the figure is at most 87.34 and
    finite. No class weights and no label smoothing, so figures of different trainings compare.

    >>> round(cross_entropy(Outcome(np.array([0]), np.array([0]), np.array([[0.7, 0.3]]), ("a", "b"))), 4)
    0.3567
    """
    return float(np.mean(surprise(outcome)))


@measures("tokens", "texts", better="lower", when=has_beliefs, needs="probabilities")
def perplexity(outcome: Outcome) -> float:
    """exp(cross entropy): among how many equally likely tokens one would be as uncertain

    >>> round(perplexity(Outcome(np.array([5]), np.array([5]), surprise=np.array([np.log(8.0)]), characters=1)), 6)
    8.0
    """
    return float(np.exp(min(cross_entropy(outcome), 700.0)))


@measures("tokens", better="lower")
def bits_per_character(outcome: Outcome) -> float:
    """bits that a perfect coder would need for a character of the text, whatever the tokens are"""
    assert outcome.characters is not None
    return float(np.sum(surprise(outcome)) / np.log(2.0) / max(1, outcome.characters))


def surprise(outcome: Outcome) -> np.ndarray:
    """``(N,)``: each row's -log(probability of the truth); with several labels, the mean over its labels."""
    if outcome.surprise is not None:
        return outcome.surprise
    if outcome.probabilities is None:
        raise UsageError('metric "cross_entropy" needs probabilities, and there are none; choose another metric')
    given = outcome.probabilities.astype(np.float64)
    if outcome.kind == "labels":
        return -np.log(np.maximum(np.where(outcome.truth > 0.5, given, 1 - given), SMALLEST)).mean(axis=1)
    return -np.log(np.maximum(given[np.arange(len(outcome)), outcome.truth], SMALLEST))
