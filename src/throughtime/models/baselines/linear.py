"""What the linear baselines share: their features, and the choice of their settings on the validation split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import torch

from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import Answer, Material, Score, rank
from throughtime.models.baselines.features import (
    Features,
    affordable,
    category_features,
    in_words,
    joined,
    log_counts,
    ngram_features,
    number_features,
    tf_idf,
)
from throughtime.models.baselines.ngrams import Unit
from throughtime.models.metrics import Outcome

FORMS = {"tf-idf": tf_idf, "log counts": log_counts}
LONGEST: dict[Unit, tuple[int, ...]] = {"characters": (4, 3, 5), "words": (2, 1)}
MIDDLE = 0.1  # the strength at which forms and n-grams are compared
WEAKER = (0.03, 0.01, 0.003)
STRONGER = (0.3, 1.0, 3.0, 10.0, 30.0)


class Model(Protocol):
    """A fitted linear model."""

    def outcome(self, bags: Bags, material: Material) -> Outcome:
        """Its answers for these rows."""
        ...


M = TypeVar("M", bound=Model)
Fit = Callable[[Bags, Bags, float, M | None], M]
"""``fit(bags, bags.transposed(), l2, start)``: the model with the least penalised loss, found from ``start``."""


@dataclass(frozen=True)
class Settings:
    """What is chosen: the form of the counts, n-grams up to which length and from how many rows, and the penalty.

    ``strength / N`` is the factor of half the squared weights, beside the mean loss over the N training rows.
    """

    form: str = "tf-idf"
    longest: int = 0
    least: int = 1
    strength: float = MIDDLE


@dataclass(frozen=True)
class Inputs:
    """The inputs of all splits: n-grams, whose counts can take several forms, and what stands beside them."""

    unit: Unit
    grams: Features | None
    others: tuple[Features, ...]

    @classmethod
    def of(cls, unit: Unit, train: Material, valid: Material, test: Material) -> Inputs | None:
        """None without a text, or for words without any input that a linear model can use."""
        splits = (train, valid, test)
        others = tuple(part for part in (category_features(*splits), number_features(*splits)) if part is not None)
        grams = ngram_features(*splits, unit)
        if grams is None or grams.train.width == 0:
            return cls(unit, None, others) if unit == "words" and others else None
        return cls(unit, affordable(grams, outputs=max(len(train.classes), 1)), others)

    def questions(self) -> dict[str, tuple[Any, ...]]:
        """By name of a setting, its values to be compared, in the order of the comparisons; the first is the start."""
        if self.grams is None:
            return {}
        lengths = tuple(dict.fromkeys(min(length, self.grams.longest) for length in LONGEST[self.unit]))
        return {"longest": lengths, "form": tuple(FORMS), "least": (2, 1)}

    def features(self, settings: Settings) -> Features:
        """The features of all splits in this form."""
        if self.grams is None:
            return joined(list(self.others))
        return joined([FORMS[settings.form](self._chosen(self.grams, settings)), *self.others])

    def in_words(self, settings: Settings) -> str:
        """The settings, for people."""
        penalty = f"penalty {settings.strength:g}"
        if self.grams is None:
            return penalty
        least = self._chosen(self.grams, settings).least
        return f"{in_words(self.unit, 1, settings.longest, least)}, {settings.form}, {penalty}"

    @staticmethod
    def _chosen(grams: Features, settings: Settings) -> Features:
        return grams.select((grams.lengths <= settings.longest) & (grams.train.frequency() >= settings.least))


class Choices(Protocol):
    """Inputs that can take several forms: what is to be compared, the features in each form, and its words."""

    def questions(self) -> dict[str, tuple[Any, ...]]:
        """By name of a setting, its values to be compared, in the order of the comparisons; the first is the start."""
        ...

    def features(self, settings: Settings) -> Features:
        """The features of all splits in this form."""
        ...

    def in_words(self, settings: Settings) -> str:
        """The settings, for people."""
        ...


def choose(name: str, inputs: Choices, fit: Fit[M], valid: Material, test: Material, better: Score) -> Answer:
    """Compares lengths, then forms, then whether rare n-grams help, at one penalty; then climbs along the penalties."""
    questions = inputs.questions()
    with _one_thread():
        first = replace(Settings(), **{question: values[0] for question, values in questions.items()})
        best = _tried(first, inputs, fit, valid)
        for question, values in questions.items():
            others = [replace(best.settings, **{question: value}) for value in values[1:]]
            best = _best([best, *(_tried(other, inputs, fit, valid) for other in others)], better)
        features = inputs.features(best.settings)
        best = _climbed(best, features, fit, valid, better)
        return Answer(name, inputs.in_words(best.settings), best.outcome, best.model.outcome(features.test, test))


@dataclass(frozen=True)
class _Trial(Generic[M]):
    settings: Settings
    model: M
    outcome: Outcome


def _tried(settings: Settings, inputs: Choices, fit: Fit[M], valid: Material) -> _Trial[M]:
    features = inputs.features(settings)
    train = features.train
    model = fit(train, train.transposed(), settings.strength / len(train), None)
    return _Trial(settings, model, model.outcome(features.valid, valid))


def _climbed(best: _Trial[M], features: Features, fit: Fit[M], valid: Material, better: Score) -> _Trial[M]:
    """Weaker penalties while they help, each fit starting from the one before; if none does, stronger ones."""
    across = features.train.transposed()
    for strengths in (WEAKER, STRONGER):
        for strength in strengths:
            model = fit(features.train, across, strength / len(features.train), best.model)
            trial = _Trial(replace(best.settings, strength=strength), model, model.outcome(features.valid, valid))
            if _best([best, trial], better) is best:
                break
            best = trial
        if best.settings.strength != MIDDLE:
            break
    return best


@contextmanager
def _one_thread() -> Iterator[None]:
    """The same bits whatever the threads, and no slower: the operations are short.

    A second thread saved nothing on 2 idle cores, and on busy ones it made the fits 4 times slower.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _best(trials: list[_Trial[M]], better: Score) -> _Trial[M]:
    return max(trials, key=lambda trial: rank(trial.outcome, better))
