"""N-grams: the runs of one, two, ... neighbouring characters or words of a text, and how often each occurs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from throughtime.data.tokenisation import cut
from throughtime.models.baselines.bags import Bags, beside

Unit = Literal["characters", "words"]

TABLE = 1 << 26  # keys below this are looked up in a table (10 times faster), those above by bisection


@dataclass(frozen=True)
class Symbols:
    """Texts as whole numbers: text ``i`` is ``ids[starts[i]:starts[i + 1]]``, -1 where the symbol is unknown."""

    ids: np.ndarray  # (S,) int64
    starts: np.ndarray  # (N + 1,) int64

    @classmethod
    def joined(cls, ids: np.ndarray, lengths: list[int]) -> Symbols:
        return cls(ids, np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))]))


def characters(texts: Iterable[str]) -> Symbols:
    """Code points, with a space before, after and between words: the mark by which ``"a "`` differs from ``"a"``."""
    marked = [f" {' '.join(text.split())} " for text in texts]
    ids = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    return Symbols.joined(ids, [len(text) for text in marked])


class Words:
    """Numbers the lower-cased words and signs of texts in order of appearance; later texts do not add to them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def fit(self, texts: Iterable[str]) -> Symbols:
        numbers = self._numbers
        return self._symbols(texts, lambda word: numbers.setdefault(word, len(numbers)))

    def __call__(self, texts: Iterable[str]) -> Symbols:
        return self._symbols(texts, lambda word: self._numbers.get(word, -1))

    @staticmethod
    def _symbols(texts: Iterable[str], number: Callable[[str], int]) -> Symbols:
        ids: list[int] = []
        lengths = []
        for text in texts:
            words = cut(text, "words", lower=True)
            ids.extend(map(number, words))
            lengths.append(len(words))
        return Symbols.joined(np.array(ids, dtype=np.int64), lengths)


class NGrams:
    """All n-grams of ``1..longest`` symbols that occur in the training texts.

    An n-gram's key is the number of its first n - 1 symbols and the number of its last, so keys stay small and no
    n-gram is ever mistaken for another; one whose beginning is unknown is unknown.
    """

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self._known: list[np.ndarray] = []  # by length, the sorted keys

    def fit(self, symbols: Symbols) -> Bags:
        """Learns the n-grams of the training texts and counts them; see :attr:`lengths` for the columns."""
        self._known = []
        return self._counted(symbols, learn=True)

    def __call__(self, symbols: Symbols) -> Bags:
        """Counts the known n-grams of each text: ``(N, F)``."""
        return self._counted(symbols, learn=False)

    @property
    def lengths(self) -> np.ndarray:
        """``(F,)``: how many symbols the n-gram of each column has."""
        return np.repeat(np.arange(1, self.longest + 1), [len(known) for known in self._known])

    def _counted(self, symbols: Symbols, learn: bool) -> Bags:
        lengths = np.diff(symbols.starts)
        rows = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        ends = np.repeat(symbols.starts[1:], lengths)
        singles = self._numbered(symbols.ids, 1, learn)
        at = np.flatnonzero(singles >= 0)  # where the n-grams start
        grams = singles[at]
        parts = [Bags.counted(rows[at], grams, shape=(len(lengths), len(self._known[0])))]
        for length in range(2, self.longest + 1):
            inside = at + length <= ends[at]
            at, grams = at[inside], grams[inside]
            last = singles[at + length - 1]
            keys = np.where(last >= 0, grams * len(self._known[0]) + last, -1)
            grams = self._numbered(keys, length, learn)
            at, grams = at[grams >= 0], grams[grams >= 0]
            parts.append(Bags.counted(rows[at], grams, shape=(len(lengths), len(self._known[length - 1]))))
        return beside(parts)

    def _numbered(self, keys: np.ndarray, length: int, learn: bool) -> np.ndarray:
        if learn:
            self._known.append(_distinct(keys[keys >= 0]))
        return numbers_of(keys, self._known[length - 1])


def _distinct(keys: np.ndarray) -> np.ndarray:
    """The keys in rising order, each once: by sorting, here 5 times faster than the hashing of ``np.unique``."""
    ordered = np.sort(keys)
    return ordered[np.diff(ordered, prepend=-1) > 0]


def numbers_of(keys: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The place of each key among the sorted ``known`` ones, or -1; a key of -1 is unknown. int64, as keys grow large.

    >>> numbers_of(np.array([7, 5, -1, 6]), np.array([2, 5, 7]))
    array([ 2,  1, -1, -1])
    """
    if len(known) == 0:
        return np.full(len(keys), -1)
    if known[-1] < TABLE:
        table = np.full(known[-1] + 1, -1, np.int32)
        table[known] = np.arange(len(known), dtype=np.int32)
        return np.where((keys >= 0) & (keys <= known[-1]), table[np.clip(keys, 0, known[-1])], -1).astype(np.int64)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, places, -1)
