"""A text as a decoder wrote it, and what each of its tokens rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

DIGITS = 4  # after the point, of what is kept


@dataclass(frozen=True)
class WrittenText:
    """The answer of a decoder, token by token.

    ``tokens`` are those of the answer, and ``<eos>`` where it came to its end; the first S of them are explained.
    ``sure (S,)`` are their probabilities, each after those before it. ``read`` are the tokens of all inputs, one input
    after the other: ``(column, step, token)``.

    ``given (S, T)`` is what each token that was read gave to the log-probability of each that was written, and
    ``before (S, S)`` what those gave that the decoder had written until then, ``<sos>`` first: 0 above the diagonal.
    ``weights (S, T)`` say where the decoder looked, and sum to 1; 0 for inputs without steps, None without attention.
    ``complete`` says whether all that was given adds up to every score.

    >>> read, given = (("de", 0, "roter"), ("de", 1, "Hut")), np.array([[1.5, 0.2], [0.1, 2.0]])
    >>> told = WrittenText("red hat", ("red", "hat"), np.ones(2), read, given, np.zeros((2, 2)), None, True)
    >>> told.rests_on, told.looked_at
    ([0, 1], [None, None])
    """

    text: str
    tokens: tuple[str, ...]
    sure: np.ndarray
    read: tuple[tuple[str, int, str], ...]
    given: np.ndarray
    before: np.ndarray
    weights: np.ndarray | None
    complete: bool

    @property
    def rests_on(self) -> list[int | None]:
        """Of each token the one that was read which spoke for it most, as a place in ``read``; None if none did."""
        return _largest(self.given)

    @property
    def looked_at(self) -> list[int | None]:
        """Of each token the place in ``read`` with the most weight; None where the decoder looked at nothing."""
        return [None] * len(self.sure) if self.weights is None else _largest(self.weights)

    def to_json(self) -> dict[str, Any]:
        """Plain values: ``given``, ``before`` and ``weights`` by token written, then by token read."""
        return {
            "text": self.text,
            "tokens": list(self.tokens),
            "sure": _rounded(self.sure),
            "read": [token for _, _, token in self.read],
            "columns": [column for column, _, _ in self.read],
            "steps": [step for _, step, _ in self.read],
            "rests_on": self.rests_on,
            "looked_at": self.looked_at,
            "given": _rounded(self.given),
            "before": _rounded(self.before),
            "weights": None if self.weights is None else _rounded(self.weights),
            "complete": self.complete,
        }


def _largest(rows: np.ndarray) -> list[int | None]:
    return [int(row.argmax()) if row.max(initial=0) > 0 else None for row in rows]


def _rounded(values: np.ndarray) -> Any:
    return values.round(DIGITS).tolist()
