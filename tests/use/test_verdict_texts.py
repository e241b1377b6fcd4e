"""The verdict on texts: intervals by drawing rows anew, against definitions and simulation; its words."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.use.report_material import names
from throughtime.models.metrics import Outcome, metrics
from throughtime.models.metrics.weighed import weighed
from throughtime.use.report.sections.standing import standing
from throughtime.use.verdict import comparison, scope_of, texts_outcome, verdict
from throughtime.use.verdict.bootstrap import DRAWS, draws, paired_bootstrap
from throughtime.use.verdict.intervals import mean_of

WORDS = ["the", "a", "cat", "dog", "sat", "ran", "on", "under", "mat", "tree", "and", "then"]


def some_rows(rows: int = 60, wrong: float = 0.2, baseline: float = 0.5, seed: int = 1) -> list[dict[str, Any]]:
    """Sentences, each word of which is now and then another; every fourth row has a second reference."""
    drawn = random.Random(seed)

    def worse(words: list[str], share: float) -> str:
        return " ".join(drawn.choice(WORDS) if drawn.random() < share else word for word in words)

    found = []
    for number in range(rows):
        truth = drawn.choices(WORDS, k=drawn.randrange(4, 12))
        row = {"truth": " ".join(truth), "predicted": worse(truth, wrong), "baseline": worse(truth, baseline)}
        if number % 4 == 0:
            row["references"] = [row["truth"], worse(truth, 0.3)]
        found.append({"id": number, "inputs": {"de": "?"}, "loss": float(number), **row})
    return found


def figures(metric: str, rows: list[dict[str, Any]], unit: str = "words", name: str = "word_table") -> dict[str, Any]:
    both = [metrics[metric].compute(texts_outcome(rows, unit, side)) for side in ("predicted", "baseline")]
    beside = {"name": name, metric: both[1]}
    more = {"baselines": {name: beside}, "texts": {"unit": unit}}
    return {"task": "transduce", "metric": metric, "test": {metric: both[0]}, "baseline": beside, **more}


def as_words(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with each text as one word, in symbols."""
    return [{**row, "predicted": row["predicted"] if i % 3 else row["truth"]} for i, row in enumerate(rows)]


@pytest.mark.parametrize("metric", ["bleu", "chrf", "word_error", "character_error", "exact_match"])
def test_weights_are_rows_that_stand_so_often(metric: str) -> None:
    rows = as_words(some_rows(11))
    counts = np.array([2, 0, 1, 1, 3, 0, 1, 0, 1, 1, 2])
    figure = weighed(metric, texts_outcome(rows, "words"))
    again = texts_outcome([row for row, count in zip(rows, counts, strict=True) for _ in range(count)], "words")
    assert figure is not None and figure(counts) == pytest.approx(metrics[metric].compute(again))
    assert weighed(metric, Outcome(np.zeros(2), np.zeros(2))) is None


def test_rows_are_drawn_with_putting_back() -> None:
    drawn = np.stack(list(draws(50)))
    assert drawn.shape == (DRAWS, 50) and (drawn.sum(axis=1) == 50).all()
    assert drawn.mean(axis=0) == pytest.approx(1, abs=0.15) and drawn.var() == pytest.approx(0.98, abs=0.03)
    assert (np.stack(list(draws(50))) == drawn).all()


def test_of_a_mean_it_is_the_interval_of_a_mean() -> None:
    values = np.random.default_rng(2).normal(1.0, 3.0, (2, 200))
    found = paired_bootstrap(*(lambda w, v=v: float(w @ v / w.sum()) for v in values), rows=200)
    expected = mean_of((values[0] - values[1]).tolist())
    assert found is not None and expected is not None
    assert found == pytest.approx(expected, abs=0.1 * (expected[1] - expected[0]))


def test_it_covers_the_truth() -> None:
    """Word errors of two systems: one is wrong in a fifth of all words, the other in a quarter of the rest too."""
    generator, covered = np.random.default_rng(3), []
    for _ in range(60):
        lengths = generator.integers(3, 15, 40)
        first = generator.binomial(lengths, 0.2)
        second = first + generator.binomial(lengths - first, 0.25)
        figure = [lambda w, e=errors, n=lengths: float(w @ e / (w @ n)) for errors in (first, second)]
        interval = paired_bootstrap(figure[1], figure[0], 40)
        assert interval is not None
        covered.append(interval[0] <= 0.2 <= interval[1])
    assert np.mean(covered) > 0.86


@pytest.mark.parametrize("metric", ["bleu", "chrf", "word_error", "character_error", "exact_match"])
def test_the_gain_lies_in_its_interval_whatever_is_better(metric: str) -> None:
    rows = as_words(some_rows())
    found = comparison(figures(metric, rows), len(rows), rows)
    assert found is not None and found.interval is not None and found.result == "wins"
    assert found.interval[0] < found.gain < found.interval[1]
    turned = [{**row, "predicted": row["baseline"], "baseline": row["predicted"]} for row in rows]
    lost = comparison(figures(metric, turned), len(rows), turned)
    assert lost is not None and lost.result == "loses" and lost.interval is not None
    assert lost.interval == pytest.approx((-found.interval[1], -found.interval[0]))


def test_answers_that_are_not_those_behind_the_figures_tell_nothing() -> None:
    rows = some_rows()
    found = comparison({**figures("bleu", rows), "test": {"bleu": 70.0}}, len(rows), rows)
    assert found is not None and found.interval is None
    few = comparison(figures("bleu", rows[:7]), 7, rows[:7])
    assert few is not None and few.interval is None


def test_the_words_of_a_translation() -> None:
    beside = {"name": "word_table", "bleu": 9.84, "word_error": 0.81}
    made = {"task": "transduce", "metric": "bleu", "test": {"bleu": 31.18, "word_error": 0.52}, "baseline": beside}
    assert verdict(made, 1000).startswith(
        "On 1,000 test sentences the network reaches BLEU 31.2, the baseline (word table) 9.8. "
        "The network is ahead by 21.3 points; "
    )
    said = verdict({**made, "metric": "word_error"}, 1000)
    assert (
        "the network has a word error of 52.0 %, the baseline (word table) 81.0 %. The network is ahead by 29.0" in said
    )


def test_the_words_of_pronunciations() -> None:
    beside = {"name": "letter_mapping", "word_error": 0.385, "character_error": 0.09, "exact_match": 0.615}
    test = {"word_error": 0.29, "character_error": 0.076, "exact_match": 0.71}
    made = {"task": "transduce", "metric": "word_error", "test": test, "baseline": beside, "texts": {"unit": "symbols"}}
    start = "On 11,750 test words the network "
    assert verdict(made, 11750).startswith(f"{start}gets 29.0 % wrong, the baseline (letter mapping) 38.5 %.")
    for metric, said in (("character_error", "has a symbol error of 7.6 %"), ("exact_match", "gets 71.0 % right as a")):
        assert verdict({**made, "metric": metric}, 11750).startswith(start + said)
    assert str(scope_of({"task": "transduce", "texts": {"unit": "letters"}}, 1)) == "1 test word"


def test_the_interval_is_said() -> None:
    rows = some_rows()
    said = verdict(figures("bleu", rows), 60, rows)
    found = comparison(figures("bleu", rows), 60, rows)
    assert found is not None and found.interval is not None
    low, high = found.interval
    assert f"The network wins by {found.gain:.1f} points (95 % interval {low:.1f} to {high:.1f} points)." in said


def test_the_report_measures_texts() -> None:
    rows = some_rows()
    made = replace(names(), metrics={**names().metrics, **figures("bleu", rows)}, predictions=rows)
    assert "BLEU" in str(standing(made)) and "word table" in str(standing(made))
