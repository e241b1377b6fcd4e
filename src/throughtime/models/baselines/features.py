"""Features for the baselines: the input columns of each split as bags, learnt from the training split alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from throughtime.models.baselines.bags import Bags, beside
from throughtime.models.baselines.baseline import Material
from throughtime.models.baselines.ngrams import NGrams, Symbols, Unit, Words, characters

MEMORY = 20_000_000  # features times outputs of a model
WORK = 300_000_000  # entries times outputs, for a baseline to take minutes at the most
LONGEST: dict[Unit, int] = {"characters": 5, "words": 2}
ENTRIES = 100_000_000  # symbols times lengths: above it only shorter n-grams are counted, to stay within memory


@dataclass(frozen=True)
class Features:
    """``train``, ``valid`` and ``test`` with the same columns; ``lengths (F,)`` are the symbols of each n-gram,
    and 0 for what is no n-gram."""

    train: Bags
    valid: Bags
    test: Bags
    lengths: np.ndarray

    @property
    def longest(self) -> int:
        return int(self.lengths.max(initial=0))

    @property
    def least(self) -> int:
        """In how many training rows every n-gram occurs at least."""
        return int(self.train.frequency()[self.lengths > 0].min(initial=len(self.train)))

    def each(self, change: Callable[[Bags], Bags]) -> Features:
        """The same change of all three splits, which keeps the columns."""
        return Features(change(self.train), change(self.valid), change(self.test), self.lengths)

    def select(self, kept: np.ndarray) -> Features:
        """Only the columns where ``kept (F,)`` is true."""
        split = (self.train.select(kept), self.valid.select(kept), self.test.select(kept))
        return Features(*split, self.lengths[kept])


def joined(parts: list[Features]) -> Features:
    """Features of the same rows side by side."""
    return Features(
        beside([part.train for part in parts]),
        beside([part.valid for part in parts]),
        beside([part.test for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )


def bag_features(train: Material, valid: Material, test: Material, unit: Unit) -> Features | None:
    """N-grams and categories side by side, as counts; None without a text, or for words without any of the two."""
    parts = [ngram_features(train, valid, test, unit), category_features(train, valid, test)]
    if parts[0] is None and unit == "characters":
        return None
    found = [part for part in parts if part is not None]
    return joined(found) if found else None


def ngram_features(train: Material, valid: Material, test: Material, unit: Unit) -> Features | None:
    """How often each n-gram of the training split occurs in each text column; None without such columns."""
    columns = sorted(train.texts)
    parts = [_ngrams(train.texts[column], valid.texts[column], test.texts[column], unit) for column in columns]
    return joined(parts) if parts else None


def affordable(features: Features, outputs: int) -> Features:
    """The same, or of too many features for this many outputs of a model those that occur in the most training rows."""
    frequency = features.train.frequency()
    order = np.argsort(-frequency, kind="stable")
    kept = np.zeros(len(frequency), bool)
    kept[order[: MEMORY // outputs]] = True
    kept[order[np.cumsum(frequency[order]) > WORK // outputs]] = False
    return features.select(kept)


def category_features(train: Material, valid: Material, test: Material) -> Features | None:
    """1 for the category of each row, by column; a category that training does not have is none of them."""
    parts = []
    for column in sorted(train.categories):
        numbers = {name: number for number, name in enumerate(sorted(set(train.categories[column])))}
        first, second, third = (_one_of(numbers, part.categories[column]) for part in (train, valid, test))
        parts.append(Features(first, second, third, np.zeros(len(numbers), np.int64)))
    return joined(parts) if parts else None


def number_features(train: Material, valid: Material, test: Material) -> Features | None:
    """Each number less the mean of the training split and over its standard deviation; a constant column is zero."""
    if not train.numbers:
        return None
    columns = sorted(train.numbers)
    whole = [np.stack([part.numbers[column] for column in columns], axis=1) for part in (train, valid, test)]
    mean, deviation = whole[0].mean(axis=0), whole[0].std(axis=0)
    deviation[deviation == 0] = 1.0
    first, second, third = (Bags.of((part - mean) / deviation) for part in whole)
    return Features(first, second, third, np.zeros(len(columns), np.int64))


def in_words(unit: Unit, shortest: int, longest: int, least: int = 1) -> str:
    """Names a choice of n-grams: their lengths, and in how many training rows each occurs at least.

    >>> in_words("characters", 2, 5), in_words("words", 1, 1, least=2)
    ('2 to 5 characters', 'single words, in at least 2 training rows')
    """
    if shortest == longest:
        lengths = f"single {unit}" if longest == 1 else f"{longest} {unit}"
    else:
        lengths = f"{shortest} to {longest} {unit}"
    return lengths if least == 1 else f"{lengths}, in at least {least} training rows"


def tf_idf(features: Features) -> Features:
    """Term frequency times inverse document frequency, each row of length 1.

    ``value = (1 + log count) * (1 + log((1 + N) / (1 + rows with it)))``, N and the rows those of the training split.
    """
    rarity = 1 + np.log((1 + len(features.train)) / (1 + features.train.frequency()))
    return log_counts(features, rarity)


def log_counts(features: Features, factors: np.ndarray | float = 1.0) -> Features:
    """``(1 + log count) * factor`` of its column, each row of length 1; ``factors (F,)``."""
    factor = np.broadcast_to(factors, features.train.width)

    def weighted(bags: Bags) -> Bags:
        return _of_length_one(bags.with_values((1 + np.log(bags.values)) * factor[bags.columns]))

    return features.each(weighted)


def presence(features: Features) -> Features:
    """1 for whatever occurs at all."""
    return features.each(Bags.present)


def _ngrams(train: list[str], valid: list[str], test: list[str], unit: Unit) -> Features:
    words = Words()
    symbols: Callable[[Iterable[str]], Symbols] = characters if unit == "characters" else words
    first = characters(train) if unit == "characters" else words.fit(train)
    grams = NGrams(min(LONGEST[unit], max(1, ENTRIES // max(len(first.ids), 1))))
    counted = grams.fit(first)
    return Features(counted, grams(symbols(valid)), grams(symbols(test)), grams.lengths)


def _one_of(numbers: dict[str, int], values: list[str]) -> Bags:
    found = np.array([numbers.get(value, -1) for value in values], dtype=np.int64)
    rows = np.flatnonzero(found >= 0)
    return Bags.counted(rows, found[rows], shape=(len(values), len(numbers)))


def _of_length_one(bags: Bags) -> Bags:
    length = np.sqrt(bags.row_sums(bags.values.astype(np.float64) ** 2))
    return bags.with_values(bags.values / np.repeat(np.where(length > 0, length, 1.0), np.diff(bags.starts)))
