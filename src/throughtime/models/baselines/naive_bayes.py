"""Naive Bayes on words and on character n-grams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines, rank
from throughtime.models.baselines.features import Features, affordable, bag_features, in_words, presence
from throughtime.models.baselines.ngrams import Unit
from throughtime.models.metrics import Outcome

SHORTEST: dict[Unit, int] = {"characters": 3, "words": 1}  # ranges of n-grams begin at 1 up to this
SMOOTHINGS = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02)
WEIGHTS = (1.0, 0.5, 0.25, 0.1, 0.03, 0.01)


@dataclass(frozen=True)
class Settings:
    """What is chosen on the validation split.

    ``counts``: how often a feature occurs, or only whether. ``shortest``, ``longest``: the n-grams used. ``smoothing``
    is added to every count. ``weight`` multiplies the evidence: n-grams overlap and are not independent, so 1 makes
    the classifier far too sure of itself.
    """

    counts: bool
    shortest: int
    longest: int
    smoothing: float = SMOOTHINGS[0]
    weight: float = WEIGHTS[0]

    def uses(self, lengths: np.ndarray) -> np.ndarray:
        """``(F,)``: which features are used; what is no n-gram always is."""
        return (lengths == 0) | (lengths >= self.shortest) & (lengths <= self.longest)


@dataclass(frozen=True)
class NaiveBayes:
    """``log P(k) + weight * sum over features n_f log P(f | k)`` for each case k, then normalised.

    Multinomial (McCallum and Nigam 1998): ``P(f | k) = (n_fk + smoothing) / (n_k + smoothing * F)``. The cases are the
    C classes; with several labels a row they are each label's presence and absence, ``2 C`` of them.
    """

    prior: np.ndarray  # (K,) log P(k)
    likelihood: np.ndarray  # (F, K) log P(f | k)
    weight: float
    labels: bool

    @classmethod
    def fit(cls, bags: Bags, target: np.ndarray, classes: int, smoothing: float, weight: float = 1.0) -> NaiveBayes:
        cases = cases_of(target, classes)
        counts = _product(bags.transposed(), cases) + smoothing
        return cls(_log(cases.mean(axis=0)), np.log(counts) - np.log(counts.sum(axis=0)), weight, target.ndim == 2)

    def probabilities(self, bags: Bags) -> np.ndarray:
        """``(N, C)``."""
        return normalised(self.prior + self.weight * _product(bags, self.likelihood), self.labels)


def cases_of(target: np.ndarray, classes: int) -> np.ndarray:
    """``(N, K)`` of 0 and 1: in which cases each row is; classes, or labels present and then labels absent."""
    if target.ndim == 2:
        return np.concatenate([target, 1 - target], axis=1).astype(np.float64)
    return np.eye(classes)[target]


def normalised(evidence: np.ndarray, labels: bool) -> np.ndarray:
    """Probabilities ``(N, C)`` from the logarithms ``(N, K)`` of what they are proportional to."""
    if labels:
        present, absent = np.split(evidence, 2, axis=1)
        return np.exp(present - np.logaddexp(present, absent))
    odds = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def answer(unit: Unit, train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Chooses counts or presence, n-grams and smoothing, then the weight of the evidence, and answers with them."""
    if train.kind not in ("classes", "labels"):
        return None
    found = bag_features(train, valid, test, unit)
    if found is None or found.train.width == 0:
        return None
    found = affordable(found, outputs=2 * len(train.classes))
    tried = _tried(found, SHORTEST[unit], train, valid)
    _, chosen = max(((rank(outcome, better), settings) for settings, outcome in tried), key=lambda trial: trial[0])
    features = found.select(chosen.uses(found.lengths))
    if not chosen.counts:
        features = presence(features)
    model = NaiveBayes.fit(features.train, train.target, len(train.classes), chosen.smoothing)
    evidence = _product(features.valid, model.likelihood)
    outcomes = {weight: valid.believed(normalised(model.prior + weight * evidence, model.labels)) for weight in WEIGHTS}
    chosen = replace(chosen, weight=max(WEIGHTS, key=lambda weight: rank(outcomes[weight], better)))
    model = replace(model, weight=chosen.weight)
    final = test.believed(model.probabilities(features.test))
    return Answer(f"naive_bayes_{unit}", _in_words(chosen, unit, features, train), outcomes[chosen.weight], final)


def _tried(features: Features, most: int, train: Material, valid: Material) -> Iterator[tuple[Settings, Outcome]]:
    """Counts and presence, every range of n-grams and smoothing, with their answers on the validation split.

    The evidence is a sum over features, so that of a range is the sum of that of its lengths, each computed once.
    """
    cases = cases_of(train.target, len(train.classes))
    prior, labels = _log(cases.mean(axis=0)), train.kind == "labels"
    steps = range(features.longest + 1)
    ranges = [(i, j) for i in range(1, most + 1) for j in range(i, features.longest + 1)] or [(0, 0)]
    parts = [features.select(features.lengths == length) for length in steps]
    held = [(part.train.transposed(), part.valid) for part in parts]
    for counts in (True, False):
        if not counts:
            held = [(across.present(), bags.present()) for across, bags in held]
        totals = [_product(across, cases) for across, _ in held]  # by length (F, K)
        sizes = [bags.row_sums(bags.values)[:, None] for _, bags in held]  # by length (N, 1)
        for smoothing in SMOOTHINGS:
            evidence = [_product(bags, np.log(n + smoothing)) for (_, bags), n in zip(held, totals, strict=True)]
            masses = [(n + smoothing).sum(axis=0) for n in totals]  # by length (K,)
            for shortest, longest in ranges:
                used = [length for length in steps if length == 0 or shortest <= length <= longest]
                mass = np.log(sum(masses[length] for length in used))
                logs = prior + sum(evidence[length] - sizes[length] * mass for length in used)
                yield Settings(counts, shortest, longest, smoothing), valid.believed(normalised(logs, labels))


def _product(bags: Bags, dense: np.ndarray) -> np.ndarray:
    return (bags @ torch.from_numpy(np.ascontiguousarray(dense))).numpy()


def _log(shares: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):  # a case that never occurs in training is impossible: minus infinity
        return np.log(shares)


def _in_words(chosen: Settings, unit: Unit, features: Features, train: Material) -> str:
    words = [
        in_words(unit, chosen.shortest, chosen.longest, features.least) if features.longest else "",
        "categories" if train.categories else "",
        "numbers left out" if train.numbers else "",
        "counted" if chosen.counts else "present or not",
        f"smoothing {chosen.smoothing:g}",
        "" if chosen.weight == 1 else f"evidence weighted by {chosen.weight:g}",
    ]
    return ", ".join(word for word in words if word)


for _unit in ("words", "characters"):
    baselines.add(f"naive_bayes_{_unit}", partial(answer, _unit))
