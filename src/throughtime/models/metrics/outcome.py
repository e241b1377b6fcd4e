"""An outcome: what a model or a baseline answered on a split, beside the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from throughtime.models.metrics.text_units import TextUnit

Kind = Literal["classes", "labels", "numbers", "tokens", "texts", "forecasts", "notes"]


@dataclass(frozen=True)
class Spread:
    """How far a truth may lie from its forecast: ``quantiles (N, H, Q)`` at these ``levels (Q,)``, which rise.

    ``level`` is the nominal share of truths in the interval that is shown of them, None where none is: an interval of
    0.8 goes from the quantile at 0.1 to that at 0.9, and both must be among the levels.

    >>> spread = Spread((0.1, 0.5, 0.9), np.array([[[2.0, 4.0, 5.0]]]), 0.8)
    >>> [bound.tolist() for bound in spread.interval]
    [[[2.0]], [[5.0]]]
    """

    levels: tuple[float, ...]
    quantiles: np.ndarray
    level: float | None = None

    def __post_init__(self) -> None:
        assert self.quantiles.ndim == 3 and self.quantiles.shape[2] == len(self.levels), self.quantiles.shape
        assert all(a < b for a, b in zip((0.0, *self.levels), (*self.levels, 1.0), strict=True)), self.levels
        if self.level is not None:
            assert len(self._bounds) == 2, f"the interval of {self.level} has no bounds among {self.levels}"

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """The bounds of the interval of nominal ``level``: lower and upper, each (N, H)."""
        assert self.level is not None
        lower, upper = self._bounds
        return self.quantiles[:, :, lower], self.quantiles[:, :, upper]

    @property
    def _bounds(self) -> list[int]:
        tail = (1 - (self.level or 0)) / 2
        return [k for wanted in (tail, 1 - tail) for k, at in enumerate(self.levels) if abs(at - wanted) < 1e-9]


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
    ``forecasts`` ``(N, H)`` floats, H steps each   none; perhaps quantiles, in ``spread``
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
    spread: Spread | None = None
    scale: np.ndarray | None = None

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

    @classmethod
    def of_forecasts(
        cls,
        truth: np.ndarray,
        predicted: np.ndarray,
        *,
        levels: Sequence[float] = (),
        quantiles: np.ndarray | None = None,
        level: float | None = None,
        scale: np.ndarray | None = None,
    ) -> Outcome:
        """Forecasts ``predicted (N, H)`` of ``truth (N, H)``, NaN where it is not known; all in one unit, the user's.

        ``quantiles (N, H, Q)`` at these ``levels (Q,)`` go with an interval of nominal ``level``: see :class:`Spread`.
        ``scale (N,)`` is the mean absolute error, within the training values, of forecasting each step of the series by
        the one before; NaN, or nothing at all, where there is none.

        >>> two = Outcome.of_forecasts(np.array([[1.0, np.nan], [3.0, 4.0]]), np.zeros((2, 2)))
        >>> two.kind, two.rows, len(two)
        ('forecasts', 2, 3)
        """
        spread = None if quantiles is None else Spread(tuple(levels), quantiles, level)
        return cls(truth, predicted, spread=spread, scale=np.full(len(truth), np.nan) if scale is None else scale)

    def __post_init__(self) -> None:
        assert self.truth.shape == self.predicted.shape, (self.truth.shape, self.predicted.shape)
        if self.scale is not None:
            assert self.truth.ndim == 2 and self.scale.shape == (len(self.truth),), (self.truth.shape, self.scale.shape)
        if self.spread is not None:
            assert self.scale is not None and self.spread.quantiles.shape[:2] == self.truth.shape
        if self.probabilities is not None:
            assert self.probabilities.shape == (len(self.truth), len(self.classes)), self.probabilities.shape
        if self.lengths is not None:
            assert int(self.lengths.sum()) == len(self.truth), (self.lengths.sum(), len(self.truth))
        if self.references is not None:
            assert [row[0] for row in self.references] == self.truth.tolist(), "the truth is the first reference"

    def __len__(self) -> int:
        """How many truths there are to be measured."""
        return int(self.known.sum()) if self.kind == "forecasts" else len(self.truth)

    @property
    def known(self) -> np.ndarray:
        """Of forecasts: which truths are known (N, H)."""
        return ~np.isnan(self.truth)

    @property
    def rows(self) -> int:
        """How many rows the answers belong to."""
        return len(self.truth) if self.lengths is None else len(self.lengths)

    def by_row(self, values: np.ndarray) -> list[np.ndarray]:
        """Values of all steps, ``(N, ...)``, as an array for each row."""
        if self.lengths is None:
            return list(values)
        return np.split(values, np.cumsum(self.lengths)[:-1])

    @property
    def kind(self) -> Kind:
        if self.scale is not None:
            return "forecasts"
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
