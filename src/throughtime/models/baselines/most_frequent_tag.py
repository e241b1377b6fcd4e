"""The tag that each word mostly has, whatever stands around it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from throughtime.models.baselines.baseline import Answer, Material, Score, baselines, rank

SMOOTHINGS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)  # times the shares of what is known of the word less exactly


def words_of(part: Material) -> list[list[str]]:
    """The tokens of each row, from the first column that has any."""
    return next(iter(part.sequences.values()))


def is_tagged(part: Material) -> bool:
    """Whether every token of a sequence has a class of its own."""
    return part.kind == "classes" and part.lengths is not None and bool(part.sequences)


class Tags:
    """How often each word of training has each tag, as it is written and in lower case; and unknown words.

    The tags of a word that was never seen are those of the words seen only once.
    """

    def __init__(self, words: list[str], tags: np.ndarray, classes: int) -> None:
        self._exact = {word: number for number, word in enumerate(dict.fromkeys(words))}
        self._lower = {word: number for number, word in enumerate(dict.fromkeys(map(str.lower, words)))}
        exact, lower = self._numbers(words)
        self._by_exact = _counts(exact, tags, (len(self._exact), classes))
        self._by_lower = _counts(lower, tags, (len(self._lower), classes))
        once = self._by_exact[self._by_exact.sum(axis=1) == 1].sum(axis=0)
        every = self._by_exact.sum(axis=0)
        self._unknown = _shares(once, _shares(every, np.full(classes, 1 / classes), 1.0), 1.0)

    def probabilities(self, words: Iterable[str], smoothing: float) -> np.ndarray:
        """``(N, C)``: the tags of each word as it is, leaning on those in lower case, leaning on unknown words'."""
        exact, lower = self._numbers(words)
        by_lower = _shares(_rows(self._by_lower, lower), self._unknown, smoothing)
        return _shares(_rows(self._by_exact, exact), by_lower, smoothing)

    def _numbers(self, words: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """The number of each word as it is and in lower case, -1 for unknown."""
        pairs = [(self._exact.get(word, -1), self._lower.get(word.lower(), -1)) for word in words]
        exact, lower = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return exact, lower


def _counts(numbers: np.ndarray, tags: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(numbers * shape[1] + tags, minlength=shape[0] * shape[1]).reshape(shape)


def _rows(counts: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    return np.where((numbers >= 0)[:, None], counts[numbers], 0)


def _shares(counts: np.ndarray, prior: np.ndarray, smoothing: float) -> np.ndarray:
    """Counts ``(..., C)`` to shares, with so many more counts dealt out as the prior has it."""
    return (counts + smoothing * prior) / (counts.sum(axis=-1, keepdims=True) + smoothing)


@baselines.named("most_frequent_tag")
def most_frequent_tag(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """Every word gets the tag it mostly had in training; if it is new, that of the same word in lower case.

    A word that is new in either form gets the tag that the words seen only once mostly have. The shares, smoothed, are
    the probabilities.
    """
    if not is_tagged(train) or len(train) == 0:
        return None
    tags = Tags(list(chain.from_iterable(words_of(train))), train.target, len(train.classes))

    def answered(part: Material, smoothing: float) -> np.ndarray:
        return tags.probabilities(chain.from_iterable(words_of(part)), smoothing)

    tried = {smoothing: valid.believed(answered(valid, smoothing)) for smoothing in SMOOTHINGS}
    chosen = max(SMOOTHINGS, key=lambda smoothing: rank(tried[smoothing], better))
    settings = f"words as they are, else in lower case, else as words seen once; smoothing {chosen:g}"
    return Answer("most_frequent_tag", settings, tried[chosen], test.believed(answered(test, chosen)))
