"""Baselines of k-mers: what is counted, what they can tell, and where they do not apply."""

from __future__ import annotations

import random

import numpy as np
import pytest

from throughtime.data.nucleotides import reverse_complement
from throughtime.models.baselines import Material, baselines
from throughtime.models.baselines.kmers import Counting, counted
from throughtime.models.metrics import metrics
from throughtime.synthetic.motifs import CLASSES, MOTIFS, motifs, written

NAMES = ("naive_bayes_kmers", "logistic_regression_kmers")


def texts(count: int = 12, letters: str = "ACGTN") -> list[str]:
    chance = random.Random(4)
    return ["".join(chance.choice(letters) for _ in range(chance.randint(0, 40))) for _ in range(count)]


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("both", [True, False])
def test_counts_are_those_of_a_plain_loop(k: int, both: bool) -> None:
    some = ["", "A", *texts()]
    found = counted(some, Counting(k, both)).dense()
    wanted = np.zeros_like(found)
    for row, text in enumerate(some):
        for at in range(len(text) - k + 1):
            run = text[at : at + k]
            if "N" not in run:
                codes = [
                    sum("ACGT".index(base) * 4 ** (k - 1 - i) for i, base in enumerate(one))
                    for one in (run, reverse_complement(run))
                ]
                wanted[row, min(codes) if both else codes[0]] += 1
    assert (found == wanted).all()
    if both:
        assert (counted(list(map(reverse_complement, some)), Counting(k, True)).dense() == found).all()


def material(pairs: list[tuple[str, str]]) -> Material:
    names = sorted({name for _, name in pairs})
    target = np.array([names.index(name) for _, name in pairs])
    return Material({"dna": [text for text, _ in pairs]}, {}, {}, target, tuple(names))


def rich(count: int, seed: int) -> list[tuple[str, str]]:
    """The class is a run that stands on either strand."""
    chance = random.Random(seed)
    found = []
    for k in range(count):
        noise = "".join(chance.choice("ACGT") for _ in range(30))
        text = noise[:12] + ("GATTAC" if k % 2 else "CTTGAC") + noise[12:]
        found.append((reverse_complement(text) if chance.random() < 0.5 else text, "ab"[k % 2]))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_run_on_either_strand_is_found_by_counting_both(name: str) -> None:
    parts = [material(rich(count, seed)) for seed, count in enumerate((300, 100, 100))]
    answer = baselines[name](*parts, metrics["accuracy"].score)
    assert answer is not None and answer.name == name
    assert metrics["accuracy"].compute(answer.test) >= 0.9
    assert "both strands" in answer.settings


@pytest.mark.parametrize("name", NAMES)
def test_texts_that_are_no_dna_and_numbers_have_no_k_mers(name: str) -> None:
    words = [(f"a good film {k}", "ab"[k % 2]) for k in range(20)]
    parts = [material(words)] * 3
    assert baselines[name](*parts, metrics["accuracy"].score) is None
    numbers = Material({"dna": texts(20, "ACGT")}, {}, {}, np.linspace(0, 1, 20))
    assert baselines[name](numbers, numbers, numbers, metrics["rmse"].score) is None


def test_motifs_are_of_one_class_on_both_strands_and_stand_once_each() -> None:
    one, other = MOTIFS
    for sequence, name in motifs(200):
        strand = sequence if one in sequence else reverse_complement(sequence)
        assert strand.count(one) == strand.count(other) == 1
        assert reverse_complement(one) not in strand and reverse_complement(other) not in strand
        gap = strand.find(other) - strand.find(one)
        assert (gap > 0) == (name == "first") and abs(gap) >= len(one) + 6
        assert min(strand.find(one), strand.find(other)) >= 6  # and as many behind them:
        assert max(strand.find(one), strand.find(other)) + len(one) + 6 <= len(strand)
    names = [name for _, name in motifs(200)]
    assert [names.count(name) for name in CLASSES] == [100, 100]
    forward = sum(one in sequence for sequence, name in motifs(200) if name == "first")
    assert forward == 50
    assert motifs(20, seed=3) == motifs(20, seed=3) != motifs(20, seed=4)
    assert written(motifs(2)).startswith(">s1 first\n")


@pytest.mark.parametrize("name", NAMES)
def test_k_mers_say_nothing_of_the_order_of_motifs(name: str) -> None:
    made = motifs(900, 50, 70, seed=9)
    random.Random(1).shuffle(made)
    parts = [material(part) for part in (made[:600], made[600:750], made[750:])]
    answer = baselines[name](*parts, metrics["accuracy"].score)
    assert answer is not None and metrics["accuracy"].compute(answer.test) <= 0.6
