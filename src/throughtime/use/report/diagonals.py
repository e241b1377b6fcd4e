"""In which order attention goes through what it reads, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

END = "<eos>"
NEAR = 1  # place
CHANCE_TELLS_NOTHING = 0.8  # from here on nearly every place is near the diagonal
Order = Literal["forwards", "backwards", "neither"]


@dataclass(frozen=True)
class Diagonals:
    """Means over ``tokens`` written ones.

    ``forwards`` is the share whose greatest weight lies within one place of the diagonal, ``backwards`` of the other
    diagonal, ``chance`` what looking at any place alike would come to. ``greatest`` is the greatest weight of a token,
    ``alike`` what it is where all places have the same.
    """

    tokens: int
    forwards: float
    backwards: float
    chance: float
    greatest: float
    alike: float

    @property
    def order(self) -> Order | None:
        """The one that holds for at least half of what chance leaves; None where inputs are too short to tell."""
        if self.chance >= CHANCE_TELLS_NOTHING:
            return None
        enough = (1 + self.chance) / 2
        if max(self.forwards, self.backwards) < enough or self.forwards == self.backwards:
            return "neither"
        return "forwards" if self.forwards > self.backwards else "backwards"


def diagonals(rows: Sequence[Mapping[str, Any]]) -> Diagonals | None:
    """Over the rows of ``attention.json``, the written ends left out; None where there is no weight at all.

    >>> weights = [[0.1, 0.1, 0.8], [0.2, 0.6, 0.2], [0.9, 0.1, 0.0]]
    >>> diagonals([{"read": "abc", "written": "cba", "weights": weights}]).backwards
    1.0
    """
    found = [token for row in rows for token in _tokens(row)]
    if not found:
        return None
    forwards, backwards, chance, greatest, alike = (fmean(column) for column in zip(*found, strict=True))
    return Diagonals(len(found), forwards, backwards, chance, greatest, alike)


def _tokens(row: Mapping[str, Any]) -> list[tuple[float, float, float, float, float]]:
    """Of each written token: near the diagonal or not, both ways; by chance; its greatest weight; all alike."""
    last_read, last_written = _last(row["read"]), _last(row["written"])
    tokens = []
    for step, weights in enumerate(row["weights"][: last_written + 1] if row["read"] else []):
        place = weights.index(max(weights))
        diagonal = step * last_read / last_written if last_written else 0.0
        near = [abs(other - diagonal) <= NEAR for other in range(len(weights))]
        back = abs(last_read - place - diagonal) <= NEAR
        tokens.append((float(near[place]), float(back), fmean(near), max(weights), 1 / len(weights)))
    return tokens


def _last(tokens: Sequence[str]) -> int:
    """The place of the last token before the end."""
    return len(tokens) - 1 - (len(tokens) > 1 and tokens[-1] == END)
