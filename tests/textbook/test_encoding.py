"""Words to numbers: the textbook's four sentences, and what a bag forgets."""

from __future__ import annotations

import numpy as np
import torch

from tests.textbook.layers import outputs, random_layer
from throughtime.data.tokenisation import cut
from throughtime.data.vocabulary import Vocabulary
from throughtime.models.baselines.baseline import Material
from throughtime.models.baselines.features import Features, ngram_features, tf_idf

SENTENCES = (
    "The first half was very boring .",
    "Great performance by all the lead actors .",
    "The background music was awesome .",
    "The movie was a waste of time .",
)
TOKENS = [cut(sentence, "words", lower=True) for sentence in SENTENCES]
VOCABULARY = Vocabulary.in_order_of_appearance(TOKENS)


def test_the_vocabulary_has_24_words_in_order_of_appearance() -> None:
    assert len(VOCABULARY) == 24
    assert VOCABULARY.decode([1, 2, 3, 4, 5, 24]) == ["<sos>", "<eos>", "<pad>", "the", "first", "time"]


def test_the_sentences_as_ids_padded_to_the_longest() -> None:
    assert VOCABULARY.padded(TOKENS).tolist() == [
        [4, 5, 6, 7, 8, 9, 10, 3],
        [11, 12, 13, 14, 4, 15, 16, 10],
        [4, 17, 18, 7, 19, 10, 3, 3],
        [4, 20, 7, 21, 22, 23, 24, 10],
    ]


def test_the_is_one_hot_at_the_fourth_of_24_places() -> None:
    """One course prints 23 entries."""
    the = VOCABULARY.one_hot(VOCABULARY.encode(["the"]))[0]
    assert the.shape == (24,)
    assert the.nonzero()[0].tolist() == [3] and the[3] == 1
    whole = VOCABULARY.one_hot(VOCABULARY.padded(TOKENS))
    assert whole.shape == (4, 8, 24) and (whole.sum(2) == 1).all()


def bags(texts: list[str]) -> Features:
    """Counts of single words, as the baselines have them."""
    texts_only = Material({"text": texts}, {}, {}, np.zeros(len(texts), np.int64), ())
    features = ngram_features(texts_only, texts_only, texts_only, "words")
    assert features is not None
    return features.select(features.lengths == 1)


def test_a_permutation_has_the_same_bag_and_the_same_tf_idf_and_another_state() -> None:
    """Order is lost in a bag; a network reads it."""
    dog, man, other = "the dog bit the man", "the man bit the dog", "the dog bit a cat"
    for features in (bags([dog, man, other]), tf_idf(bags([dog, man, other]))):
        first, second, third = features.train.dense()
        assert (first == second).all() and not (first == third).all()
    tokens = [text.split() for text in (dog, man)]
    vocabulary = Vocabulary.in_order_of_appearance(tokens)
    x = torch.from_numpy(vocabulary.one_hot(vocabulary.padded(tokens))).double()
    layer = random_layer("gru", len(vocabulary), 5)
    assert (outputs(layer, x)[0, -1] - outputs(layer, x)[1, -1]).abs().max() > 0.1


def test_a_bag_is_the_sum_of_the_one_hot_vectors() -> None:
    """For each sentence, up to the order of the columns."""
    one_hot = VOCABULARY.one_hot
    for tokens, counts in zip(TOKENS, bags(list(SENTENCES)).train.dense(), strict=True):
        summed = one_hot(VOCABULARY.encode(tokens)).sum(0)
        assert sorted(summed[summed > 0]) == sorted(counts[counts > 0])


def test_long_ranges_in_words() -> None:
    """What the blank needs stands 11 words before it."""
    words = cut("In France I had a great time and I learnt some of the ___ language", "spaces")
    assert words.index("___") - words.index("France") == 12
