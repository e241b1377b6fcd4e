"""Decoding: scores of all steps to one answer for the whole sequence; one file a way."""

from throughtime.models.decoding.crf import (
    Allowed,
    log_likelihood,
    log_normaliser,
    marginals,
    score,
    viterbi,
)

__all__ = ["Allowed", "log_likelihood", "log_normaliser", "marginals", "score", "viterbi"]
