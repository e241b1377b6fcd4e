"""Metrics of texts: edit distance against brute force, rates by hand, BLEU and chrF against sacreBLEU's front door."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sacrebleu

from throughtime.errors import UsageError
from throughtime.extra import Extra
from throughtime.models.metrics import Outcome, metrics, metrics_of, signatures
from throughtime.models.metrics.edit_distance import by_the_table, edit_distance
from throughtime.models.metrics.error_rates import character_errors, word_errors
from throughtime.models.metrics.translation import Corpus

WORDS = ["the", "cat", "sat", "on", "a", "mat", ",", "dog", "ran", "It's", "so", "."]


def some_sentences(rows: int = 40, seed: int = 1) -> Outcome:
    """Random sentences, and answers with words replaced and dropped; every third row has two references."""
    drawn = random.Random(seed)

    def sentence() -> list[str]:
        return drawn.choices(WORDS, k=drawn.randrange(1, 14))

    def worse(words: list[str]) -> list[str]:
        return [drawn.choice(WORDS) if drawn.random() < 0.2 else word for word in words if drawn.random() < 0.9]

    truths = [sentence() for _ in range(rows)]
    references = [[truth, worse(truth)] if row % 3 == 0 else [truth] for row, truth in enumerate(truths)]
    answers = [" ".join(worse(truth)) for truth in truths]
    return Outcome.of_texts([[" ".join(one) for one in right] for right in references], answers, "words")


def brute(first: str, second: str) -> int:
    """By the definition: the cheapest way, over all ways."""

    @cache
    def cheapest(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        replaced = cheapest(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(cheapest(i - 1, j) + 1, cheapest(i, j - 1) + 1, replaced)

    return cheapest(len(first), len(second))


def test_edit_distance_against_brute_force() -> None:
    drawn = random.Random(2)
    for _ in range(500):
        first, second = ("".join(drawn.choices("abc", k=drawn.randrange(9))) for _ in range(2))
        assert by_the_table(first, second) == brute(first, second), (first, second)


@pytest.mark.parametrize("longest", [3, 20, 64, 65, 200])
def test_the_fast_edit_distance_is_that_of_the_table(longest: int) -> None:
    drawn = random.Random(longest)
    for _ in range(60):
        first, second = (drawn.choices(["a", "bc", "d", " "], k=drawn.randrange(longest + 1)) for _ in range(2))
        assert edit_distance(first, second) == by_the_table(first, second), (first, second)


def test_errors_of_sentences_by_hand() -> None:
    outcome = Outcome.of_texts([["a black cat"], ["So it is."]], ["a cat", "so it is"], "words")
    assert word_errors(outcome).tolist() == [[1, 3], [2, 3]]
    assert metrics["word_error"].compute(outcome) == 3 / 6
    assert character_errors(outcome).tolist() == [[6, 11], [2, 9]]  # "black " is missing; S for s, and no point
    assert metrics["character_error"].compute(outcome) == 8 / 20
    assert metrics["exact_match"].compute(outcome) == 0


def test_the_nearest_reference_counts_and_of_equally_near_ones_the_longest() -> None:
    outcome = Outcome.of_texts([["a b c d", "a b", "a b c"], ["x"]], ["a b e", "x"], "words")
    assert word_errors(outcome).tolist() == [[1, 3], [0, 1]]
    assert metrics["exact_match"].compute(outcome) == 0.5


@pytest.mark.parametrize(("unit", "right", "said"), [("symbols", "K AE1 T", "K AH0 T S"), ("letters", "cat", "cuts")])
def test_where_a_row_is_a_word_it_is_wrong_as_a_whole(unit: str, right: str, said: str) -> None:
    outcome = Outcome.of_texts([[right], [right, said], [right]], [said, said, right], unit)
    assert metrics["word_error"].compute(outcome) == 1 / 3 == pytest.approx(1 - metrics["exact_match"].compute(outcome))
    assert metrics["character_error"].compute(outcome) == 2 / (3 + len(said.split() if unit == "symbols" else said) + 3)


def test_spaces_between_words_and_symbols_are_no_matter() -> None:
    for unit, right in (("words", 1.0), ("symbols", 1.0), ("letters", 0.0)):
        assert metrics["exact_match"].compute(Outcome.of_texts([["a  b"]], [" a b "], unit)) == right


def test_texts_of_nothing() -> None:
    outcome = Outcome.of_texts([[""], [""]], ["", "a b"], "words")
    assert metrics["word_error"].compute(outcome) == 2.0 and metrics["character_error"].compute(outcome) == 3.0
    assert metrics["exact_match"].compute(outcome) == 0.5
    nothing = replace(outcome, predicted=outcome.truth)
    assert metrics["word_error"].compute(nothing) == 0 and metrics["bleu"].compute(nothing) == 0


def test_bleu_and_chrf_are_those_of_sacrebleu() -> None:
    outcome = some_sentences()
    assert outcome.references is not None
    answers = list(outcome.predicted)
    streams = [[row[0] for row in outcome.references], [(*row, None)[1] for row in outcome.references]]
    assert metrics["bleu"].compute(outcome) == sacrebleu.corpus_bleu(answers, streams).score
    assert metrics["chrf"].compute(outcome) == sacrebleu.corpus_chrf(answers, streams).score
    assert 20 < metrics["bleu"].compute(outcome) < 80
    one = replace(outcome, references=tuple(row[:1] for row in outcome.references))
    assert metrics["bleu"].compute(one) == sacrebleu.corpus_bleu(answers, streams[:1]).score
    assert metrics["bleu"].compute(one) < metrics["bleu"].compute(outcome)


@pytest.mark.parametrize("metric", ["bleu", "chrf"])
def test_a_row_that_is_weighed_twice_is_a_row_that_stands_twice(metric: str) -> None:
    outcome = some_sentences(9)
    assert outcome.references is not None
    counts = np.array([2, 0, 1, 1, 3, 0, 1, 0, 1])
    drawn = np.repeat(np.arange(9), counts)
    again = Outcome.of_texts([outcome.references[i] for i in drawn], outcome.predicted[drawn], "words")
    assert Corpus(metric, outcome).figure(counts) == pytest.approx(metrics[metric].compute(again), rel=1e-12)
    assert Corpus(metric, outcome).figure() == metrics[metric].compute(outcome)


def test_signatures() -> None:
    found = signatures(some_sentences())
    assert found["bleu"] == f"nrefs:var|case:mixed|eff:no|tok:13a|smooth:exp|version:{sacrebleu.__version__}"
    assert found["chrf"] == f"nrefs:var|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{sacrebleu.__version__}"
    assert signatures(Outcome.of_texts([["a"]], ["b"], "letters")) == {}
    assert signatures(Outcome(np.zeros(1), np.zeros(1))) == {}


def test_which_metrics_texts_have() -> None:
    def names(unit: str) -> list[str]:
        return [entry.name for entry in metrics_of(Outcome.of_texts([["a"]], ["b"], unit))]

    errors = ["character_error", "exact_match", "word_error"]
    assert names("symbols") == names("letters") == errors
    assert names("words") == ["bleu", "character_error", "chrf", "exact_match", "word_error"]
    with pytest.raises(UsageError, match='metric "bleu" does not measure such answers: it needs texts of words'):
        metrics["bleu"].compute(Outcome.of_texts([["a"]], ["b"], "letters"))


def test_without_the_extra_bleu_is_refused_by_name_and_measured_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Extra, "installed", False)
    outcome = some_sentences()
    assert [entry.name for entry in metrics_of(outcome)] == ["character_error", "exact_match", "word_error"]
    assert signatures(outcome) == {}
    for ask in (metrics["bleu"].require, lambda: metrics["bleu"].compute(outcome)):
        with pytest.raises(UsageError, match=r'"bleu" needs the package sacrebleu; pip install throughtime\[eval\]'):
            ask()
    metrics["word_error"].require()
