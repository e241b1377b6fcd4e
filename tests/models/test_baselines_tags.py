"""The baselines that tag every step: by hand, against brute force, and what they promise."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from throughtime.models.baselines import Answer, Material, linear_chain, most_frequent_tag
from throughtime.models.baselines.baseline import Baseline
from throughtime.models.baselines.linear_chain import Chain, Features
from throughtime.models.metrics import metrics

ACCURACY, ENTROPY = (metrics[name].score for name in ("accuracy", "cross_entropy"))
TAGS = ("ADJ", "NOUN", "VERB")
FREQUENT, LINEAR = most_frequent_tag.most_frequent_tag, linear_chain.linear_chain
BOTH = pytest.mark.parametrize("baseline", [FREQUENT, LINEAR])


def sentences(*texts: str) -> Material:
    """Words with their tags, as in ``the/ADJ dog/NOUN``."""
    pairs = [[pair.rsplit("/", 1) for pair in text.split()] for text in texts]
    target = np.array([TAGS.index(tag) for row in pairs for _, tag in row], dtype=np.int64)
    lengths = np.array([len(row) for row in pairs])
    return Material({}, {}, {}, target, TAGS, {"words": [[word for word, _ in row] for row in pairs]}, lengths)


def some_sentences(rows: int, seed: int) -> Material:
    """``bark`` and ``leaf`` are nouns after an adjective and verbs after a noun; endings tell of words that are new."""
    generator = np.random.default_rng(seed)
    texts = []
    for _ in range(rows):
        stem = "".join(generator.choice(list("bcdfg"), 3))
        parts = [
            f"{generator.choice(['old', 'new', stem + 'ous'])}/ADJ",
            f"{generator.choice(['dog', 'bark', 'leaf'])}/NOUN",
        ]
        parts.append(f"{generator.choice(['bark', 'leaf', 'run', stem + 'ate'])}/VERB")
        texts.append(" ".join(parts[int(generator.integers(0, 2)) :]))
    return sentences(*texts)


def splits() -> tuple[Material, Material, Material]:
    return some_sentences(200, 1), some_sentences(40, 2), some_sentences(50, 3)


def answered(baseline: Baseline, *parts: Material) -> Answer:
    answer = baseline(*parts, ACCURACY)
    assert answer is not None
    return answer


@BOTH
def test_every_step_is_answered_and_the_test_split_chooses_nothing(baseline: Baseline) -> None:
    train, valid, test = splits()
    one, other = answered(baseline, train, valid, test), answered(baseline, train, valid, some_sentences(7, 9))
    assert one.settings == other.settings and (one.valid.predicted == other.valid.predicted).all()
    assert one.name == baseline.__name__
    for outcome, part in ((one.valid, valid), (one.test, test)):
        assert (outcome.truth == part.target).all() and outcome.lengths is part.lengths
        assert outcome.classes == TAGS and outcome.predicted.dtype == np.int64
    again = answered(baseline, *splits())
    assert again.settings == one.settings and (again.test.predicted == one.test.predicted).all()


@BOTH
def test_they_apply_only_to_classes_of_steps(baseline: Baseline) -> None:
    parts = splits()
    numbers = [replace(part, target=part.target.astype(np.float64), classes=()) for part in parts]
    assert baseline(*numbers, metrics["rmse"].score) is None
    rows = [replace(part, lengths=None, sequences={}) for part in parts]
    assert baseline(*rows, ACCURACY) is None
    without = [replace(part, sequences={}) for part in parts]
    assert baseline(*without, ACCURACY) is None


@BOTH
def test_rows_without_a_word(baseline: Baseline) -> None:
    train, valid, test = sentences("", "a/ADJ dog/NOUN", ""), sentences("a/ADJ", ""), sentences("", "", "dog/NOUN", "")
    answer = answered(baseline, train, valid, test)
    assert answer.valid.predicted.tolist() == [0] and answer.test.predicted.tolist() == [1]
    assert baseline(sentences(""), valid, test, ACCURACY) is None


def test_the_linear_chain_sees_what_stands_around() -> None:
    chained, alone = (answered(baseline, *splits()) for baseline in (LINEAR, FREQUENT))
    assert ACCURACY(chained.test) == 1
    assert ACCURACY(alone.test) < 0.95


def test_the_most_frequent_tag_by_hand() -> None:
    train = sentences(
        "Dog/NOUN dog/NOUN dog/VERB dog/VERB dog/VERB", "big/ADJ big/NOUN big/ADJ", "ox/ADJ fly/VERB ant/VERB"
    )
    # as they are; in lower case; unknown as the words seen once: ox, fly, ant and Dog
    valid = sentences("Dog/NOUN dog/VERB big/ADJ Big/ADJ DOG/VERB gnu/NOUN")
    answer = answered(FREQUENT, train, valid, valid)
    named = [TAGS[tag] for tag in answer.valid.predicted]
    assert named == ["NOUN", "VERB", "ADJ", "ADJ", "VERB", "VERB"]
    found = answer.valid.probabilities
    assert found is not None and found.sum(1) == pytest.approx(1) and (found > 0).all()
    smoothing = float(answer.settings.split()[-1])
    every = (np.array([3, 3, 5]) + 1 / 3) / 12
    unknown = (np.array([1, 1, 2]) + every) / 5
    assert found[5] == pytest.approx(unknown)
    lower = (np.array([0, 2, 3]) + smoothing * unknown) / (5 + smoothing)
    assert found[4] == pytest.approx(lower)
    assert found[0] == pytest.approx((np.array([0, 1, 0]) + smoothing * lower) / (1 + smoothing))


def test_smoothing_never_overrules_a_majority() -> None:
    """Even the most of it: one more count of one tag than of the others decides."""
    assert max(most_frequent_tag.SMOOTHINGS) <= 1
    train = sentences(*["x/NOUN"] * 2, *["x/VERB"] * 3, *[f"word{k}/NOUN" for k in range(50)])
    answer = answered(FREQUENT, train, sentences("x/NOUN"), sentences("x/NOUN"))
    assert TAGS[answer.test.predicted[0]] == "VERB"


def test_the_score_chooses_the_smoothing() -> None:
    by_entropy = FREQUENT(*splits(), ENTROPY)
    assert by_entropy is not None and LINEAR(*splits(), ENTROPY) is None  # it has no probabilities
    tags = most_frequent_tag.Tags([w for row in splits()[0].sequences["words"] for w in row], splits()[0].target, 3)
    valid = splits()[1]
    words = [word for row in valid.sequences["words"] for word in row]
    best = max(ENTROPY(valid.believed(tags.probabilities(words, s))) for s in most_frequent_tag.SMOOTHINGS)
    assert ENTROPY(by_entropy.valid) == best


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_likeliest_tags_are_those_of_brute_force(steps: int) -> None:
    generator = np.random.default_rng(steps)
    weights = generator.normal(size=(8, 3)).astype(np.float32)
    weights[-1] = 0
    chain = Chain(weights, generator.normal(size=(4, 3)).astype(np.float32))
    for _ in range(20):
        features = generator.integers(-1, 7, (steps, 2))

        def score(tags: tuple[int, ...], features: np.ndarray = features) -> float:
            before = (-1, *tags)
            return sum(
                weights[features[i]].sum(0)[tag] + chain.transitions[before[i], tag] for i, tag in enumerate(tags)
            )

        best = max(product(range(3), repeat=steps), key=score)
        assert tuple(chain.likeliest(features)) == best


def test_the_average_is_that_of_the_weights_after_every_row() -> None:
    """The perceptron written plainly: copies of all weights, summed."""
    train = some_sentences(25, 4)
    rows = train.sequences["words"]
    features = Features(rows, most=10**6)
    numbers, size = features(rows), (features.count + 1, 3)
    assert train.lengths is not None
    found = list(linear_chain.epochs(numbers, train.target, train.lengths, size, 3))
    weights, transitions = np.zeros(size), np.zeros((4, 3))
    sums, time = [np.zeros(size), np.zeros((4, 3))], 0
    ends = np.cumsum(train.lengths)
    for epoch in range(3):
        for index in linear_chain.permutation(25, epoch):
            row = slice(ends[index] - train.lengths[index], ends[index])
            likeliest = Chain(weights, transitions).likeliest(numbers[row])
            for path, sign in ((train.target[row], 1), (likeliest, -1)):
                for step, tag in enumerate(path):
                    for feature in numbers[row][step]:
                        weights[feature, tag] += sign
                    transitions[path[step - 1] if step else -1, tag] += sign
            sums, time = [sums[0] + weights, sums[1] + transitions], time + 1
        assert found[epoch].weights == pytest.approx(sums[0] / time, abs=1e-5)
        assert found[epoch].transitions == pytest.approx(sums[1] / time, abs=1e-5)
    assert np.abs(found[-1].weights).max() > 0.1


def test_the_features_of_a_step() -> None:
    rows = [["The", "old", "Dog"], ["the"], []]
    features = Features(rows, most=10**6)
    numbers = features(rows)
    assert numbers.shape == (4, len(linear_chain.WORDS)) and (numbers >= 0).all()
    assert len(np.unique(numbers)) == features.count
    place = {run: number for number, run in enumerate(linear_chain.WORDS)}
    word, lower, before, pair = (
        place[run] for run in (("word", 0, 0), ("lower", 0, 0), ("lower", -1, -1), ("lower", -1, 0))
    )
    assert numbers[0, word] != numbers[3, word] and numbers[0, lower] == numbers[3, lower]
    assert numbers[0, before] == numbers[3, before]  # nothing stands there: rows do not reach into one another
    assert numbers[0, pair] == numbers[3, pair] != numbers[1, pair]
    later = features([["the", "OLD", "cat"]])
    assert later[1, word] == -1 and later[1, lower] == numbers[1, lower] and later[1, pair] == numbers[1, pair]
    assert later[2, lower] == later[2, pair] == -1 and later[2, before] == numbers[2, before]


def test_rare_features_are_left_out_where_there_are_too_many() -> None:
    rows = some_sentences(60, 5).sequences["words"]
    whole, few = Features(rows, most=10**6), Features(rows, most=100)
    assert whole.least == 1 and few.least > 1 and few.count <= 100 < whole.count
    counts = np.bincount(whole(rows).reshape(-1))
    assert few.count == (counts >= few.least).sum() and (counts >= few.least - 1).sum() > 100
    assert ((few(rows) >= 0) == (counts[whole(rows)] >= few.least)).all()


def test_rare_features_and_long_training_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_chain, "WEIGHTS", 300)
    monkeypatch.setattr(linear_chain, "LONGEST", 200)
    monkeypatch.setattr(linear_chain, "BUDGET", 300)
    answer = answered(LINEAR, *splits())
    assert answer.settings.startswith("1 epoch, ")
    assert "features seen at least" in answer.settings and "rows of training drawn at random" in answer.settings
    rows, tags, lengths = linear_chain._drawn(*parts_of(splits()[0]))
    assert 190 < len(tags) <= 200 and lengths.sum() == len(tags) and list(map(len, rows)) == lengths.tolist()
    known = {(tuple(row), tuple(tags)) for row, tags in zip(rows, np.split(tags, np.cumsum(lengths)[:-1]), strict=True)}
    train = splits()[0]
    of_training = zip(train.sequences["words"], np.split(train.target, np.cumsum(train.lengths)[:-1]), strict=True)
    assert known <= {(tuple(row), tuple(tags)) for row, tags in of_training}


def parts_of(part: Material) -> tuple[list[list[str]], np.ndarray, np.ndarray]:
    assert part.lengths is not None
    return part.sequences["words"], part.target, part.lengths


def test_steps_that_are_letters() -> None:
    """A vowel is marked when the letter two before it is the same as the one after it: runs of letters tell."""
    generator = np.random.default_rng(8)

    def letters(rows: int) -> Material:
        words = ["".join(generator.choice(list("abc"), 12)) for _ in range(rows)]
        marked = [int(2 <= i < 11 and word[i - 2] == word[i + 1]) for word in words for i in range(12)]
        return Material(
            {}, {}, {}, np.array(marked), ("no", "yes"), {"word": [list(w) for w in words]}, np.full(rows, 12)
        )

    parts = [letters(rows) for rows in (300, 50, 50)]
    assert ACCURACY(answered(LINEAR, *parts).test) > 0.97
