"""Vocabularies: specials first, then by frequency; what is rare or unseen is <unk>."""

from __future__ import annotations

import json
import random
from collections import Counter

import numpy as np
import pytest

from throughtime.data.vocabulary import SPECIALS, Vocabulary

CORPUS = [random.Random(seed).choices("abcdefgh", weights=range(1, 9), k=30) for seed in range(20)]


def test_specials_then_frequency_then_alphabet() -> None:
    vocabulary = Vocabulary.fit([["b", "b", "c", "a", "d", "a"], ["c"]])
    assert vocabulary.tokens == (*SPECIALS, "a", "b", "c", "d")
    assert [vocabulary.ids[token] for token in SPECIALS] == [0, 1, 2, 3]
    counts = Counter(token for tokens in CORPUS for token in tokens)
    fitted = Vocabulary.fit(CORPUS).tokens[4:]
    assert sorted(fitted, key=lambda token: (-counts[token], token)) == list(fitted) and set(fitted) == set(counts)


def test_the_order_of_the_texts_makes_no_difference() -> None:
    assert Vocabulary.fit(CORPUS) == Vocabulary.fit(CORPUS[::-1])


@pytest.mark.parametrize("most", [1, 3, 8, 100])
def test_only_the_most_frequent_are_kept(most: int) -> None:
    assert Vocabulary.fit(CORPUS, max_vocabulary=most).tokens == Vocabulary.fit(CORPUS).tokens[: 4 + most]


def test_rare_tokens_become_unk() -> None:
    vocabulary = Vocabulary.fit([["a", "a", "b"], ["c", "c", "c"]], min_count=2)
    assert vocabulary.tokens[4:] == ("c", "a")
    assert vocabulary.encode(["b", "a", "z"]).tolist() == [1, 5, 1]
    assert vocabulary.decode([1, 5, 4]) == ["<unk>", "a", "c"]


def test_encoding_is_int64_also_of_nothing() -> None:
    ids = Vocabulary.fit(CORPUS).encode([])
    assert ids.dtype == np.int64 and ids.shape == (0,)


def test_a_text_that_holds_unk_means_it() -> None:
    vocabulary = Vocabulary.fit([["<unk>", "a", "<unk>"]])
    assert vocabulary.tokens == (*SPECIALS, "a") and vocabulary.encode(["<unk>"]).tolist() == [1]


def test_it_survives_json() -> None:
    vocabulary = Vocabulary.fit([["ä", "\u2028", '"', "日本"], ["ä"]])
    assert Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary


def test_padding_and_one_hot() -> None:
    vocabulary = Vocabulary.fit([["a", "b", "a"]])
    ids = vocabulary.padded([["b"], ["a", "b", "a"], []])
    assert ids.tolist() == [[5, 0, 0], [4, 5, 4], [0, 0, 0]]
    hot = vocabulary.one_hot(ids)
    assert hot.shape == (3, 3, 6) and (hot.argmax(-1) == ids).all() and (hot.sum(-1) == 1).all()


def test_without_unk_a_stranger_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        Vocabulary.in_order_of_appearance([["a"]]).encode(["b"])
