"""Metrics of translations, by sacreBLEU (Post 2018), so that figures compare with published ones: 0 to 100."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from throughtime.extra import Extra
from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric as Scorer

EVAL = Extra("eval", "sacrebleu")


def of_sentences(outcome: Outcome) -> bool:
    """Whether the texts are made of words."""
    return outcome.unit == "words"


@measures("texts", better="higher", when=of_sentences, needs="texts of words", extra=EVAL)
def bleu(outcome: Outcome) -> float:
    """BLEU, 0 to 100: how many runs of one to four words are those of the references (Papineni et al. 2002)

    Of the whole split, not a mean over rows; cased, punctuation parted by sacreBLEU's 13a.
    """
    return Corpus("bleu", outcome).figure()


@measures("texts", better="higher", when=of_sentences, needs="texts of words", extra=EVAL)
def chrf(outcome: Outcome) -> float:
    """chrF, 0 to 100: how many runs of one to six letters are those of the references (Popović 2015)

    Recall counts twice as much as precision; spaces do not count.
    """
    return Corpus("chrf", outcome).figure()


class Corpus:
    """An outcome as sacreBLEU counts it: numbers a row, of whose sums over the rows the figure is made.

    ``rows (N, S)`` float64; ``figure(weights)`` is that of the split in which row ``i`` stands ``weights[i]`` times,
    and ``signature`` says how it was measured.
    """

    def __init__(self, metric: str, outcome: Outcome) -> None:
        from sacrebleu.metrics import BLEU, CHRF

        assert outcome.references is not None
        streams = [list(stream) for stream in zip_longest(*outcome.references)]  # None where a row has fewer
        makers: Mapping[str, Any] = {"bleu": partial(BLEU, force=True), "chrf": CHRF}  # no advice on tokenised texts
        self._scorer: Scorer = makers[metric](references=streams)
        answers = [str(text) for text in outcome.predicted]
        # sacreBLEU's own tests of significance begin with these, and sum them anew for every draw
        self.rows = np.array(self._scorer._extract_corpus_statistics(answers, None), dtype=np.float64)

    def figure(self, weights: np.ndarray | None = None) -> float:
        sums = self.rows.sum(axis=0) if weights is None else weights @ self.rows
        return float(self._scorer._compute_score_from_stats(sums.round().astype(np.int64).tolist()).score)

    @property
    def signature(self) -> str:
        return str(self._scorer.get_signature())


def signatures(outcome: Outcome) -> dict[str, str]:
    """How BLEU and chrF were measured, in sacreBLEU's own words, by metric; none where they are not measured.

    For example ``nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0``.
    """
    if outcome.kind != "texts" or len(outcome) == 0 or not (of_sentences(outcome) and EVAL.installed):
        return {}
    return {metric: Corpus(metric, outcome).signature for metric in ("bleu", "chrf")}
