"""A baseline: an honest answer without a network, to stand beside the network's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from throughtime.data.scaling import Scaling
from throughtime.data.series.backtest import Backtest
from throughtime.extra import Extra
from throughtime.models.baselines.rolling import Measured, Rolling
from throughtime.models.metrics import Kind, Outcome, TextUnit, surprise
from throughtime.registry import Registry


@dataclass(frozen=True)
class Material:
    """One split as a baseline sees it: input columns by kind, raw, and the target in the form of ``Outcome.truth``.

    ``series`` hold the measurements of each row ``(T, channels)``, scaled. Where every step is answered, ``sequences``
    hold the tokens of each row, column by column, the target those of all rows one after the other, and
    ``lengths (R,)`` how many each row has. A language model's target is one stream of
    ids below ``vocabulary_size``, which stands for so many ``characters``. Where a text is answered with a text, the
    first of ``texts`` is what is read, ``references`` are the right answers to each row, and ``unit`` is what these are
    made of: :meth:`of_texts` makes such material. Where sets of notes follow each other, ``before (N, C)`` are those of
    the frame before each of the target's.

    Where series are forecast, ``rolling`` holds which forecasts are asked for, and ``target`` nothing: the truths of a
    million forecasts are not held at once. :meth:`of_backtest` makes such material.
    """

    texts: dict[str, list[str]]
    numbers: dict[str, np.ndarray]
    categories: dict[str, list[str]]
    target: np.ndarray
    classes: tuple[str, ...] = ()
    sequences: dict[str, list[list[str]]] = field(default_factory=dict)
    lengths: np.ndarray | None = None
    vocabulary_size: int | None = None
    characters: int | None = None
    references: tuple[tuple[str, ...], ...] | None = None
    unit: TextUnit = "words"
    rolling: Rolling | None = None
    before: np.ndarray | None = None
    series: dict[str, list[np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of_texts(
        cls, column: str, sources: Sequence[str], references: Sequence[Sequence[str]], unit: TextUnit
    ) -> Material:
        """Texts out of the texts of this column; of several ``references`` a row the first is the truth.

        >>> part = Material.of_texts("word", ["cat"], [["K AE1 T"]], "symbols")
        >>> part.kind, part.target.tolist(), part.written(["K AH0 T"]).kind
        ('texts', ['K AE1 T'], 'texts')
        """
        right = tuple(map(tuple, references))
        target = Outcome.of_texts(right, [row[0] for row in right], unit).truth
        return cls({column: list(sources)}, {}, {}, target, references=right, unit=unit)

    @classmethod
    def of_backtest(
        cls,
        backtest: Backtest,
        scalings: Sequence[Scaling],
        scales: np.ndarray,
        level: float | None,
        measured: Measured = "units",
    ) -> Material:
        """Forecasts over a panel of S series whose values are in deviations from the mean.

        ``scalings`` say for each series of the panel how it came from the user's units, ``scales (S,)`` what the naive
        forecast is wrong by on average within the training values, in the user's units (NaN where there is none), and
        ``level`` is the nominal share of the interval. Errors are ``measured`` in the user's units, or in deviations.

        >>> from throughtime.data.series.panel import Panel
        >>> asked = Backtest.over(Panel.of_values([np.array([-1.0, 0.0, 1.0])]), 1, 3, 1)
        >>> part = Material.of_backtest(asked, [Scaling(10.0, 2.0)], np.array([2.0]), None)
        >>> outcome = part.forecast(asked.lags(1))
        >>> part.kind, len(part), outcome.truth.tolist(), outcome.predicted.tolist()
        ('forecasts', 2, [[10.0], [12.0]], [[8.0], [10.0]])
        """
        rolling = Rolling.of(backtest, scalings, scales, level, measured)
        return cls({}, {}, {}, np.zeros((len(backtest), 0)), rolling=rolling)

    def __len__(self) -> int:
        return len(self.target)

    @property
    def backtest(self) -> Backtest:
        """Which forecasts are asked for, in deviations."""
        assert self.rolling is not None
        return self.rolling.backtest

    @property
    def kind(self) -> Kind:
        if self.rolling is not None:
            return "forecasts"
        if self.references is not None:
            return "texts"
        return (
            "tokens"
            if self.vocabulary_size is not None
            else Outcome(self.target, self.target, lengths=self.lengths).kind
        )

    def answered(self, predicted: np.ndarray) -> Outcome:
        """The outcome of predicting these numbers ``(N,)``."""
        return Outcome(self.target, predicted, lengths=self.lengths)

    def named(self, predicted: np.ndarray) -> Outcome:
        """The outcome of naming these classes ``(N,)``, without probabilities."""
        return Outcome(self.target, predicted, None, self.classes, self.lengths)

    def surprised(self, surprise: np.ndarray) -> Outcome:
        """The outcome of a language model that finds each token as surprising as this ``(N,)``, in nats."""
        unknown = np.full(len(self.target), -1)
        return Outcome(np.asarray(self.target), unknown, surprise=surprise, characters=self.characters)

    def written(self, predicted: Sequence[str]) -> Outcome:
        """The outcome of answering with these N texts."""
        assert self.references is not None
        return Outcome.of_texts(self.references, predicted, self.unit)

    def forecast(
        self, predicted: np.ndarray, quantiles: np.ndarray | None = None, levels: Sequence[float] = ()
    ) -> Outcome:
        """The outcome of these forecasts (N, H), with or without their quantiles (N, H, Q), all in deviations."""
        assert self.rolling is not None
        return self.rolling.outcome(predicted, quantiles, levels)

    def at_most(self, count: int) -> Material:
        """Of forecasts: itself, or so many of them, evenly spread."""
        assert self.rolling is not None
        part = replace(self.rolling, backtest=self.backtest.at_most(count))
        return replace(self, target=self.target[:count], rolling=part)

    def believed(self, probabilities: np.ndarray) -> Outcome:
        """The outcome of these probabilities ``(N, C)``: the likeliest class, or every label above one half."""
        labels = self.kind in ("labels", "notes")
        predicted = probabilities > 0.5 if labels else probabilities.argmax(axis=1)
        return Outcome(self.target, predicted.astype(self.target.dtype), probabilities, self.classes, self.lengths)


@dataclass(frozen=True)
class Answer:
    """What a baseline answered, and the settings it chose on the validation split, in words."""

    name: str
    settings: str
    valid: Outcome
    test: Outcome


Score = Callable[[Outcome], float]  # higher is better
Baseline = Callable[[Material, Material, Material, Score], Answer | None]
"""``baseline(train, valid, test, better)``: fits on ``train`` alone, chooses its settings by ``better`` on ``valid``,
and answers ``test`` once, with the chosen ones. None where it does not apply to such material."""


def rank(outcome: Outcome, better: Score) -> tuple[float, float]:
    """By what settings are chosen: the score, and among equal ones the lower cross entropy."""
    return better(outcome), 0.0 if outcome.probabilities is None else -float(surprise(outcome).mean())


baselines: Registry[Baseline] = Registry("baseline", "throughtime.models.baselines")

EXTRAS = {"exponential_smoothing": Extra("forecast", "statsmodels")}
"""By name of a baseline, what it is computed with; where that is not installed the baseline does not apply."""
