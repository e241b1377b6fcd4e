"""What the linear baselines share: their features, and the choice of their settings on the validation split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import Answer, Material, Score, rank
from throughtime.models.baselines.features import (
    Features,
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
LONGEST: dict[Unit, tuple[int, ...]] = {"characters": (3, 4, 5), "words": (1, 2)}
STRENGTHS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003)  # falling, so that each fit starts from a smoother one
MIDDLE = 0.1  # the strength at which forms and n-grams are compared
WEIGHTS = 20_000_000  # features times outputs, to stay within memory
WORK = 300_000_000  # entries times outputs, to stay within minutes


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
    outputs: int

    @classmethod
    def of(cls, unit: Unit, train: Material, valid: Material, test: Material) -> Inputs | None:
        """None without a text, or for words without any input that a linear model can use."""
        splits = (train, valid, test)
        others = tuple(part for part in (category_features(*splits), number_features(*splits)) if part is not None)
        grams = ngram_features(*splits, unit)
        if grams is None and (unit == "characters" or not others):
            return None
        return cls(unit, grams, others, max(len(train.classes), 1))

    def choices(self) -> list[Settings]:
        """Forms and lengths to be compared, of n-grams that occur in at least two training rows."""
        if self.grams is None:
            return [Settings()]
        lengths = [length for length in LONGEST[self.unit] if length <= self.grams.longest] or [self.grams.longest]
        return [Settings(form, length, least=2) for form in FORMS for length in lengths]

    def features(self, settings: Settings) -> Features:
        """The features of all splits in this form."""
        if self.grams is None:
            return joined(list(self.others))
        return joined([FORMS[settings.form](self.grams.select(self._kept(settings))), *self.others])

    def in_words(self, settings: Settings) -> str:
        """The settings, for people."""
        penalty = f"penalty {settings.strength:g}"
        if self.grams is None:
            return penalty
        kept = self._kept(settings)
        least = int(self.grams.train.frequency()[kept].min(initial=1))
        rarely = f"in at least {least} training rows, " if least > 1 else ""
        return f"{in_words(self.unit, 1, settings.longest)}, {settings.form}, {rarely}{penalty}"

    def _kept(self, settings: Settings) -> np.ndarray:
        """``(F,)``: the n-grams in use; where they are too many to fit, those in the most rows."""
        assert self.grams is not None
        frequency = np.where(self.grams.lengths <= settings.longest, self.grams.train.frequency(), 0)
        order = np.argsort(-frequency, kind="stable")
        affordable = np.cumsum(frequency[order]) <= WORK // self.outputs
        affordable[WEIGHTS // self.outputs :] = False
        kept = np.zeros(len(frequency), bool)
        kept[order] = affordable
        return kept & (frequency >= settings.least)


def choose(name: str, inputs: Inputs, fit: Fit[M], valid: Material, test: Material, better: Score) -> Answer:
    """Compares forms and lengths at one penalty, then whether rare n-grams help, then penalties from strong to weak."""
    first = _best(_tried(inputs.choices(), inputs, fit, valid), better)
    others = [replace(first.settings, least=1)] if first.settings.least > 1 else []
    second = _best([first, *_tried(others, inputs, fit, valid)], better)
    path = [replace(second.settings, strength=strength) for strength in STRENGTHS]
    last = _best(_tried(path, inputs, fit, valid), better)
    answer = last.model.outcome(inputs.features(last.settings).test, test)
    return Answer(name, inputs.in_words(last.settings), last.outcome, answer)


@dataclass(frozen=True)
class _Trial:
    settings: Settings
    model: Model
    outcome: Outcome


def _tried(choices: list[Settings], inputs: Inputs, fit: Fit[M], valid: Material) -> Iterator[_Trial]:
    """Fits each choice; one that differs from the choice before in its penalty alone starts from that one's model."""
    before: Settings | None = None
    model: M | None = None
    for settings in choices:
        if before is None or replace(settings, strength=before.strength) != before:
            model = None
            features = inputs.features(settings)
            across = features.train.transposed()
        model = fit(features.train, across, settings.strength / len(features.train), model)
        yield _Trial(settings, model, model.outcome(features.valid, valid))
        before = settings


def _best(trials: Iterator[_Trial] | list[_Trial], better: Score) -> _Trial:
    return max(trials, key=lambda trial: rank(trial.outcome, better))
