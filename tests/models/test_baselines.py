"""Baselines against closed forms, and what all of them promise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from throughtime.data.scaling import Scaling
from throughtime.data.series.backtest import Backtest
from throughtime.data.series.panel import Panel
from throughtime.models.baselines import Material, baselines, ridge
from throughtime.models.baselines import logistic_regression as logistic
from throughtime.models.baselines import naive_bayes as bayes
from throughtime.models.baselines.bags import Bags
from throughtime.models.baselines.baseline import rank
from throughtime.models.metrics import Outcome, metrics, metrics_of

ACCURACY, RMSE, MACRO_F1 = (metrics[name].score for name in ("accuracy", "rmse", "macro_f1"))
CLASSIFIERS = (
    "logistic_regression_characters",
    "logistic_regression_words",
    "majority",
    "naive_bayes_characters",
    "naive_bayes_words",
)
COUNTERS = ("logistic_regression_kmers", "naive_bayes_kmers")
REGRESSORS = ("mean", "median", "ridge_characters", "ridge_words")
TAGGERS = ("linear_chain", "most_frequent_tag")
READERS = ("kneser_ney",)
FORECASTERS = ("drift", "exponential_smoothing", "linear_autoregression", "naive", "seasonal_naive")
MUSICIANS = ("independent_notes", "repeat_frame")
MEASURERS = ("logistic_regression_statistics", "logistic_regression_steps", "ridge_statistics", "ridge_steps")
WRITERS = ("copy", "known_answers", "letter_mapping", "word_table")
APPLY = {
    "classes": CLASSIFIERS,
    "labels": CLASSIFIERS,
    "numbers": REGRESSORS,
    "tags": ("majority", *TAGGERS),
    "numbers a step": ("mean", "median"),
    "series": ("logistic_regression_statistics", "majority"),
    "numbers of series": ("ridge_statistics", "mean", "median"),
    "tags of steps": ("logistic_regression_steps", "majority"),
    "numbers of steps": ("ridge_steps", "mean", "median"),
    "tokens": READERS,
    "sentences": ("known_answers", "copy", "word_table"),
    "names": ("known_answers", "copy", "letter_mapping"),
    "forecasts": FORECASTERS,
    "notes": MUSICIANS,
    "dna": (*CLASSIFIERS, *COUNTERS),
}
BETTER = {"classes": ACCURACY, "labels": MACRO_F1, "numbers": RMSE, "tags": ACCURACY, "numbers a step": RMSE}
BETTER["forecasts"] = metrics["mae"].score
BETTER["notes"] = metrics["nll"].score
BETTER |= {"series": ACCURACY, "numbers of series": RMSE, "tags of steps": ACCURACY, "numbers of steps": RMSE}
BETTER["dna"] = ACCURACY
BETTER["tokens"] = metrics["cross_entropy"].score
BETTER["sentences"], BETTER["names"] = metrics["word_error"].score, metrics["character_error"].score


def some_material(rows: int, seed: int, kind: str = "classes") -> Material:
    """Texts of random words; three of the words, a category and a number say what the target is, mostly."""
    generator = np.random.default_rng(seed)
    words = np.array(["sun", "rain", "wind", "snow", "leaf", "root", "bark", "seed", "moss", "fern"])
    texts = [" ".join(generator.choice(words, generator.integers(3, 9))) for _ in range(rows)]
    place = generator.choice(["north", "south"], rows)
    height = generator.normal(5, 2, rows)
    held = np.array([[word in text for word in ("sun", "rain", "wind")] for text in texts])
    if kind == "classes":
        target = np.where(generator.random(rows) < 0.9, held @ [1, 1, 0], generator.integers(0, 3, rows))
    elif kind == "labels":
        target = held.astype(np.int64)
    else:
        target = held @ [2.0, -3.0, 1.0] + (place == "north") + 0.5 * height + generator.normal(0, 0.1, rows)
    classes = ("none", "one", "both") if kind != "numbers" else ()
    return Material({"text": texts}, {"height": height}, {"place": list(place)}, target, classes)


def some_steps(rows: int, seed: int, kind: str) -> Material:
    """Words, each with a tag or a number that mostly follows from it, in rows of unequal length; some are empty."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(0, 7, rows)
    words = generator.choice(["sun", "rain", "leaf", "field"], lengths.sum())
    chance = generator.integers(0, 3, len(words))
    tags = np.where(generator.random(len(words)) < 0.9, np.char.str_len(words) % 3, chance)
    target = tags if kind == "tags" else tags + generator.normal(0, 0.1, len(words))
    sequences = {"words": [list(map(str, part)) for part in np.split(words, np.cumsum(lengths)[:-1])]}
    return Material({}, {}, {}, target, ("none", "one", "both") if kind == "tags" else (), sequences, lengths)


def some_measurements(rows: int, seed: int, kind: str) -> Material:
    """Two channels over unequal times; what is asked follows, mostly, from their means, or from a step's own values."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 9, rows)
    series = [generator.normal(generator.normal(0, 1, 2), 0.5, (length, 2)) for length in lengths]
    steps = np.concatenate(series) if "steps" in kind else np.array([part.mean(axis=0) for part in series])
    numbers = steps @ [2.0, -1.0] + generator.normal(0, 0.1, len(steps))
    classes = () if "numbers" in kind else ("none", "one", "both")
    target = np.digitize(numbers, [-1.0, 1.0]) if classes else numbers
    return Material({}, {}, {}, target, classes, {}, lengths if "steps" in kind else None, series={"channels": series})


def some_stream(tokens: int, seed: int) -> Material:
    """Letters of which each is mostly the one after the one before it."""
    steps = np.where(np.random.default_rng(seed).random(tokens) < 0.8, 1, 3)
    target = (4 + np.cumsum(steps) % 7).astype(np.uint16)
    return Material({}, {}, {}, target, vocabulary_size=11, characters=tokens)


def some_frames(rows: int, seed: int) -> Material:
    """Sets of three notes, which mostly sound on, in rows of unequal length; some are empty."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(0, 9, rows)
    before = generator.random((int(lengths.sum()), 3)) < 0.4
    now = np.where(generator.random(before.shape) < 0.8, before, ~before)
    notes = [part.astype(np.uint8) for part in (now, before)]
    return Material({}, {}, {}, notes[0], ("60", "62", "64"), lengths=lengths, before=notes[1])


def some_texts(rows: int, seed: int, kind: str) -> Material:
    """Rows of letters with spaces between them, or without, that are answered in capitals, mostly."""
    generator = np.random.default_rng(seed)
    sources = ["".join(generator.choice(list("abcde"), generator.integers(1, 8))) for _ in range(rows)]
    answers = ["".join(generator.choice(list("XY")) if generator.random() < 0.1 else c for c in s) for s in sources]
    between = " " if kind == "sentences" else ""
    references = [[between.join(answer.upper())] for answer in answers]
    unit = "words" if kind == "sentences" else "letters"
    return Material.of_texts("text", [between.join(source) for source in sources], references, unit)


def some_series(forecasts: int, seed: int) -> Material:
    """Two series that mostly repeat themselves every five steps."""
    generator = np.random.default_rng(seed)
    season = np.array([2.0, -1.0, 0.0, 3.0, 1.0])
    values = [np.resize(season, 100 + forecasts // 2) + 0.1 * generator.normal(size=100 + forecasts // 2) for _ in "ab"]
    backtest = Backtest.over(Panel.of_values(values), 98, 100 + forecasts // 2, 3)
    return Material.of_backtest(backtest, [Scaling(5.0, 2.0), Scaling(-1.0, 4.0)], np.array([1.0, 2.0]), 0.8)


def some_dna(rows: int, seed: int) -> Material:
    """Sequences of bases, of one of three classes by whether A, T, or neither stands in them more often."""
    generator = np.random.default_rng(seed)
    texts = ["".join(generator.choice(list("ACGT"), generator.integers(10, 30))) for _ in range(rows)]
    target = np.array([1 + int(np.sign(text.count("A") - text.count("T"))) for text in texts])
    return Material({"text": texts}, {}, {}, target, ("less", "as many", "more"))


def made(rows: int, seed: int, kind: str) -> Material:
    if kind in ("sentences", "names"):
        return some_texts(rows, seed, kind)
    if kind == "forecasts":
        return some_series(rows, seed)
    if kind == "tokens":
        return some_stream(20 * rows, seed)
    if kind == "notes":
        return some_frames(rows, seed)
    if kind in ("series", "numbers of series", "tags of steps", "numbers of steps"):
        return some_measurements(rows, seed, kind)
    if kind == "dna":
        return some_dna(rows, seed)
    return some_steps(rows, seed, kind) if kind in ("tags", "numbers a step") else some_material(rows, seed, kind)


def usual_kind(name: str) -> str:
    """The kind of material that a baseline is tried with."""
    return next(kind for kind, names in APPLY.items() if name in names)


def splits(kind: str = "classes") -> tuple[Material, Material, Material]:
    return made(150, 1, kind), made(50, 2, kind), made(60, 3, kind)


def test_the_registered_names() -> None:
    readers = (*CLASSIFIERS, *COUNTERS, *REGRESSORS, *TAGGERS, *READERS, *WRITERS)
    assert tuple(baselines) == tuple(sorted((*readers, *MUSICIANS, *FORECASTERS, *MEASURERS)))


@pytest.mark.parametrize("kind", list(APPLY))
@pytest.mark.parametrize("name", list(baselines))
def test_every_baseline_answers_or_says_that_it_does_not_apply(name: str, kind: str) -> None:
    train, valid, test = splits(kind)
    better = BETTER[kind]
    answer = baselines[name](train, valid, test, better)
    if name not in APPLY[kind]:
        assert answer is None
        return
    assert answer is not None
    assert answer.name == name and answer.settings
    for part, outcome in ((valid, answer.valid), (test, answer.test)):
        target = part.forecast(part.backtest.truth).truth if kind == "forecasts" else part.target
        assert (outcome.truth == target).all()
    assert answer.test.kind == test.kind and answer.test.lengths is test.lengths
    if kind == "tokens":
        assert answer.test.surprise is not None and (answer.test.surprise > 0).all()
        assert answer.test.characters == test.characters
    elif kind == "forecasts":
        assert answer.test.spread is not None and answer.test.spread.level == 0.8
        assert {"coverage", "mase", "pinball"} <= {metric.name for metric in metrics_of(answer.test)}
    elif name in ("linear_chain", *WRITERS):
        assert answer.test.probabilities is None
    elif "numbers" not in kind:
        assert answer.test.probabilities is not None and answer.test.probabilities.shape == (len(test), 3)
        assert ((answer.test.probabilities >= 0) & (answer.test.probabilities <= 1)).all()
        if kind not in ("labels", "notes"):
            assert answer.test.probabilities.sum(1) == pytest.approx(1)
    again = baselines[name](train, valid, test, better)
    assert again is not None and again.settings == answer.settings
    assert (again.test.predicted == answer.test.predicted).all()


@pytest.mark.parametrize("name", ["naive_bayes_words", "logistic_regression_words", "logistic_regression_characters"])
@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_classifiers_learn(name: str, kind: str) -> None:
    better = ACCURACY if kind == "classes" else MACRO_F1
    answer, chance = (baselines[known](*splits(kind), better) for known in (name, "majority"))
    assert answer is not None and chance is not None
    assert ACCURACY(answer.test) > ACCURACY(chance.test) + 0.15


@pytest.mark.parametrize("name", ["ridge_words", "ridge_characters"])
def test_ridge_learns_from_texts_categories_and_numbers(name: str) -> None:
    train, valid, test = splits("numbers")
    answer, mean = (baselines[known](train, valid, test, RMSE) for known in (name, "mean"))
    assert answer is not None and mean is not None
    assert -RMSE(answer.test) < -0.4 * RMSE(mean.test)
    for without in ("numbers", "categories"):
        poorer = baselines[name](*(replace(part, **{without: {}}) for part in (train, valid, test)), RMSE)
        assert poorer is not None and RMSE(poorer.test) < RMSE(answer.test)


@pytest.mark.parametrize("name", list(baselines))
def test_the_test_split_chooses_nothing(name: str) -> None:
    """Other truths in test, and other rows: the same settings and the same answers on valid."""
    kind = usual_kind(name)
    train, valid, test = splits(kind)
    one = baselines[name](train, valid, test, BETTER[kind])
    other = baselines[name](train, valid, made(11, 9, kind), BETTER[kind])
    assert one is not None and other is not None
    assert one.settings == other.settings and (one.valid.predicted == other.valid.predicted).all()
    if kind == "tokens":
        assert (one.valid.surprise == other.valid.surprise).all()


def test_majority_by_hand() -> None:
    train, valid, _ = splits()
    train = replace(train, target=np.array([2] * 80 + [0] * 60 + [1] * 10))
    answer = baselines["majority"](train, valid, valid, ACCURACY)
    assert answer is not None and answer.settings == "always both"
    assert (answer.valid.predicted == 2).all() and answer.valid.probabilities is not None
    assert (answer.valid.probabilities == np.array([60, 10, 80]) / 150).all()


def test_majority_of_labels_by_hand() -> None:
    train, valid, _ = splits("labels")
    train = replace(train, target=np.tile([[1, 0, 1], [1, 0, 0], [1, 1, 1]], (50, 1)))
    answer = baselines["majority"](train, valid, valid, MACRO_F1)
    assert answer is not None and answer.settings == "always none, both"
    assert (answer.valid.predicted == [1, 0, 1]).all() and answer.valid.probabilities is not None
    assert answer.valid.probabilities[0] == pytest.approx([1, 1 / 3, 2 / 3])


def test_mean_and_median_by_hand() -> None:
    train, valid, _ = splits("numbers")
    for name, number in (("mean", train.target.mean()), ("median", np.median(train.target))):
        answer = baselines[name](train, valid, valid, RMSE)
        assert answer is not None and (answer.valid.predicted == number).all()


def test_naive_bayes_by_hand() -> None:
    """Classes a (3 words in 2 rows) and b (2 words in 1 row), 3 words known, smoothing 1/2."""
    train = Bags.of(np.array([[2, 0, 0], [0, 1, 0], [0, 1, 1]]))
    model = bayes.NaiveBayes.fit(train, np.array([0, 0, 1]), classes=2, smoothing=0.5)
    row = Bags.of(np.array([[1, 0, 2]]))
    a = 2 / 3 * (2.5 / 4.5) * (0.5 / 4.5) ** 2
    b = 1 / 3 * (0.5 / 3.5) * (1.5 / 3.5) ** 2
    assert model.probabilities(row)[0] == pytest.approx([a / (a + b), b / (a + b)])
    lighter = replace(model, weight=0.5).probabilities(row)[0]
    a, b = 2 / 3 * (a / (2 / 3)) ** 0.5, 1 / 3 * (b / (1 / 3)) ** 0.5
    assert lighter == pytest.approx([a / (a + b), b / (a + b)])


def test_naive_bayes_of_labels_is_one_against_the_rest() -> None:
    generator = np.random.default_rng(6)
    bags, later = (Bags.of(generator.integers(0, 3, (rows, 5))) for rows in (20, 4))
    target = (generator.random((20, 3)) < 0.4).astype(np.int64)
    together = bayes.NaiveBayes.fit(bags, target, classes=3, smoothing=0.2).probabilities(later)
    for label in range(3):
        alone = bayes.NaiveBayes.fit(bags, target[:, label], classes=2, smoothing=0.2).probabilities(later)
        assert together[:, label] == pytest.approx(alone[:, 1])


def test_the_search_of_naive_bayes_sees_what_the_chosen_model_answers() -> None:
    """Sums over lengths of n-grams, made once, against a model fitted to the chosen n-grams alone."""
    train, valid, test = splits()
    features = bayes.bag_features(train, valid, test, "characters")
    assert features is not None
    tried = list(bayes._tried(features, 3, train, valid))
    assert len(tried) == 2 * 6 * 12
    for settings, outcome in tried[::11]:
        kept = features.select(settings.uses(features.lengths))
        kept = kept if settings.counts else bayes.presence(kept)
        model = bayes.NaiveBayes.fit(kept.train, train.target, 3, settings.smoothing)
        assert outcome.probabilities == pytest.approx(model.probabilities(kept.valid))


def test_a_class_that_training_lacks_is_impossible() -> None:
    bags = Bags.of(np.array([[1.0, 0], [0, 1.0]]))
    found = bayes.NaiveBayes.fit(bags, np.array([0, 2]), classes=3, smoothing=1.0).probabilities(bags)
    assert (found[:, 1] == 0).all() and found.sum(1) == pytest.approx(1)


def logistic_problem(labels: bool) -> tuple[Bags, torch.Tensor]:
    generator = np.random.default_rng(7)
    bags = Bags.of(generator.normal(size=(30, 4)) * (generator.random((30, 4)) < 0.6))
    wanted = (generator.random((30, 3)) < 0.4) if labels else np.eye(3)[generator.integers(0, 3, 30)]
    return bags, torch.from_numpy(wanted.astype(np.float64))


@pytest.mark.parametrize("labels", [False, True])
def test_the_gradient_of_logistic_regression_is_that_of_finite_differences(labels: bool) -> None:
    bags, wanted = logistic_problem(labels)
    generator = np.random.default_rng(8)
    weights, bias = (torch.from_numpy(generator.normal(size=size)) for size in ((4, 3), 3))

    def loss(weights: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        model = logistic.LogisticRegression(weights, bias, labels)
        return logistic.objective(model, bags, bags.transposed(), wanted, l2=0.3)[0]

    model = logistic.LogisticRegression(weights, bias, labels)
    _, by_weights, by_bias = logistic.objective(model, bags, bags.transposed(), wanted, l2=0.3)
    step = 1e-6
    for value, gradient in ((weights, by_weights), (bias, by_bias)):
        for at in np.ndindex(*value.shape):
            up, down = value.clone(), value.clone()
            up[at] += step
            down[at] -= step
            ends = [loss(v, bias) if value is weights else loss(weights, v) for v in (up, down)]
            assert gradient[at].item() == pytest.approx(((ends[0] - ends[1]) / (2 * step)).item(), abs=1e-8)


@pytest.mark.parametrize("labels", [False, True])
def test_logistic_regression_stands_at_the_minimum(labels: bool) -> None:
    """Run until no way leads down: any bound on the change of the loss would stop it where rounding decides.

    A loss near 1 is known to 2e-16, and it changes with the square of the gradient. A stop at changes of 1e-15 left
    gradients of 2e-8 in one of ten random problems; without it, they stayed below 6e-9 in 120.
    """
    bags, wanted = logistic_problem(labels)
    across = bags.transposed()
    model = logistic.fitted(wanted, labels, bags, across, 0.01, None, steps=500, tolerance=0.0)
    lowest, by_weights, by_bias = logistic.objective(model, bags, across, wanted, 0.01)
    assert by_weights.abs().max() < 1e-8 and by_bias.abs().max() < 1e-8
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):  # every way from there goes up
        off = torch.randn(4, 3, dtype=torch.float64, generator=generator) * 0.1
        moved = replace(model, weights=model.weights + off)
        assert logistic.objective(moved, bags, across, wanted, 0.01)[0] > lowest
    # wherever it starts
    warm = logistic.fitted(wanted, labels, bags, across, 0.01, moved, steps=500, tolerance=0.0)
    assert torch.allclose(warm.weights, model.weights, atol=1e-7)


def test_ridge_is_the_solution_of_its_normal_equations() -> None:
    generator = np.random.default_rng(9)
    dense = (generator.normal(size=(25, 6)) * (generator.random((25, 6)) < 0.5)).astype(np.float32)
    target, l2 = generator.normal(3, 2, 25), 0.05
    bags = Bags.of(dense)
    model = ridge.fitted(target, bags, bags.transposed(), l2, None, dtype=torch.float64, tolerance=1e-13)
    centred = dense.astype(np.float64) - dense.mean(0, dtype=np.float64)
    weights = np.linalg.solve(centred.T @ centred / 25 + l2 * np.eye(6), centred.T @ (target - target.mean()) / 25)
    bias = target.mean() - dense.mean(0, dtype=np.float64) @ weights
    assert model.weights.numpy()[:, 0] == pytest.approx(weights, abs=1e-10)
    assert model.bias == pytest.approx(bias, abs=1e-10)
    material = Material({}, {}, {}, target)
    assert model.outcome(bags, material).predicted == pytest.approx(dense @ weights + bias)
    single = ridge.fitted(target, bags, bags.transposed(), l2, model, dtype=torch.float32).weights
    assert single.numpy()[:, 0] == pytest.approx(weights, abs=1e-4)


def test_ties_go_to_the_lower_cross_entropy() -> None:
    truth, classes = np.array([0, 1]), ("a", "b")
    sure, unsure = (Outcome(truth, truth, np.array([[p, 1 - p], [1 - p, p]]), classes) for p in (0.9, 0.6))
    assert rank(sure, ACCURACY) > rank(unsure, ACCURACY)
    assert rank(Outcome(np.ones(1), np.ones(1)), RMSE) == (0, 0)


def test_the_settings_are_chosen_by_the_score_that_is_asked_for() -> None:
    """Accuracy does not care how sure naive Bayes is; cross entropy does."""
    train, valid, test = splits()
    by_entropy = baselines["naive_bayes_characters"](train, valid, test, metrics["cross_entropy"].score)
    by_accuracy = baselines["naive_bayes_characters"](train, valid, test, ACCURACY)
    assert by_entropy is not None and by_accuracy is not None
    assert metrics["cross_entropy"].score(by_entropy.valid) >= metrics["cross_entropy"].score(by_accuracy.valid)
    assert ACCURACY(by_accuracy.valid) >= ACCURACY(by_entropy.valid)


@pytest.mark.parametrize("name", [*CLASSIFIERS, *REGRESSORS])
def test_texts_without_a_word_and_columns_that_are_missing(name: str) -> None:
    """Empty texts, no text, only numbers: an answer no worse than the constant one's, or None; never an error."""
    kind = "numbers" if name in REGRESSORS else "classes"
    better = RMSE if kind == "numbers" else ACCURACY
    parts = splits(kind)
    silent = [replace(part, texts={"text": [""] * len(part)}, numbers={}, categories={}) for part in parts]
    answer = baselines[name](*silent, better)
    constant = baselines["mean" if kind == "numbers" else "majority"](*silent, better)
    assert constant is not None
    if answer is None:
        assert name.endswith("words")
    elif name != "median":
        assert better(answer.test) == pytest.approx(better(constant.test), rel=0.01)
    numbers_only = [replace(part, texts={}, categories={}) for part in parts]
    answer = baselines[name](*numbers_only, better)
    assert (answer is None) == (name.endswith("characters") or name == "naive_bayes_words")
    categories_only = [replace(part, texts={}, numbers={}) for part in parts]
    answer = baselines[name](*categories_only, better)
    assert (answer is None) == name.endswith("characters")


def test_what_naive_bayes_leaves_out_is_said() -> None:
    answer = baselines["naive_bayes_words"](*splits(), ACCURACY)
    assert answer is not None and "numbers left out" in answer.settings and "categories" in answer.settings
