"""k-mers of DNA and RNA, of one strand or of both, counted regardless of where they stand: what knows no order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from throughtime.data.nucleotides import are_nucleotides
from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines, rank
from throughtime.models.baselines.features import Features, joined, log_counts
from throughtime.models.baselines.linear import STRONGER, WEAKER
from throughtime.models.baselines.logistic_regression import fitted
from throughtime.models.baselines.naive_bayes import SMOOTHINGS, WEIGHTS, NaiveBayes
from throughtime.models.metrics import Outcome

LENGTHS = (6, 5, 4, 3, 2, 1)  # of k-mers; of equal ones the longest is kept, which are the first tried
BASES = 4
NUMBERS = np.full(256, -1, dtype=np.int64)  # of letters; any other letter than these has none
for _number, _letters in enumerate(("Aa", "Cc", "Gg", "TtUu")):  # so that 3 - n pairs with n
    NUMBERS[[ord(letter) for letter in _letters]] = _number


@dataclass(frozen=True)
class Counting:
    """What is counted: runs of ``k`` letters; with ``both`` a run and its reverse complement are the same."""

    k: int
    both: bool

    def __str__(self) -> str:
        return f"{self.k}-mers of {'both strands' if self.both else 'the strand as given'}"


def counted(texts: Sequence[str], counting: Counting) -> Bags:
    """How often each k-mer stands in each text ``(N, 4 ** k)``; none with a letter other than A, C, G, T or U.

    >>> bags = counted(["AAC", "GTT"], Counting(2, both=True))
    >>> (bags.dense()[0] == bags.dense()[1]).all(), bags.dense()[0].nonzero()
    (np.True_, (array([0, 1]),))
    """
    k = counting.k
    letters = [NUMBERS[np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8)] for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(one) for one in letters])
    numbers = np.concatenate([*letters, np.zeros(0, dtype=np.int64)])
    places = np.arange(max(0, len(numbers) - k + 1))
    windows = [numbers[places + step] for step in range(k)]
    inside = (rows[places] == rows[places + k - 1]) & np.all([one >= 0 for one in windows], axis=0)
    codes = sum((one * BASES ** (k - 1 - step) for step, one in enumerate(windows)), np.zeros(len(places), np.int64))
    if counting.both:
        other = sum((3 - one) * BASES**step for step, one in enumerate(windows))
        codes = np.minimum(codes, other)
    return Bags.counted(rows[places][inside], codes[inside], shape=(len(texts), BASES**k))


def kmer_features(train: Material, valid: Material, test: Material, counting: Counting) -> Features:
    """The k-mers of every column of texts, side by side; only those that training has."""
    parts = []
    for column in sorted(train.texts):
        first, second, third = (counted(part.texts[column], counting) for part in (train, valid, test))
        parts.append(Features(first, second, third, np.full(first.width, counting.k)))
    whole = joined(parts)
    return whole.select(whole.train.frequency() > 0)


def answer_naive_bayes(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Naive Bayes on the counts; k, strands, smoothing and the weight of the evidence are chosen on valid."""
    if not _applies(train):
        return None

    def tried(features: Features) -> Iterator[tuple[NaiveBayes, str]]:
        for smoothing in SMOOTHINGS:
            model = NaiveBayes.fit(features.train, train.target, len(train.classes), smoothing)
            for weight in WEIGHTS:
                yield (
                    NaiveBayes(model.prior, model.likelihood, weight, model.labels),
                    f"smoothing {smoothing:g}, evidence weighted by {weight:g}",
                )

    best: tuple[tuple[float, float], str, Outcome, Outcome] | None = None
    for counting, features in _each(train, valid, test):
        for model, words in tried(features):
            outcome = valid.believed(model.probabilities(features.valid))
            found = rank(outcome, better)
            if best is None or found > best[0]:
                best = (found, f"{counting}, {words}", outcome, test.believed(model.probabilities(features.test)))
    return None if best is None else Answer("naive_bayes_kmers", *best[1:])


def answer_logistic_regression(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Logistic regression on log counts; k and strands are chosen on valid at one penalty, then the penalty."""
    if not _applies(train):
        return None
    labels = train.kind == "labels"
    wanted = train.target if labels else np.eye(len(train.classes))[train.target]
    fit = partial(fitted, torch.from_numpy(wanted.astype(np.float32)), labels)
    best: tuple[tuple[float, float], Counting, float, Features, Outcome] | None = None

    def compare(counting: Counting, features: Features, strength: float) -> None:
        nonlocal best
        model = fit(features.train, features.train.transposed(), strength / len(train), None)
        outcome = model.outcome(features.valid, valid)
        found = rank(outcome, better)
        if best is None or found > best[0]:
            best = (found, counting, strength, features, outcome)

    for counting, features in _each(train, valid, test):
        compare(counting, log_counts(features), 1.0)
    if best is None:
        return None
    _, counting, _, features, _ = best
    for strength in (*WEAKER, *STRONGER):
        compare(counting, features, strength)
    _, counting, strength, features, outcome = best
    model = fit(features.train, features.train.transposed(), strength / len(train), None)
    words = f"{counting}, log counts, penalty {strength:g}"
    return Answer("logistic_regression_kmers", words, outcome, model.outcome(features.test, test))


def _each(train: Material, valid: Material, test: Material) -> Iterator[tuple[Counting, Features]]:
    for k in LENGTHS:
        for both in (True, False):
            features = kmer_features(train, valid, test, Counting(k, both))
            if features.train.width:
                yield Counting(k, both), features


def _applies(train: Material) -> bool:
    """Classes or labels, of columns of nucleic acids alone."""
    if train.kind not in ("classes", "labels") or not train.texts:
        return False
    return all(are_nucleotides(texts) for texts in train.texts.values())


baselines.add("naive_bayes_kmers", answer_naive_bayes)
baselines.add("logistic_regression_kmers", answer_logistic_regression)
