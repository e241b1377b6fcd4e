"""A baseline: an honest answer without a network, to stand beside the network's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

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
    made of: :meth:`of_texts` makes such material.
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

    def __len__(self) -> int:
        return len(self.target)

    @property
    def kind(self) -> Kind:
        if self.references is not None:
            return "texts"
        return "tokens" if self.vocabulary_size is not None else Outcome(self.target, self.target).kind

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

    def believed(self, probabilities: np.ndarray) -> Outcome:
        """The outcome of these probabilities ``(N, C)``: the likeliest class, or every label above one half."""
        labels = self.kind == "labels"
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
