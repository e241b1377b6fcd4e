"""An outcome: what a model or a baseline answered on a split, beside the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from throughtime.models.metrics.text_units import TextUnit

Kind = Literal["classes", "labels", "numbers", "tokens", "texts", "notes"]


@dataclass(frozen=True)
class Outcome:
    """Answers to N questions, in the user's own terms.

    ============  ================================  ===========================================
    kind          truth and predicted               probabilities
    ============  ================================  ===========================================
    ``classes``   ``(N,)`` whole numbers below C    ``(N, C)``, each row sums to 1
    ``labels``    ``(N, C)`` of 0 and 1             ``(N, C)``, each the probability of that label
    ``notes``     ``(N, C)``, labels of every step  ``(N, C)``, each the probability of that note
    ``numbers``   ``(N,)`` floats, the user's unit  none
    ``tokens``    ``(N,)`` ids of a vocabulary      ``surprise (N,)``, -log P(truth) in nats, in their place
    ``texts``     ``(N,)`` objects, each a ``str``  none, or the ``surprise (M,)`` of all their tokens
    ============  ================================  ===========================================

    Where every step of a sequence is a question, the steps of all rows stand one after the other, and ``lengths (R,)``
    says how many each of the R rows has. Tokens stand for so many ``characters`` of text.

    Of ``texts``, ``references`` hold for each row every text that is right, the truth first, and ``unit`` says what
    they are made of: :meth:`of_texts` makes such an outcome.

    >>> Outcome(np.array([0, 2]), np.array([0, 1]), classes=("cat", "cow", "dog")).kind
    'classes'
    >>> steps = Outcome(np.array([0, 2, 1]), np.array([0, 1, 1]), lengths=np.array([1, 2]))
    >>> [part.tolist() for part in steps.by_row(steps.predicted)]
    [[0], [1, 1]]
    """

    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    lengths: np.ndarray | None = None
    surprise: np.ndarray | None = None
    characters: int | None = None
    references: tuple[tuple[str, ...], ...] | None = None
    unit: TextUnit = "words"

    @classmethod
    def of_texts(
        cls,
        references: Sequence[Sequence[str]],
        predicted: Sequence[str],
        unit: TextUnit,
        surprise: np.ndarray | None = None,
    ) -> Outcome:
        """Texts as answers: ``references`` hold one or several right ones a row, the first of which is the truth.

        >>> both = Outcome.of_texts([["a cat", "the cat"], ["no"]], ["the cat", "yes"], "words")
        >>> both.kind, both.truth.tolist()
        ('texts', ['a cat', 'no'])
        """
        right = tuple(map(tuple, references))
        answers = texts([row[0] for row in right]), texts(predicted)
        return cls(*answers, surprise=surprise, references=right, unit=unit)

    def __post_init__(self) -> None:
        assert self.truth.shape == self.predicted.shape, (self.truth.shape, self.predicted.shape)
        if self.probabilities is not None:
            assert self.probabilities.shape == (len(self.truth), len(self.classes)), self.probabilities.shape
        if self.lengths is not None:
            assert int(self.lengths.sum()) == len(self.truth), (self.lengths.sum(), len(self.truth))
        if self.references is not None:
            assert [row[0] for row in self.references] == self.truth.tolist(), "the truth is the first reference"

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def rows(self) -> int:
        """How many rows the answers belong to."""
        return len(self) if self.lengths is None else len(self.lengths)

    def by_row(self, values: np.ndarray) -> list[np.ndarray]:
        """Values of all steps, ``(N, ...)``, as an array for each row."""
        if self.lengths is None:
            return list(values)
        return np.split(values, np.cumsum(self.lengths)[:-1])

    @property
    def kind(self) -> Kind:
        if self.references is not None:
            return "texts"
        if self.surprise is not None:
            return "tokens"
        if self.truth.ndim == 2:
            return "labels" if self.lengths is None else "notes"
        return "classes" if np.issubdtype(self.truth.dtype, np.integer) else "numbers"


def texts(found: Sequence[str]) -> np.ndarray:
    """``(N,)`` objects, each a ``str``: numpy's own strings would all be as wide as the longest."""
    result = np.empty(len(found), object)
    result[:] = list(found)
    return result
