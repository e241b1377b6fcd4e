"""Bags and n-grams against dense matrices and brute force, and the features that the baselines make of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from throughtime.models.baselines import Material, ngrams
from throughtime.models.baselines.bags import Bags, beside
from throughtime.models.baselines.features import (
    affordable,
    bag_features,
    category_features,
    log_counts,
    ngram_features,
    number_features,
    presence,
    tf_idf,
)
from throughtime.models.baselines.ngrams import NGrams, Words, characters, numbers_of


def some_bags(seed: int = 1, rows: int = 7, width: int = 5) -> tuple[Bags, np.ndarray]:
    """Bags with an empty first, middle and last row and an empty column, and the same as a dense matrix."""
    generator = np.random.default_rng(seed)
    dense = generator.integers(0, 4, (rows, width)).astype(np.float32)
    dense[[0, 3, -1]] = 0
    dense[:, 2] = 0
    at, columns = dense.nonzero()
    times = dense[at, columns].astype(int)
    order = generator.permutation(times.sum())
    return Bags.counted(at.repeat(times)[order], columns.repeat(times)[order], dense.shape), dense


def texts_only(*texts: str) -> Material:
    return Material({"text": list(texts)}, {}, {}, np.zeros(len(texts), np.int64), ("a",))


def test_bags_are_the_dense_matrix() -> None:
    bags, dense = some_bags()
    generator = np.random.default_rng(2)
    assert (bags.dense() == dense).all() and len(bags) == 7 and bags.width == 5
    assert (bags.transposed().dense() == dense.T).all()
    assert (bags.frequency() == (dense > 0).sum(0)).all()
    assert bags.row_sums(bags.values**2) == pytest.approx((dense**2).sum(1))
    weights = generator.normal(size=(5, 3))
    assert (bags @ torch.from_numpy(weights)).numpy() == pytest.approx(dense @ weights)
    kept = np.array([True, False, True, False, True])
    assert (bags.select(kept).dense() == dense[:, kept]).all()
    other = generator.normal(size=(7, 4)).astype(np.float32)
    assert (beside([bags, Bags.of(other), bags]).dense() == np.concatenate([dense, other, dense], 1)).all()


def test_bags_without_rows_columns_or_entries() -> None:
    for shape in ((0, 3), (3, 0), (0, 0), (2, 3)):
        empty = Bags.counted(np.zeros(0, np.int64), np.zeros(0, np.int64), shape)
        assert empty.dense().shape == shape and empty.transposed().dense().shape == shape[::-1]
        assert (empty @ torch.ones(shape[1], 2)).tolist() == [[0.0, 0.0]] * shape[0]
        assert beside([empty, empty]).dense().shape == (shape[0], 2 * shape[1])


@pytest.mark.parametrize("table", [ngrams.TABLE, 0])
def test_character_ngrams_are_those_of_the_text(table: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "TABLE", table)  # both ways of looking up
    train, later = ["Ana anna", "", "b  ana ", "Zoë \U0001f600"], ["an a", "xyz", "Zoëb"]
    grams = NGrams(4)
    counted = grams.fit(characters(train))
    known = {gram for text in train for gram in brute(f" {' '.join(text.split())} ", 4)}
    assert counted.width == len(grams.lengths) == len(known)
    for bags, texts in ((counted, train), (grams(characters(later)), later)):
        for row, text in zip(bags.dense(), texts, strict=True):
            expected = Counter(gram for gram in brute(f" {' '.join(text.split())} ", 4) if gram in known)
            assert sorted(row[row > 0]) == sorted(expected.values())
            for length in range(1, 5):
                found = row[grams.lengths == length].sum()
                assert found == sum(count for gram, count in expected.items() if len(gram) == length)


def brute(text: str, longest: int) -> list[str]:
    return [text[at : at + length] for length in range(1, longest + 1) for at in range(len(text) - length + 1)]


def test_word_ngrams_of_a_large_vocabulary_are_not_mistaken_for_one_another() -> None:
    """100,000 words: the key of a pair goes far beyond 32 bits."""
    names = [f"w{number}" for number in range(100_000)]
    words, grams = Words(), NGrams(2)
    counted = grams.fit(words.fit([" ".join(names)]))
    assert counted.width == 199_999 and (counted.values == 1).all()
    pairs = grams(words(["w99998 w99999", "w99999 w99998", "w7 w8 w9"]))
    assert (pairs.select(grams.lengths == 2).row_sums(np.ones(3)) == [1, 0, 2]).all()


def test_words_are_lower_cased_and_unknown_ones_break_a_pair() -> None:
    words, grams = Words(), NGrams(2)
    grams.fit(words.fit(["A good film .", "good film"]))
    assert grams(words(["GOOD film", "good new film"])).dense().sum(1).tolist() == [3, 2]


def test_numbers_of() -> None:
    known = np.array([0, 3, 10])
    assert numbers_of(np.array([10, -1, 0, 4, 3, 11, 2**40]), known).tolist() == [2, -1, 0, -1, 1, -1, -1]
    assert numbers_of(np.array([1, 2]), known[:0]).tolist() == [-1, -1]


@pytest.mark.parametrize("form", [log_counts, tf_idf, presence, lambda features: features])
def test_order_is_lost_in_a_bag(form) -> None:  # type: ignore[no-untyped-def]
    """Sentences that are permutations of each other have equal bags and equal TF-IDF."""
    one, other = "the dog bit the man .", "the man bit the dog ."
    features = ngram_features(texts_only(one, "a cat ."), texts_only(one, other), texts_only(other), "words")
    assert features is not None
    singles = form(features.select(features.lengths == 1))
    first, second = singles.valid.dense()
    assert (first == second).all() and (singles.test.dense()[0] == first).all() and first.any()
    pairs = form(features.select(features.lengths == 2)).valid.dense()
    assert not (pairs[0] == pairs[1]).all()


def test_tf_idf_against_its_definition() -> None:
    train = texts_only("red red blue", "red green", "red")
    features = ngram_features(train, texts_only("green green red unheard"), train, "words")
    assert features is not None
    singles = features.select(features.lengths == 1)
    rarity = {word: 1 + np.log(4 / (1 + rows)) for word, rows in (("red", 3), ("blue", 1), ("green", 1))}
    expected = np.array([(1 + np.log(2)) * rarity["red"], rarity["blue"]])
    found = tf_idf(singles).train.dense()[0]
    assert sorted(found[found > 0]) == pytest.approx(sorted(expected / np.sqrt((expected**2).sum())))
    expected = np.array([(1 + np.log(2)) * rarity["green"], rarity["red"]])
    found = tf_idf(singles).valid.dense()[0]
    assert sorted(found[found > 0]) == pytest.approx(sorted(expected / np.sqrt((expected**2).sum())))


def test_each_text_column_has_features_of_its_own() -> None:
    material = Material({"head": ["a b", "b"], "body": ["b", "a"]}, {}, {}, np.zeros(2, np.int64), ("x",))
    features = bag_features(material, material, material, "words")
    assert features is not None
    # body: b, a, as they appear; head: a, b, and the pair "a b", which body never holds
    assert features.train.dense().tolist() == [[1, 0, 1, 1, 1], [0, 1, 0, 1, 0]]
    assert features.lengths.tolist() == [1, 1, 1, 1, 2]


def test_categories_and_numbers() -> None:
    sizes_of, same = np.array([1.0, 3.0, 5.0]), np.full(3, 2.0)
    train = Material({}, {"size": sizes_of, "same": same}, {"kind": ["p", "q", "p"]}, np.zeros(3))
    later = Material({}, {"size": np.array([9.0]), "same": np.array([2.5])}, {"kind": ["unheard"]}, np.zeros(1))
    kinds = category_features(train, later, later)
    assert kinds is not None
    assert kinds.train.dense().tolist() == [[1, 0], [0, 1], [1, 0]] and kinds.valid.dense().tolist() == [[0, 0]]
    sizes = number_features(train, later, later)
    assert sizes is not None
    deviation = np.sqrt(8 / 3)
    assert sizes.train.dense()[:, 1] == pytest.approx(np.array([-2, 0, 2]) / deviation)
    assert sizes.valid.dense()[0] == pytest.approx([0.5, 6 / deviation])


def test_of_too_many_features_the_most_frequent_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    material = texts_only("a b c", "a b", "a")
    features = ngram_features(material, material, material, "words")
    assert features is not None
    assert affordable(features, outputs=1).train.width == 5
    monkeypatch.setattr("throughtime.models.baselines.features.MEMORY", 8)
    assert affordable(features, outputs=4).train.frequency().tolist() == [3, 2]
    monkeypatch.setattr("throughtime.models.baselines.features.WORK", 4)
    assert affordable(features, outputs=1).train.frequency().tolist() == [3]
