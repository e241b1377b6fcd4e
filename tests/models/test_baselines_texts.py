"""Baselines of texts out of texts: EM against its definition, alignment and contexts against brute force."""

from __future__ import annotations

from functools import cache
from itertools import islice, product

import numpy as np
import pytest

from throughtime.models.baselines import Material, baselines, letter_mapping, pieces, word_table
from throughtime.models.baselines.letter_contexts import Aligned, Letters, rising, way
from throughtime.models.baselines.pairs import pairs_of
from throughtime.models.baselines.pieces import SHAPES, Alphabet, Pieces, aligned, grouped, learned, uses
from throughtime.models.metrics import metrics

WORD_ERROR, CHARACTER_ERROR, MAE = (metrics[name].score for name in ("word_error", "character_error", "mae"))
HOUSE = [("das Haus", "the house"), ("das Buch", "the book"), ("ein Buch", "a book")]


def sentences(pairs: list[tuple[str, str]]) -> Material:
    return Material.of_texts("de", [source for source, _ in pairs], [[target] for _, target in pairs], "words")


def model_one(pairs: list[tuple[str, str]], rounds: int) -> tuple[dict, dict]:
    """IBM model 1 as its equations stand, and how many words each source word is expected to yield."""
    shares: dict[tuple[str, str], float] = {}
    for _ in range(rounds):
        expected: dict[tuple[str, str], float] = {}
        for source, target in pairs:
            words = ["", *source.split()]
            for said in target.split():
                whole = sum(shares.get((word, said), 1.0) for word in words)
                for word in words:
                    key = word, said
                    expected[key] = expected.get(key, 0.0) + shares.get(key, 1.0) / whole
        totals = {word: sum(c for (w, _), c in expected.items() if w == word) for word, _ in expected}
        shares = {(word, said): count / totals[word] for (word, said), count in expected.items()}
    occurrences = {word: sum(["", *source.split()].count(word) for source, _ in pairs) for word in totals}
    return shares, {word: totals[word] / occurrences[word] for word in totals}


def test_the_word_table_is_that_of_model_one() -> None:
    pairs = [*HOUSE, ("das das Haus", "the old house house"), ("ein Haus", "a house")]
    found = dict(zip(word_table.ROUNDS, word_table.tables(pairs, "spaces"), strict=True))
    for rounds in (1, 3, 8):
        shares, yields = model_one(pairs, rounds)
        table = found[rounds]
        assert table.yields == pytest.approx(yields)
        for word, best in table.best.items():
            assert shares[word, best] == pytest.approx(max(s for (w, _), s in shares.items() if w == word))


def test_words_are_told_apart_by_where_else_they_stand() -> None:
    answer = baselines["word_table"](
        sentences(HOUSE), sentences(HOUSE), sentences([("ein Haus", "a house")]), WORD_ERROR
    )
    assert answer is not None and answer.test.predicted.tolist() == ["a house"]
    assert answer.valid.predicted.tolist() == [target for _, target in HOUSE]
    assert answer.settings.startswith("IBM model 1, ")


def test_unknown_words_are_copied_and_case_is_looked_through() -> None:
    *_, table = word_table.tables([("Das Buch .", "The book ."), ("ein Hund .", "a dog .")] * 2, "words")
    assert table.translated("DAS Quux, Buch.", 0.0).split()[1:] == ["Quux,", table.best["Buch"] + "."]
    assert table.translated("EIN das", 0.0).split() == [table.best["ein"], table.best["Das"]]


def test_a_word_that_yields_little_is_left_out() -> None:
    """ "ja" is never said in the other language."""
    pairs = [("a ja", "x"), ("b ja", "y"), ("c ja", "z"), ("a", "x"), ("b", "y"), ("c", "z"), ("b a ja", "y x")] * 5
    answer = baselines["word_table"](sentences(pairs), sentences(pairs), sentences([("c ja b", "z y")]), WORD_ERROR)
    assert answer is not None and "are left out" in answer.settings
    assert answer.test.predicted.tolist() == ["z y"]


def ways(source: list[int], target: list[int]) -> list[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """All ways to cut both into pieces."""
    if not source:
        return [[]] if not target else []
    found = []
    for a, b in SHAPES:
        if a <= len(source) and b <= len(target):
            rest = ways(source[a:], target[b:])
            found += [[(tuple(source[:a]), tuple(target[:b])), *one] for one in rest]
    return found


def some_words() -> tuple[list[list[int]], list[list[int]]]:
    generator = np.random.default_rng(3)
    sources = [generator.integers(1, 4, generator.integers(1, 5)).tolist() for _ in range(25)]
    return sources, [
        generator.integers(1, 3, generator.integers(0, 2 * len(source) + 1)).tolist() for source in sources
    ]


def key_of(source: tuple[int, ...], target: tuple[int, ...], sizes: tuple[int, int]) -> int:
    run = [
        sum(letter * size**place for place, letter in enumerate(p))
        for p, size in zip((source, target), sizes, strict=True)
    ]
    return run[0] * sizes[1] ** 2 + run[1]


def test_pieces_are_learned_as_by_the_sum_over_all_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "ROUNDS", 3)
    monkeypatch.setattr(pieces, "TOGETHER", 4)
    sources, targets = some_words()
    sizes = (4, 3)
    found = learned(list(grouped(sources, targets)), sizes)
    every = [
        [[key_of(s, t, sizes) for s, t in one] for one in ways(*pair)] for pair in zip(sources, targets, strict=True)
    ]
    shares = {key: 1 / len(found.keys) for key in found.keys.tolist()}
    for _ in range(3):
        expected = dict.fromkeys(shares, 0.0)
        for possible in every:
            weights = [np.prod([shares[key] for key in one]) for one in possible]
            for one, weight in zip(possible, weights, strict=True):
                for key in one:
                    expected[key] += weight / sum(weights)
        shares = {key: count / sum(expected.values()) for key, count in expected.items()}
    assert dict(zip(found.keys.tolist(), found.shares, strict=True)) == pytest.approx(shares, abs=1e-11)


def test_the_likeliest_alignment_is_the_likeliest_of_all() -> None:
    sources, targets = some_words()
    sizes, generator = (4, 3), np.random.default_rng(4)
    groups = list(grouped(sources, targets))
    keys = np.unique(np.concatenate([k.reshape(-1) for g in groups for k in g.keys(sizes)]))
    random = Pieces(keys, generator.random(len(keys)), sizes)
    of = dict(zip(keys.tolist(), random.shares.tolist(), strict=True))
    for group in groups:
        row, first, shape, begin = aligned(group, random.likely(group))
        for at, number in enumerate(group.rows):
            source, target = sources[number], targets[number]
            cuts = sorted(
                (int(i), int(s), int(j)) for r, i, s, j in zip(row, first, shape, begin, strict=True) if r == at
            )
            mine = [(tuple(source[i : i + SHAPES[s][0]]), tuple(target[j : j + SHAPES[s][1]])) for i, s, j in cuts]
            assert mine in ways(source, target)
            scores = [np.prod([of[key_of(s, t, sizes)] for s, t in one]) for one in ways(source, target)]
            assert np.prod([of[key_of(s, t, sizes)] for s, t in mine]) == pytest.approx(max(scores))


def test_uses_count_each_letter_once() -> None:
    generator = np.random.default_rng(5)
    counts = uses([generator.random((3, 5 - a + 1, 7 - b + 1)) for a, b in SHAPES])
    letters = sum(a * part.sum(axis=(1, 2)) for (a, _), part in zip(SHAPES, counts, strict=True))
    others = sum(b * part.sum(axis=(1, 2)) for (_, b), part in zip(SHAPES, counts, strict=True))
    assert letters == pytest.approx(5) and others == pytest.approx(7)


def test_shares_back_off_as_by_the_definition() -> None:
    """By recursion over counts, for every place and the first four contexts."""
    generator = np.random.default_rng(6)
    words = [generator.integers(1, 4, generator.integers(1, 6)).tolist() for _ in range(60)]
    letters = Letters.of(words)
    places = np.flatnonzero(generator.random(len(letters.ids)) < 0.8)
    follows = letters.beside(1)[places] > 0
    targets = 2 * generator.integers(0, 4, len(places)) + ((generator.random(len(places)) < 0.3) & follows)
    seen = [letters.beside(by) for by in (0, 1, -1, 2)]
    kinds, smoothing = len(set(targets.tolist())), 0.7

    @cache
    def share(target: int, context: tuple[int, ...]) -> float:
        if not context:
            return 1 / kinds
        here = [
            int(said)
            for place, said in zip(places, targets, strict=True)
            if all(look[place] == letter for look, letter in zip(seen[: len(context)], context, strict=True))
        ]
        if not here:
            return share(target, context[:-1])
        new = smoothing * len(set(here))
        return (here.count(target) + new * share(target, context[:-1])) / (len(here) + new)

    train = Aligned(letters, places, targets)
    for depth, (guess,) in enumerate(islice(rising(train, [letters], smoothing), 4), start=1):
        for place in range(len(letters.ids)):
            context = tuple(int(look[place]) for look in seen[:depth])
            of = {target: share(target, context) for target in sorted(set(targets.tolist()))}
            assert guess.shares[place, 0] == pytest.approx(max(of[t] for t in of if t % 2 == 0))
            if depth > 1 and guess.targets[place, 1] >= 0:
                assert guess.shares[place, 1] == pytest.approx(of[guess.targets[place, 1]])
            if depth == 1 or seen[1][place] == 0:
                assert guess.shares[place, 1] == 0  # no letter to go with it


def test_the_way_through_a_word_is_the_likeliest() -> None:
    generator = np.random.default_rng(7)
    for length in (0, 1, 2, 5):
        logs, targets = generator.normal(size=(length, 2)).tolist(), [[10 * i, 10 * i + 1] for i in range(length)]
        possible = [cut for n in range(length + 1) for cut in product((1, 2), repeat=n) if sum(cut) == length]
        worth = {}
        for cut in possible:
            at = np.cumsum([0, *cut])[:-1]
            worth[cut] = sum(logs[i][step - 1] for i, step in zip(at, cut, strict=True))
        best = max(possible, key=lambda cut: worth[cut])
        at = np.cumsum([0, *best])[:-1]
        expected = [(100 + i, targets[i][step - 1]) for i, step in zip(at, best, strict=True)]
        assert way(logs, targets, 100) == expected


def spelt(words: list[str], unit: str = "symbols") -> Material:
    """A language in which sh is S, x is K S, a silent e ends words, and c is S before i, else K."""
    said = []
    for word in words:
        text = word.replace("sh", "S").replace("ci", "si").replace("x", "ks").removesuffix("e")
        said.append([" ".join(text.upper()) if unit == "symbols" else text.upper()])
    return Material.of_texts("word", words, said, unit)


@pytest.mark.parametrize("unit", ["symbols", "letters"])
def test_spelling_is_learned(unit: str) -> None:
    generator = np.random.default_rng(8)
    syllables = ["sha", "ci", "ca", "xo", "mi", "tu", "shi", "co", "he", "na"]
    words = ["".join(generator.choice(syllables, generator.integers(1, 4))) for _ in range(600)]
    words = [word + "e" if generator.random() < 0.3 else word for word in words]
    parts = [spelt(words[:400], unit), spelt(words[400:500], unit), spelt(words[500:], unit)]
    answer = baselines["letter_mapping"](*parts, WORD_ERROR)
    assert answer is not None and metrics["exact_match"].compute(answer.test) > 0.98
    assert "neighbouring letters" in answer.settings


def test_a_letter_that_was_never_seen_is_copied_in_letters_and_left_out_in_symbols() -> None:
    for unit, expected in (("letters", "SAß"), ("symbols", "S A")):
        train = spelt(["sha", "na", "she", "tashi"] * 10, unit)
        answer = baselines["letter_mapping"](
            train, train, Material.of_texts("word", ["shaß"], [["?"]], unit), WORD_ERROR
        )
        assert answer is not None and answer.test.predicted.tolist() == [expected]


def test_alphabets_number_letters_and_runs() -> None:
    alphabet = Alphabet(["cab", "bd"])
    assert alphabet.numbers("bad!") == [3, 2, 4, -1]
    assert [alphabet.run(n) for n in (0, 3, 3 + alphabet.size * 2)] == [[], ["b"], ["b", "a"]]


def test_every_reference_is_learned_from() -> None:
    part = Material.of_texts("word", ["a", "b"], [["x", "y"], ["z"]], "letters")
    assert pairs_of(part) == [("a", "x"), ("a", "y"), ("b", "z")]


def test_what_cannot_be_learned_from_is_no_baseline() -> None:
    silent, wordy = spelt(["e"], "letters"), sentences([("", ""), ("a", "")])
    assert (
        baselines["letter_mapping"](Material.of_texts("w", ["a"], [["xyz"]], "letters"), silent, silent, WORD_ERROR)
        is None
    )
    assert baselines["word_table"](wordy, wordy, wordy, WORD_ERROR) is None
    for name, part in (("letter_mapping", spelt(["sha", "ci"])), ("word_table", sentences(HOUSE))):
        assert baselines[name](part, part, part, MAE) is None  # a score that texts do not have


def test_long_material_is_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_table, "LINKS", 12)
    answer = baselines["word_table"](sentences(HOUSE), sentences(HOUSE), sentences(HOUSE), WORD_ERROR)
    assert answer is not None and "2 pairs of training drawn at random" in answer.settings
    monkeypatch.setattr(letter_mapping, "LETTERS", 40)
    monkeypatch.setattr(letter_mapping, "PLACES", 200)
    part = spelt(["sha", "na", "she", "tashi"] * 10)
    answer = baselines["letter_mapping"](part, part, part, WORD_ERROR)
    assert answer is not None and "of 40 pairs" in answer.settings


def test_known_answers_are_looked_up() -> None:
    train = Material.of_texts("word", ["a", "a", "a", "b"], [["x"], ["y"], ["y"], ["x"]], "letters")
    valid = Material.of_texts("word", ["b", "new"], [["x"], ["z"]], "letters")
    test = Material.of_texts("word", ["a", "c"], [["y"], ["x"]], "letters")
    found = baselines["known_answers"](train, valid, test, metrics["exact_match"].score)
    assert found is not None and found.settings == "of 2 sources of valid training knew 1"
    assert found.test.predicted.tolist() == ["y", "x"] and found.valid.predicted.tolist() == ["x", "x"]
