"""A linear chain: the features of each word, and which tag follows which; an averaged structured perceptron."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from throughtime.data.order import permutation
from throughtime.errors import UsageError
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.most_frequent_tag import is_tagged, words_of
from throughtime.models.baselines.ngrams import numbers_of

EPOCHS = 8
PATIENCE = 2  # epochs without a better answer on the validation split, after which it stops
BUDGET = 2_400_000  # tokens in all epochs together
LONGEST = 1_000_000  # tokens of training that are used at all, whole rows drawn at random
WEIGHTS = 1 << 24  # at most; where features times tags are more, the rarest features are left out
OUTSIDE = 0  # the look of what would stand before the first word and after the last


def shape(word: str) -> str:
    """Which kinds of characters it has, in order, each run of one kind once.

    >>> shape("Rio"), shape("COVID-19"), shape("3.14")
    ('Aa', 'A-0', '0-0')
    """
    kinds = ("0" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else "-" for c in word)
    return re.sub(r"(.)\1+", r"\1", "".join(kinds))


LOOKS: dict[str, Callable[[str], str]] = {
    "word": lambda word: word,
    "lower": str.lower,
    "first": lambda word: word[:1],
    "first two": lambda word: word[:2],
    "first three": lambda word: word[:3],
    "last": lambda word: word[-1:],
    "last two": lambda word: word[-2:],
    "last three": lambda word: word[-3:],
    "shape": shape,
}
Run = tuple[str, int, int]  # a look of the words from so many to so many steps further on
WORDS: tuple[Run, ...] = (
    *((look, 0, 0) for look in LOOKS),
    *((look, by, by) for by in (-1, 1) for look in ("lower", "last three", "shape")),
    *(("lower", by, by) for by in (-2, 2)),
    *(("lower", by, by + 1) for by in (-1, 0)),
)
LETTERS: tuple[Run, ...] = (
    *(("word", by, by) for by in range(-4, 5)),
    *(("word", by, by + 1) for by in range(-3, 3)),
    *(("word", by, by + 2) for by in range(-3, 2)),
    *(("word", by, by + 3) for by in range(-3, 1)),
)
"""The features of a step, where steps are words, and where every one is a single character."""


class Features:
    """Numbers for the features that occur in training: each step has one for every run of the window."""

    def __init__(self, rows: list[list[str]], most: int) -> None:
        """Learns the features of the training rows; the rarest are left out where there are more than ``most``."""
        words = dict.fromkeys(chain.from_iterable(rows))
        self._window = LETTERS if max(map(len, words)) <= 1 else WORDS
        self._looks = {
            name: {value: number for number, value in enumerate(dict.fromkeys(map(look, words)), start=OUTSIDE + 1)}
            for name, look in LOOKS.items()
        }
        self._known: dict[Run, np.ndarray] = {}  # the sorted keys of each run of two and more
        self._sizes: list[int] = []  # of each run of the window, how many there are
        found = np.bincount(self._all(rows, learn=True).reshape(-1))
        self.least = 1
        while (found >= self.least).sum() > most:
            self.least += 1
        kept = found >= self.least
        self._numbers = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1).astype(np.int32)  # the last: unknown
        self.count = int(kept.sum())

    def __call__(self, rows: list[list[str]]) -> np.ndarray:
        """``(N, F)`` int32: the features of each word of all rows, -1 for an unknown one."""
        return self._numbers[self._all(rows, learn=False)]

    def _all(self, rows: list[list[str]], learn: bool) -> np.ndarray:
        """``(N, F)``: the same before rare ones are left out; learning notes what occurs."""
        words = {word: number for number, word in enumerate(dict.fromkeys(chain.from_iterable(rows)))}
        ids = np.fromiter((words[word] for row in rows for word in row), np.int64)
        lengths = np.array([len(row) for row in rows], np.int64)
        ends = np.cumsum(lengths)
        starts, ends = np.repeat(ends - lengths, lengths), np.repeat(ends, lengths)
        looks = {
            name: np.array([known.get(LOOKS[name](word), -1) for word in words], np.int64)
            for name, known in self._looks.items()
        }

        def seen(look: str, by: int) -> np.ndarray:
            at = np.arange(len(ids)) + by
            inside = (at >= starts) & (at < ends)
            return np.where(inside, looks[look][ids[np.where(inside, at, 0)]], OUTSIDE)

        result = np.empty((len(ids), len(self._window)), np.int32)
        offset = 0
        for place, (look, first, last) in enumerate(self._window):
            found = seen(look, first)
            for by in range(first + 1, last + 1):  # numbered by what is before and the last, as n-grams are
                value = seen(look, by)
                keys = np.where((found >= 0) & (value >= 0), found * (len(self._looks[look]) + 1) + value, -1)
                if learn:
                    self._known[look, first, by] = np.unique(keys)
                found = numbers_of(keys, self._known[look, first, by])
            if learn:
                self._sizes.append(int(found.max()) + 1)
            known = (found >= 0) & (found < self._sizes[place])
            result[:, place] = np.where(known, found + offset, -1)
            offset += self._sizes[place]
        return result


@dataclass(frozen=True)
class Chain:
    """``score(tags) = sum over steps of weights[features].sum() + transitions[tag before, tag]``.

    ``weights (F + 1, C)``, the last row, 0, being that of unknown features; ``transitions (C + 1, C)``, the last row
    being that of the first step.
    """

    weights: np.ndarray
    transitions: np.ndarray

    def likeliest(self, features: np.ndarray) -> np.ndarray:
        """``(n,)``: the tags with the highest score of all, by the algorithm of Viterbi, for one row ``(n, F)``."""
        scores = self.weights[features].sum(axis=1)
        columns = np.arange(scores.shape[1])
        best = scores[0] + self.transitions[-1]
        back = np.empty(scores.shape, np.int64)
        for step in range(1, len(scores)):
            through = best[:, None] + self.transitions[:-1]
            back[step] = through.argmax(axis=0)
            best = through[back[step], columns] + scores[step]
        tags = np.empty(len(scores), np.int64)
        tags[-1] = best.argmax()
        for step in range(len(scores) - 1, 0, -1):
            tags[step - 1] = back[step, tags[step]]
        return tags

    def tagged(self, features: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """``(N,)``: the tags of all rows, one after the other."""
        parts = [self.likeliest(features[row]) for row in _rows(lengths)]
        return np.concatenate([np.zeros(0, np.int64), *parts])


def epochs(
    features: np.ndarray, tags: np.ndarray, lengths: np.ndarray, size: tuple[int, int], count: int
) -> Iterator[Chain]:
    """After each epoch, the average of the weights so far (Collins 2002); ``size`` is that of the weights.

    Where the likeliest tags of a row are not the true ones, the features and transitions of the true ones gain 1 and
    those of the likeliest lose 1. ``late`` weighs every change by its time, so that the average needs no sum over all
    weights after every row: ``average = now - late / time``.
    """
    now = Chain(np.zeros(size, np.float32), np.zeros((size[1] + 1, size[1]), np.float32))
    late = Chain(np.zeros(size), np.zeros((size[1] + 1, size[1])))
    rows = list(_rows(lengths))
    time = 0
    for epoch in range(count):
        for index in permutation(len(rows), epoch):
            row, time = features[rows[index]], time + 1
            truth, found = tags[rows[index]], now.likeliest(row)
            wrong = np.flatnonzero(truth != found)
            if len(wrong) == 0:
                continue
            for chained, change in ((now, 1), (late, time - 1)):
                for path, sign in ((truth, change), (found, -change)):
                    np.add.at(chained.weights, (row[wrong], path[wrong, None]), sign)
                    np.add.at(chained.transitions, (np.append(-1, path[:-1]), path), sign)
                chained.weights[-1] = 0  # that of unknown features
        yield Chain(
            *(
                (new - old / time).astype(np.float32)
                for new, old in ((now.weights, late.weights), (now.transitions, late.transitions))
            )
        )


@baselines.named("linear_chain")
def linear_chain(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The words nearby, their beginnings, ends and shapes, and the tag before; the number of epochs is chosen.

    It names tags without probabilities, so it does not apply where the score needs them.
    """
    if not is_tagged(train) or len(train) == 0:
        return None
    assert train.lengths is not None and valid.lengths is not None and test.lengths is not None
    rows, tags, lengths = _drawn(words_of(train), train.target, train.lengths)
    known = Features(rows, most=WEIGHTS // len(train.classes))
    features, size = known(rows), (known.count + 1, len(train.classes))
    later = [known(words_of(part)) for part in (valid, test)]
    most = min(EPOCHS, max(1, BUDGET // len(tags)))
    best: tuple[float, int, Chain] | None = None
    for epoch, trained in enumerate(epochs(features, tags, lengths, size, most), start=1):
        try:
            score = better(valid.named(trained.tagged(later[0], valid.lengths)))
        except UsageError:
            return None
        if best is None or score > best[0]:
            best = score, epoch, trained
        elif epoch >= best[1] + PATIENCE:
            break
    assert best is not None
    _, epoch, trained = best
    settings = f"{epoch} {'epoch' if epoch == 1 else 'epochs'}, {known.count:,} features"
    if known.least > 1:
        settings += f" seen at least {known.least} times"
    if len(rows) < len(train.lengths):
        settings += f", {len(rows):,} rows of training drawn at random"
    valid_tags, test_tags = trained.tagged(later[0], valid.lengths), trained.tagged(later[1], test.lengths)
    return Answer("linear_chain", settings, valid.named(valid_tags), test.named(test_tags))


def _drawn(
    rows: list[list[str]], tags: np.ndarray, lengths: np.ndarray
) -> tuple[list[list[str]], np.ndarray, np.ndarray]:
    """The rows, tags and lengths to train on: all, or some of them where there are more tokens than ``LONGEST``."""
    if len(tags) <= LONGEST:
        return rows, tags, lengths
    order = permutation(len(rows), len(rows))
    fitting = int((np.cumsum(lengths[order]) <= LONGEST).sum())
    kept = np.sort(order[: max(fitting, 1)])
    parts = np.split(tags, np.cumsum(lengths)[:-1])
    return [rows[row] for row in kept], np.concatenate([parts[row] for row in kept]), lengths[kept]


def _rows(lengths: np.ndarray) -> Iterator[slice]:
    """Where each row that has any steps stands among the steps of all rows."""
    ends = [0, *np.cumsum(lengths).tolist()]
    return (slice(start, end) for start, end in pairwise(ends) if end > start)
