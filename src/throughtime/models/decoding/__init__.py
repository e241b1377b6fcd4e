"""Decoding: scores to one answer for the whole sequence, all steps at once or token by token; one file a way."""

from throughtime.models.decoding.beam import Beam, beam_search
from throughtime.models.decoding.crf import (
    Allowed,
    log_likelihood,
    log_normaliser,
    marginals,
    score,
    viterbi,
)
from throughtime.models.decoding.paths import greedy, sampled
from throughtime.models.decoding.sampling import Sampling
from throughtime.models.decoding.search import Ends, Hypothesis
from throughtime.models.decoding.way import Way

__all__ = [
    "Allowed",
    "Beam",
    "Ends",
    "Hypothesis",
    "Sampling",
    "Way",
    "beam_search",
    "greedy",
    "log_likelihood",
    "log_normaliser",
    "marginals",
    "sampled",
    "score",
    "viterbi",
]
