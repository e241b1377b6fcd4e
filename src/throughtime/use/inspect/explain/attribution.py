"""How much each step of the input has given to the score of an answer: integrated gradients through time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from throughtime.errors import NonFiniteError

COMPLETE = 1e-3  # what may be missing, of the change of the score, or of 1 where it changes by less
NODES, FIRST = 8, 4  # points in a piece of the path, and pieces to begin with
MOST, PATIENCE = 1_000, 1 << 20  # points at which no more are taken: so many, or as make so many steps in all
STEPS, NUMBERS = 4_096, 1 << 24  # steps, and numbers of the input, that are run at once

Score = Callable[[Sequence[Tensor]], Tensor]


@dataclass(frozen=True)
class Attribution:
    """What each step has given, for each input ``(T,)``, and how far all together account for the score.

    ``score`` is that of the input, ``baseline`` that of vectors which are all zero, ``points`` how many gradients were
    taken. ``gap`` adds up what is missing in every piece of the path, regardless of sign, so it is no smaller than
    ``|sum of all steps - (score - baseline)|``. All are in ``unit``, what a score of 1 is told as.
    """

    inputs: tuple[np.ndarray, ...]
    score: float
    baseline: float
    gap: float
    points: int
    unit: float = 1.0

    @property
    def complete(self) -> bool:
        """Whether ``gap`` is at most a thousandth of ``|score - baseline|``, or of the unit where that is less."""
        return self.gap <= self.unit * allowance((self.score - self.baseline) / self.unit)

    def in_units(self, unit: float, zero: float) -> Attribution:
        """The same where a score of 0 is told as ``zero``, and 1 more as ``unit`` more.

        >>> Attribution((np.array([1.0]),), 1.0, 0.0, 0.0, 1).in_units(10.0, 20.0).score
        30.0
        """
        inputs = tuple(unit * given for given in self.inputs)
        score, baseline = zero + unit * self.score, zero + unit * self.baseline
        return Attribution(inputs, score, baseline, unit * self.gap, self.points, unit * self.unit)


def allowance(change: float) -> float:
    """How large a gap may be for such a change of the score."""
    return COMPLETE * max(1.0, abs(change))


def integrated_gradients(score: Score, vectors: Sequence[Tensor], *, most: int | None = None) -> Attribution:
    """Attribute a score to the steps of its inputs (Sundararajan, Taly and Yan 2017).

    Step t with the vector ``x_t`` gets

        a_t = x_t · ∫ ∂score(α x) / ∂x_t dα,    α from 0 to 1,

    so that all together give ``score(x) - score(0)``. ``vectors`` holds ``(T, F)`` for each input, and ``score`` takes
    B points of the path at once, ``(B, T, F)`` for each input, and gives ``(B,)``.

    The integral is taken by Gauss and Legendre's rule on pieces of the path. Over each piece the score must change by
    what the rule says; pieces over which it does not are halved, until what is missing in all of them is within
    :func:`allowance`, or ``most`` gradients were taken: by default 1,000, and more of short inputs. This finds kinks (a
    maximum that passes to another step, a rectifier) and the steep beginning of normalised layers, where the paper's
    equal steps need thousands. Where gradients explode over the steps, no number of points will do.

    Raises NonFiniteError where a score or a gradient on the path is not finite.

    >>> x = torch.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=torch.float64)
    >>> found = integrated_gradients(lambda inputs: inputs[0].square().sum((1, 2)), [x])
    >>> found.inputs[0].round(6).tolist(), found.score, found.complete
    ([5.0, 10.0], 15.0, True)
    """
    path = _Path(score, vectors)
    most = max(MOST, PATIENCE // path.steps) if most is None else most
    pieces = path.pieces([k / FIRST for k in range(FIRST + 1)])
    first, last = path.at[0.0], path.at[1.0]
    while True:
        gap = math.fsum(piece.gap for piece in pieces)
        allowed = allowance(last - first)
        if gap <= allowed or path.points >= most:
            break
        rough = [piece for piece in pieces if piece.gap > allowed / (2 * len(pieces))]
        pieces = [piece for piece in pieces if piece.gap <= allowed / (2 * len(pieces))]
        pieces += path.halved(rough)
    given = [np.sum([piece.given[k] for piece in pieces], axis=0) for k in range(len(vectors))]
    return Attribution(tuple(given), last, first, gap, path.points)


@dataclass(frozen=True)
class _Piece:
    """The path from ``begin`` to ``end``: what each step gave there ``(T,)``, and what is missing in the sum."""

    begin: float
    end: float
    given: list[np.ndarray]
    gap: float


class _Path:
    """The straight way from nothing to the input; ``at`` holds the scores at the borders of its pieces."""

    def __init__(self, score: Score, vectors: Sequence[Tensor]) -> None:
        self.score, self.vectors = score, [x.detach() for x in vectors]
        self.at: dict[float, float] = {}
        self.points = 0
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        self.nodes, self.weights = (nodes + 1) / 2, weights / 2
        self.steps = max(1, *(len(x) for x in self.vectors))
        numbers = max(1, sum(x.numel() for x in self.vectors))
        self.rows = max(1, min(STEPS // self.steps, NUMBERS // numbers))

    def pieces(self, borders: Sequence[float]) -> list[_Piece]:
        """The pieces between neighbouring borders."""
        return self._measured(list(pairwise(borders)))

    def halved(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        middles = [(piece.begin + piece.end) / 2 for piece in pieces]
        ends = [(p.begin, m) for p, m in zip(pieces, middles, strict=True)]
        return self._measured(ends + [(m, p.end) for p, m in zip(pieces, middles, strict=True)])

    def _measured(self, ends: Sequence[tuple[float, float]]) -> list[_Piece]:
        borders = [border for border in dict.fromkeys(x for pair in ends for x in pair) if border not in self.at]
        self.at |= dict(zip(borders, self._scores(borders), strict=True))
        given = self._given([begin + (end - begin) * float(node) for begin, end in ends for node in self.nodes])
        found = []
        for k, (begin, end) in enumerate(ends):
            rows = slice(k * NODES, (k + 1) * NODES)
            parts = [(end - begin) * (self.weights @ part[rows]) for part in given]
            change = math.fsum(float(value) for part in parts for value in part)
            found.append(_Piece(begin, end, parts, abs(change - (self.at[end] - self.at[begin]))))
        return found

    @torch.no_grad()
    def _scores(self, places: Sequence[float]) -> list[float]:
        """The scores at some places of the path."""
        found = np.concatenate([self.score(self._points(part)).numpy() for part in self._parts(places)])
        return _finite(found, "score").tolist()

    def _given(self, places: Sequence[float]) -> list[np.ndarray]:
        """``x_t`` times the gradient at some places of the path, ``(P, T)`` for each input."""
        self.points += len(places)
        found: list[list[np.ndarray]] = [[] for _ in self.vectors]
        for part in self._parts(places):
            points = [x.requires_grad_() for x in self._points(part)]
            with torch.enable_grad():
                slopes = torch.autograd.grad(self.score(points).sum(), points, allow_unused=True)
            for kept, slope, x in zip(found, slopes, self.vectors, strict=True):
                kept.append(np.zeros((len(part), len(x))) if slope is None else (slope * x).sum(2).numpy())
        return [_finite(np.concatenate(kept), "gradient of the score") for kept in found]

    def _parts(self, places: Sequence[float]) -> Iterator[Sequence[float]]:
        return (places[begin : begin + self.rows] for begin in range(0, len(places), self.rows))

    def _points(self, places: Sequence[float]) -> list[Tensor]:
        alpha = torch.tensor(places, dtype=torch.float64)[:, None, None]
        return [alpha * x for x in self.vectors]


def _finite(values: np.ndarray, what: str) -> np.ndarray:
    if not np.isfinite(values).all():
        raise NonFiniteError(f"the {what} is not finite on the way from zero vectors to this input")
    return values
