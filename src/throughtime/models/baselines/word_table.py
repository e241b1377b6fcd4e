"""A table of words: each word of the source as the word that it mostly stands for, in the order of the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from throughtime.data.tokenisation import Unit, cut, joined, proposed_unit
from throughtime.errors import UsageError
from throughtime.models.baselines.baseline import Answer, Material, Score, baselines
from throughtime.models.baselines.pairs import drawn, pairs_of, sources_of
from throughtime.models.metrics import Outcome

ROUNDS = (1, 2, 3, 5, 8)  # of EM, after which the table is tried
LEAST = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)  # target words that a source word must yield on average to be translated
LINKS = 8_000_000  # of a source word and a target word of one pair, which is what memory is needed for
NOTHING = 0  # the source word NULL, which stands in every sentence


class Links:
    """Every target word of each pair linked to every source word of it and to NULL.

    ``entries (L,)`` int32: the number of the pair of words of each link; links of one target word stand together, from
    ``starts (W,)`` on, ``counts (W,)`` of them. ``sources (E,)`` and ``targets (E,)``: the words of each such number.
    """

    def __init__(self, rows: list[tuple[np.ndarray, np.ndarray]], target_words: int) -> None:
        """``rows``: ids of the source words, NULL before them, and of the target words, for each pair."""
        sources = np.concatenate([source for source, _ in rows])
        targets = np.concatenate([target for _, target in rows])
        widths = np.array([len(source) for source, _ in rows])
        heights = np.array([len(target) for _, target in rows])
        self.counts = np.repeat(widths, heights)
        self.starts = np.cumsum(self.counts) - self.counts
        first = np.repeat(np.cumsum(widths) - widths, heights)  # of the source words of the pair, by target word
        at = np.arange(self.counts.sum()) + np.repeat(first - self.starts, self.counts)
        keys = sources[at] * target_words + np.repeat(targets, self.counts)
        known, entries = np.unique(keys, return_inverse=True)
        self.entries = entries.astype(np.int32)
        self.sources, self.targets = known // target_words, known % target_words
        self.occurrences = np.bincount(sources)

    def rounds(self, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """After each round of EM: ``t(target word | source word) (E,)``, and the expected links ``(E,)`` behind it."""
        shares = np.ones(len(self.sources))
        for _ in range(count):
            linked = shares[self.entries]
            linked /= np.repeat(np.add.reduceat(linked, self.starts), self.counts)
            expected = np.bincount(self.entries, weights=linked, minlength=len(shares))
            shares = expected / np.bincount(self.sources, weights=expected)[self.sources]
            yield shares, expected


@dataclass(frozen=True)
class WordTable:
    """``best``: the likeliest target word of each source word. ``yields``: how many target words one gives rise to."""

    best: dict[str, str]
    yields: dict[str, float]
    unit: Unit

    def translated(self, text: str, least: float) -> str:
        """Word for word; a word that yields less than ``least`` is left out, one that is unknown is copied.

        A word that is unknown as it is written is looked up in lower case, then with a capital.
        """
        said = []
        for word in cut(text, "words"):
            form = next((form for form in (word, word.lower(), word.capitalize()) if form in self.best), None)
            if form is None:
                said.append(word)
            elif self.yields[form] >= least:
                said.append(self.best[form])
        return joined(said, self.unit)


def tables(pairs: list[tuple[str, str]], unit: Unit) -> Iterator[WordTable]:
    """IBM model 1 (Brown et al. 1993): the table after each of so many rounds as are tried.

    A target word comes from any source word of its sentence or from NULL, each as likely as the other:
    ``P(target | source) = product over target words w of sum over source words s of t(w | s)``, times what does not
    depend on t. EM finds its one maximum from anywhere; it starts where all is alike.
    """
    cuts = [(cut(source, "words"), cut(target, unit)) for source, target in pairs]
    cuts = [(source, target) for source, target in cuts if target]
    words = ["", *dict.fromkeys(chain.from_iterable(source for source, _ in cuts))]
    others = list(dict.fromkeys(chain.from_iterable(target for _, target in cuts)))
    numbers, targets = ({word: i for i, word in enumerate(known)} for known in (words, others))
    rows = [
        (np.array([NOTHING, *map(numbers.__getitem__, s)]), np.array([*map(targets.__getitem__, t)])) for s, t in cuts
    ]
    links = Links(rows, len(others))
    for number, (shares, expected) in enumerate(links.rounds(ROUNDS[-1]), start=1):
        if number in ROUNDS:
            order = np.lexsort((links.targets, -shares, links.sources))  # the likeliest first, then the first seen
            firsts = order[np.append(True, np.diff(links.sources[order]) > 0)]
            best = {words[links.sources[i]]: others[links.targets[i]] for i in firsts}
            yields = np.bincount(links.sources, weights=expected) / links.occurrences
            yield WordTable(best, dict(zip(words, yields.tolist(), strict=True)), unit)


@baselines.named("word_table")
def word_table(train: Material, valid: Material, test: Material, better: Score) -> Answer | None:
    """The likeliest word for each word by IBM model 1, word for word; rounds of EM and what is left out are chosen.

    Nothing is moved, and no word looks at its neighbours. It does not apply to texts of letters or symbols.
    """
    if train.kind != "texts" or train.unit != "words":
        return None
    pairs = pairs_of(train)
    costs = [(len(source.split()) + 1) * len(target.split()) for source, target in pairs]
    if not any(costs):
        return None
    kept = [pairs[row] for row in drawn(costs, LINKS)]
    unit, _ = proposed_unit([target for _, target in kept], "words")
    best: tuple[float, int, float, WordTable] | None = None

    def answered(part: Material, table: WordTable, least: float) -> Outcome:
        return part.written([table.translated(text, least) for text in sources_of(part)])

    for rounds, table in zip(ROUNDS, tables(kept, unit), strict=True):
        for least in LEAST:
            try:
                score = better(answered(valid, table, least))
            except UsageError:
                return None
            if best is None or score > best[0]:
                best = score, rounds, least, table
    assert best is not None
    _, rounds, least, table = best
    settings = f"IBM model 1, {rounds} {'round' if rounds == 1 else 'rounds'} of EM"
    if least:
        settings += f"; words that yield under {least:g} words are left out"
    if len(kept) < len(pairs):
        settings += f"; {len(kept):,} pairs of training drawn at random"
    return Answer("word_table", settings, answered(valid, table, least), answered(test, table, least))
