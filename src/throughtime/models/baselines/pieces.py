"""Which letters of a word stand for which letters or symbols of its other form: pieces of one or two, aligned by EM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from throughtime.models.baselines.ngrams import numbers_of

SHAPES = ((1, 1), (1, 2), (2, 1), (1, 0))  # how many letters of the source, and of the target, a piece has
ROUNDS = 8  # of EM
TOGETHER = 4096  # words of the same two lengths that are aligned at a time, so that memory stays bounded
FLOOR = 1e-12  # the share of a piece that was left out of EM; a path of 64 such pieces does not underflow
MOST = 24  # letters of a word, on either side, that is aligned at all


class Alphabet:
    """Numbers for letters, from 1 on in order of appearance, and for runs of up to two: 0 is no letter."""

    def __init__(self, words: Sequence[Sequence[str]]) -> None:
        self.letters = list(dict.fromkeys(letter for word in words for letter in word))
        self._numbers = {letter: number for number, letter in enumerate(self.letters, start=1)}
        self.size = len(self.letters) + 1

    def numbers(self, word: Sequence[str]) -> list[int]:
        """-1 for an unknown letter."""
        return [self._numbers.get(letter, -1) for letter in word]

    def run(self, number: int) -> list[str]:
        """The letters behind the number ``first letter + size * second letter``."""
        return [self.letters[letter - 1] for letter in (number % self.size, number // self.size) if letter]


@dataclass(frozen=True)
class Group:
    """Words of ``I`` letters whose other form has ``J``: ``rows (B,)`` of all, ``source (B, I)``, ``target (B, J)``."""

    rows: np.ndarray
    source: np.ndarray
    target: np.ndarray

    def keys(self, sizes: tuple[int, int]) -> list[np.ndarray]:
        """For each shape the key of every piece that could stand there, ``(B, I - a + 1, J - b + 1)`` int64."""
        return [
            _runs(self.source, a, sizes[0])[:, :, None] * sizes[1] ** 2 + _runs(self.target, b, sizes[1])[:, None, :]
            for a, b in SHAPES
        ]


def _runs(letters: np.ndarray, length: int, size: int) -> np.ndarray:
    """``(B, n)`` -> ``(B, n - length + 1)``: the number of the run of letters that begins at each place."""
    count, width = letters.shape
    if length == 0:
        return np.zeros((count, width + 1), np.int64)
    return letters if length == 1 else letters[:, :-1] + size * letters[:, 1:]


def grouped(sources: Sequence[list[int]], targets: Sequence[list[int]]) -> Iterator[Group]:
    """Words by their two lengths; those that are too long, or cannot be made of pieces, are left out."""
    by_lengths: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if 0 < len(source) <= MOST and len(target) <= min(MOST, 2 * len(source)):
            by_lengths[len(source), len(target)].append(row)
    for _, rows in sorted(by_lengths.items()):
        for start in range(0, len(rows), TOGETHER):
            part = rows[start : start + TOGETHER]
            both = (np.array([words[row] for row in part], np.int64) for words in (sources, targets))
            yield Group(np.array(part), *both)


@dataclass(frozen=True)
class Pieces:
    """``keys (E,)`` in rising order, and ``shares (E,)``: how likely each piece is among all; their sum is 1."""

    keys: np.ndarray
    shares: np.ndarray
    sizes: tuple[int, int]

    def likely(self, group: Group) -> list[np.ndarray]:
        """The shares of all pieces that could stand in the words of a group, by shape."""
        known = np.append(self.shares, FLOOR)
        return [known[numbers_of(keys.reshape(-1), self.keys)].reshape(keys.shape) for keys in group.keys(self.sizes)]


def learned(groups: Sequence[Group], sizes: tuple[int, int]) -> Pieces:
    """The shares of pieces under which the words are likeliest, by EM (Jiampojamarn, Kondrak and Sherif 2007).

    ``P(source, target) = sum over ways to cut both into the same number of pieces of the product of their shares``.
    It starts where every piece is as likely as every other.
    """
    found = [np.unique(np.concatenate([keys.reshape(-1) for keys in group.keys(sizes)])) for group in groups]
    keys = np.unique(np.concatenate(found))
    lattices = [[_entries(places, keys) for places in group.keys(sizes)] for group in groups]
    shares = np.full(len(keys), 1 / len(keys))
    for _ in range(ROUNDS):
        expected = np.zeros(len(keys))
        for entries in lattices:
            for places, counts in zip(entries, uses([shares[places] for places in entries]), strict=True):
                expected += np.bincount(places.reshape(-1), weights=counts.reshape(-1), minlength=len(keys))
        shares = expected / expected.sum()
    return Pieces(keys, np.maximum(shares, FLOOR), sizes)


def _entries(places: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The number of the piece at each place; int32, for these are what memory is needed for."""
    return numbers_of(places.reshape(-1), keys).astype(np.int32).reshape(places.shape)


def uses(shares: Sequence[np.ndarray]) -> list[np.ndarray]:
    """How often each piece stands where it could, expected over all ways: ``(B, I - a + 1, J - b + 1)`` by shape."""
    count, width, height = shares[0].shape  # of pieces of one and one
    forward = np.zeros((count, width + 1, height + 1))
    backward = np.zeros_like(forward)
    forward[:, 0, 0] = backward[:, width, height] = 1.0
    for i in range(1, width + 1):
        for (a, b), share in zip(SHAPES, shares, strict=True):
            if a <= i and b <= height:
                forward[:, i, b:] += share[:, i - a] * forward[:, i - a, : height + 1 - b]
    for i in range(width - 1, -1, -1):
        for (a, b), share in zip(SHAPES, shares, strict=True):
            if i + a <= width and b <= height:
                backward[:, i, : height + 1 - b] += share[:, i] * backward[:, i + a, b:]
    whole = np.maximum(forward[:, width, height], np.finfo(float).tiny)[:, None, None]
    return [
        share * forward[:, : width + 1 - a, : height + 1 - b] * backward[:, a:, b:] / whole
        for (a, b), share in zip(SHAPES, shares, strict=True)
    ]


def aligned(group: Group, shares: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The likeliest way of each word (Viterbi), as its pieces, those of all words together: four arrays ``(P,)``.

    The row within the group; where the piece begins in the source; its shape, as a place in ``SHAPES``; where it begins
    in the target.
    """
    back = _likeliest(group, shares)
    lengths = np.array(SHAPES)
    rows = np.arange(len(back))
    i, j = (np.full(len(back), size - 1) for size in back.shape[1:])
    found = []
    while len(rows):
        shape = back[rows, i, j]
        i, j = i - lengths[shape, 0], j - lengths[shape, 1]
        found.append((rows, i, shape, j))
        left = i > 0
        rows, i, j = rows[left], i[left], j[left]
    row, first, shapes, begin = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return row, first, shapes, begin


def _likeliest(group: Group, shares: Sequence[np.ndarray]) -> np.ndarray:
    """``(B, I + 1, J + 1)``: the shape of the last piece on the likeliest way to each place."""
    (count, width), height = group.source.shape, group.target.shape[1]
    best = np.full((count, width + 1, height + 1), -np.inf)
    back = np.zeros(best.shape, np.int8)
    best[:, 0, 0] = 0.0
    for i in range(1, width + 1):
        for shape, ((a, b), share) in enumerate(zip(SHAPES, shares, strict=True)):
            if a <= i and b <= height:
                through = best[:, i - a, : height + 1 - b] + np.log(share[:, i - a])
                better = through > best[:, i, b:]
                best[:, i, b:][better] = through[better]
                back[:, i, b:][better] = shape
    return back
