"""Metrics that count what is wrong in a text: words, letters, symbols."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from throughtime.models.metrics.edit_distance import edit_distance
from throughtime.models.metrics.metric import measures
from throughtime.models.metrics.outcome import Outcome
from throughtime.models.metrics.text_units import TextUnit, parts, smallest

Cut = Callable[[str, TextUnit], list[str]]


@measures("texts", better="lower")
def word_error(outcome: Outcome) -> float:
    """share of words that are wrong: of sentences by edit distance, else the share of rows, each of them a word

    Of sentences: words to insert, delete or replace, over the words of the references; it can exceed 1. A word is what
    stands between spaces, its punctuation and case included. Of pronunciations and names every row is one word, and is
    wrong unless it equals a reference, as published tables count it (Yao and Zweig 2015): ``1 - exact_match``.

    >>> word_error(Outcome.of_texts([["a black cat"], ["so it is"]], ["a cat", "so is it"], "words"))  # (1 + 2) / 6
    0.5
    >>> word_error(Outcome.of_texts([["K AE1 T"], ["D AO1 G"]], ["K AE1 T", "D AA1 G"], "symbols"))
    0.5
    """
    return rate(word_errors(outcome).sum(axis=0))


@measures("texts", better="lower")
def character_error(outcome: Outcome) -> float:
    """letters to insert, delete or replace, over the letters of the references; symbols where words are of symbols

    Spaces between words count as letters. Of pronunciations it is what tables call the phoneme error rate.

    >>> character_error(Outcome.of_texts([["K AE1 T"], ["D AO1 G"]], ["K AE1 T", "D AA1 G"], "symbols")) == 1 / 6
    True
    """
    return rate(character_errors(outcome).sum(axis=0))


def word_errors(outcome: Outcome) -> np.ndarray:
    """``(N, 2)`` float64: of each row the wrong words, and those of its reference."""
    if outcome.unit == "words":
        return _errors(outcome, parts)
    return np.stack([1.0 - matches(outcome), np.ones(len(outcome))], axis=1)


def character_errors(outcome: Outcome) -> np.ndarray:
    """``(N, 2)`` float64: of each row the wrong letters or symbols, and those of its reference."""
    return _errors(outcome, smallest)


def matches(outcome: Outcome) -> np.ndarray:
    """``(N,)`` booleans: whether the answer is one of the references; how words and symbols are spaced is no matter."""
    assert outcome.references is not None
    found = [
        any(parts(answer, outcome.unit) == parts(right, outcome.unit) for right in references)
        for answer, references in zip(outcome.predicted, outcome.references, strict=True)
    ]
    return np.array(found, bool)


def _errors(outcome: Outcome, cut: Cut) -> np.ndarray:
    """By row: the errors to the nearest reference, and its length; among equally near ones the longest."""
    assert outcome.references is not None
    rows = np.zeros((len(outcome), 2))
    for row, (answer, references) in enumerate(zip(outcome.predicted, outcome.references, strict=True)):
        said = cut(answer, outcome.unit)
        right = [cut(text, outcome.unit) for text in references]
        rows[row] = min(((edit_distance(said, one), len(one)) for one in right), key=lambda pair: (pair[0], -pair[1]))
    return rows


def rate(sums: np.ndarray) -> float:
    """Errors ``sums[0]`` over lengths ``sums[1]``; where every reference is empty, the errors themselves."""
    return float(sums[0] / max(sums[1], 1.0))
