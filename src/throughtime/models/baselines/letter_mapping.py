"""Letters to letters or symbols, one or two at a time, by the letters around them: names in another script, sounds."""

from __future__ import annotations

from itertools import chain

import numpy as np

from throughtime.errors import UsageError
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.letter_contexts import COPY, Aligned, Guess, Letters, rising
from throughtime.models.baselines.pairs import drawn, pairs_of, sources_of
from throughtime.models.baselines.pieces import SHAPES, Alphabet, Group, aligned, grouped, learned
from throughtime.models.metrics import Outcome
from throughtime.models.metrics.text_units import parts

SMOOTHINGS = (1.0, 3.0, 10.0)
LETTERS = 4_000_000  # of training words that are used at all, drawn at random
PLACES = 12_000_000  # where a piece could stand, in the words from which the shares of pieces are learned


class LetterMapping:
    """The pieces of the training words, and from them the texts that are written for others.

    ``used`` of the ``pairs`` of training could be cut into pieces.
    """

    def __init__(self, train: Material) -> None:
        """Raises UsageError if no pair can be made of pieces."""
        pairs = pairs_of(train)
        self.pairs, self._unit = len(pairs), train.unit
        cuts = [(list(source), parts(target, train.unit)) for source, target in pairs]
        cuts = [cuts[row] for row in drawn([len(source) for source, _ in cuts], LETTERS)]
        self._sources, self._targets = Alphabet([source for source, _ in cuts]), Alphabet([said for _, said in cuts])
        sources = [self._sources.numbers(source) for source, _ in cuts]
        targets = [self._targets.numbers(target) for _, target in cuts]
        costs = [len(SHAPES) * len(s) * (len(t) + 1) for s, t in zip(sources, targets, strict=True)]
        kept = drawn(costs, PLACES)
        groups = list(grouped([sources[row] for row in kept], [targets[row] for row in kept]))
        if not groups:
            raise UsageError("no pair of training can be made of pieces")
        pieces = learned(groups, (self._sources.size, self._targets.size))
        letters, places, written = Letters.of(sources), [], []
        every = list(grouped(sources, targets))
        for group in every:
            row, first, shape, begin = aligned(group, pieces.likely(group))
            places.append(letters.starts[group.rows[row]] + first)
            written.append(_written(group, row, shape, begin, self._targets.size))
        self.used = sum(len(group.rows) for group in every)
        self.aligned = Aligned(letters, np.concatenate(places), np.concatenate(written))

    def letters(self, part: Material) -> Letters:
        return Letters.of([self._sources.numbers(list(text)) for text in sources_of(part)])

    def answered(self, part: Material, guess: Guess) -> Outcome:
        letters = list(chain.from_iterable(sources_of(part)))
        between = "" if self._unit == "letters" else " "
        return part.written([between.join(self._spelt(way, letters)) for way in guess.written()])

    def _spelt(self, way: list[tuple[int, int]], letters: list[str]) -> list[str]:
        said: list[str] = []
        for place, target in way:
            if target != COPY:
                said += self._targets.run(target // 2)
            elif self._unit == "letters":
                said.append(letters[place])
        return said


def _written(group: Group, row: np.ndarray, shape: np.ndarray, begin: np.ndarray, size: int) -> np.ndarray:
    """``run of target letters * 2 + (1 for two letters of the source)`` of each piece."""
    source, target = np.array(SHAPES)[shape].T
    padded = np.pad(group.target, ((0, 0), (0, 2)))
    first = np.where(target > 0, padded[row, begin], 0)
    second = np.where(target > 1, padded[row, begin + 1], 0)
    return (first + size * second) * 2 + (source == 2)


@baselines.named("letter_mapping")
def letter_mapping(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The likeliest pieces by the letters around; how many of these are looked at, and the smoothing, are chosen.

    Pieces are one letter to one, one to two, two to one, one to none; what was written before is not looked at. It
    does not apply to texts of words.
    """
    if train.kind != "texts" or train.unit == "words" or len(train) == 0:
        return None
    best: tuple[float, float, int, list[Guess]] | None = None
    try:
        mapping = LetterMapping(train)
        words = [mapping.letters(part) for part in (valid, test)]
        for smoothing in SMOOTHINGS:
            for seen, guesses in enumerate(rising(mapping.aligned, words, smoothing)):
                score = better(mapping.answered(valid, guesses[0]))
                if best is None or score > best[0]:
                    best = score, smoothing, seen, guesses
    except UsageError:  # no pieces, or a score that texts do not have
        return None
    assert best is not None
    _, smoothing, seen, guesses = best
    settings = f"pieces of one and two letters, by {seen} neighbouring letters; smoothing {smoothing:g}"
    if mapping.used < mapping.pairs:
        settings += f"; learned from {mapping.used:,} of {mapping.pairs:,} pairs"
    return Answer("letter_mapping", settings, mapping.answered(valid, guesses[0]), mapping.answered(test, guesses[1]))
