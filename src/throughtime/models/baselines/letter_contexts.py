"""What is written for a letter by the letters around it: counts of pieces, backing off to fewer neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from throughtime.models.baselines.ngrams import numbers_of

NEIGHBOURS = (1, -1, 2, -2, 3, -3, 4, -4)  # the letters looked at beside the letter itself, one more at a time
COPY = -1  # what is written for a letter that was never seen in training: itself
OUTSIDE = 0  # the letter before the first and after the last


@dataclass(frozen=True)
class Letters:
    """All words one after the other: ``ids (S,)`` of their letters, word ``r`` from ``starts[r]`` on."""

    ids: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, words: Sequence[list[int]]) -> Letters:
        lengths = np.array([len(word) for word in words], np.int64)
        return cls(np.array(list(chain.from_iterable(words)), np.int64), np.append(0, np.cumsum(lengths)))

    def beside(self, by: int) -> np.ndarray:
        """``(S,)``: the letter so many further on in the same word.

        >>> Letters.of([[5, 7], [6]]).beside(1).tolist()
        [7, 0, 0]
        """
        lengths = np.diff(self.starts)
        at = np.arange(len(self.ids)) + by
        inside = (at >= np.repeat(self.starts[:-1], lengths)) & (at < np.repeat(self.starts[1:], lengths))
        return np.where(inside, self.ids[np.where(inside, at, 0)], OUTSIDE)


@dataclass(frozen=True)
class Aligned:
    """What training teaches: at the ``places (P,)`` among the letters begin pieces, which write ``targets (P,)``.

    A target is a number that is odd where the piece has two letters of the source, and even where it has one.
    """

    letters: Letters
    places: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Level:
    """What is known of so many neighbours: all contexts ``(H,)`` of training, and the targets seen in each.

    ``keys (H,)``: the number of the context without its last letter, and that letter. ``pairs (E,)``: context and
    target, in rising order; ``shares (E,)`` their probabilities. ``best_shares`` and ``best_targets (H, 2)``: of each
    context the likeliest piece of one letter, and of two. ``contexts (P,)``: that of each place of training.
    """

    keys: np.ndarray
    pairs: np.ndarray
    shares: np.ndarray
    best_shares: np.ndarray
    best_targets: np.ndarray
    contexts: np.ndarray

    @classmethod
    def first(cls, train: Aligned) -> Level:
        """Before any letter is looked at: one context, in which every target is as likely as every other."""
        pairs = np.unique(train.targets)
        shares = np.full(len(pairs), 1 / len(pairs))
        nothing = np.zeros(len(train.places), np.int64)
        return cls(np.zeros(1, np.int64), pairs, shares, np.zeros((1, 2)), np.full((1, 2), COPY), nothing)

    def deeper(self, train: Aligned, beside: np.ndarray, size: int, smoothing: float, two: bool) -> Level:
        """With one more letter ``beside (P,)`` each place; pieces of two letters only if ``two``."""
        keys, contexts = np.unique(self.contexts * size + beside, return_inverse=True)
        kinds = int(train.targets.max()) + 1
        pairs, counts = np.unique(contexts * kinds + train.targets, return_counts=True)
        owner, target, parents = pairs // kinds, pairs % kinds, keys // size
        mass = smoothing * np.bincount(owner)
        total = np.bincount(owner, weights=counts) + mass
        lower = self.shares[numbers_of(parents[owner] * kinds + target, self.pairs)]
        shares = (counts + mass[owner] * lower) / total[owner]
        best_shares = self.best_shares[parents] * (mass / total)[:, None]  # of what was never seen in this context
        best_targets = self.best_targets[parents]
        for odd in range(1 + two):
            seen = np.flatnonzero((target % 2 == odd) & (shares > best_shares[owner, odd]))
            seen = seen[np.argsort(shares[seen], kind="stable")]  # the likeliest of a context is the last, and stays
            best_shares[owner[seen], odd], best_targets[owner[seen], odd] = shares[seen], target[seen]
        return Level(keys, pairs, shares, best_shares, best_targets, contexts)


@dataclass(frozen=True)
class Guess:
    """For each letter of some words, the likeliest piece of one letter that could begin there, and of two.

    ``contexts (S,)``: the number of what is around it, -1 where training never saw that. ``shares (S, 2)`` and
    ``targets (S, 2)``: how likely the two pieces are, and what they write.
    """

    letters: Letters
    contexts: np.ndarray
    shares: np.ndarray
    targets: np.ndarray

    @classmethod
    def blind(cls, letters: Letters) -> Guess:
        """Before any letter is looked at."""
        count = len(letters.ids)
        shares = np.tile([1.0, 0.0], (count, 1))
        return cls(letters, np.zeros(count, np.int64), shares, np.full((count, 2), COPY))

    def raised(self, level: Level, by: int, size: int) -> Guess:
        """With one more neighbour; where training never saw it, the guess stays what it was."""
        beside = self.letters.beside(by)
        known = (self.contexts >= 0) & (beside >= 0)
        contexts = numbers_of(np.where(known, self.contexts * size + beside, -1), level.keys)
        found = (contexts >= 0)[:, None]
        shares = np.where(found, level.best_shares[contexts], self.shares)
        return Guess(self.letters, contexts, shares, np.where(found, level.best_targets[contexts], self.targets))

    def written(self) -> list[list[tuple[int, int]]]:
        """The likeliest way through each word: ``(place, target)`` of each of its pieces."""
        logs = np.log(np.maximum(self.shares, np.finfo(float).tiny)).tolist()
        targets = self.targets.tolist()
        return [way(logs[start:end], targets[start:end], int(start)) for start, end in pairwise(self.letters.starts)]


def way(logs: list[list[float]], targets: list[list[int]], start: int) -> list[tuple[int, int]]:
    """Through one word that begins at ``start``: the pieces whose logarithms have the highest sum."""
    length = len(logs)
    rest, two = [0.0] * (length + 2), [False] * length
    for at in range(length - 1, -1, -1):
        one, both = logs[at][0] + rest[at + 1], logs[at][1] + rest[at + 2]
        two[at] = at + 2 <= length and both > one
        rest[at] = both if two[at] else one
    found, at = [], 0
    while at < length:
        found.append((start + at, targets[at][two[at]]))
        at += 1 + two[at]
    return found


def rising(train: Aligned, words: Sequence[Letters], smoothing: float) -> Iterator[list[Guess]]:
    """The guesses for all ``words`` by the letter alone, then by one more of its neighbours at a time.

    With ``n`` the count of a context, ``d`` how many different targets it has and ``s`` the smoothing,
    ``P(target | context) = (count + s d P(target | context without its last letter)) / (n + s d)`` (Witten and Bell
    1991, with s = 1). A piece of two letters is possible only where training saw both.
    """
    size = int(train.letters.ids.max()) + 1
    level, guesses = Level.first(train), [Guess.blind(letters) for letters in words]
    for by in (0, *NEIGHBOURS):
        beside = train.letters.beside(by)[train.places]
        level = level.deeper(train, beside, size, smoothing, two=by != 0)
        guesses = [guess.raised(level, by, size) for guess in guesses]
        yield guesses
