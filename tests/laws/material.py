"""Small material for every task: made here, learnable, with inputs of every kind."""

from __future__ import annotations

import random
from typing import Any

import pytest

from throughtime.data.nucleotides import reverse_complement

TALK = "good bad film plot a the The very not dull fine long short Short bright slow"
WORDS = TALK.split()
PLACES = ("New York", "York", "Rio de Janeiro", "Lima", "Ulm", "New Ulm")
PEOPLE = ("Rosa", "Rosa Mann", "Mann", "Li")


def rows(kind: str, count: int = 60) -> list[dict[str, Any]]:
    """Records whose output depends on the order of the words, a number and a category."""
    chance = random.Random(7)
    special = {
        **dict.fromkeys(STEPWISE, _steps),
        "answer": _story,
        "transduce": _pair,
        "channels": _channels,
        **dict.fromkeys(STRANDS, _strand),
    }
    make = special.get(kind, _row)
    return [make(kind, i, chance) for i in range(count)]


def _row(kind: str, i: int, chance: random.Random) -> dict[str, Any]:
    words = [chance.choice(WORDS) for _ in range(chance.randint(1, 9))]
    words.insert(chance.randint(0, len(words)), "good" if i % 2 else "bad")
    row: dict[str, Any] = {"text": " ".join(words), "size": round(chance.gauss(3, 2), 3), "shop": chance.choice("AB")}
    good = words.index("good") if "good" in words else len(words)
    bad = words.index("bad") if "bad" in words else len(words)
    if kind == "regress":
        return {**row, "target": float(good - bad) + 0.1 * row["size"]}
    if kind == "labels":
        return {**row, "tags": [name for name, there in (("good", good < bad), ("long", len(words) > 4)) if there]}
    return {**row, "label": ["neg", "pos", "mixed"][(good < bad) + (good < bad and len(words) > 6)]}


def _story(kind: str, i: int, chance: random.Random) -> dict[str, Any]:
    """Two people, of whom it is said now and then where they are; each is asked for in turn."""
    people, places = ("Li", "Rosa"), ("here", "there", "home")
    said = [(chance.choice(people), chance.choice(places)) for _ in range(chance.randint(1, 6))]
    said += [("Li", chance.choice(("here", "there"))), ("Rosa", chance.choice(("home", "there")))]
    chance.shuffle(said)
    asked = people[i % 2]
    told = " ".join(f"{who} is {where}." for who, where in said)
    row = {"story": told, "question": f"where is {asked}?", "size": round(chance.gauss(3, 2), 3)}
    return {**row, "shop": chance.choice("AB"), "reply": dict(said)[asked]}


def _steps(kind: str, i: int, chance: random.Random) -> dict[str, Any]:
    """A value for every step: spans of places and people, the sort of each word, or a number."""
    words: list[str] = []
    spans: list[str] = []
    for _ in range(chance.randint(1, 4)):
        name = chance.choice((*PLACES, *PEOPLE, *WORDS)).split()
        sort = "PLACE" if " ".join(name) in PLACES else "NAME" if " ".join(name) in PEOPLE else None
        words += name
        spans += [f"B-{sort}", *[f"I-{sort}"] * (len(name) - 1)] if sort else ["O"]
    row = {"words": words, "size": round(chance.gauss(3, 2), 3), "shop": chance.choice("AB")}
    if kind == "tags":
        return {**row, "spans": spans}
    if kind == "pos":
        before = [None, *words[:-1]]
        sorts = [
            "NAME" if word[0].isupper() else "MOST" if last == "very" else "WORD"
            for word, last in zip(words, before, strict=True)
        ]
        return {**row, "sorts": sorts}
    signal = [[round(chance.gauss(0, 1), 3), round(chance.gauss(5, 2), 3)] for _ in words]
    sums = [sum(step[0] for step in signal[: k + 1]) for k in range(len(words))]
    heat = [round(total + 0.1 * len(word), 3) for total, word in zip(sums, words, strict=True)]
    return {**row, "signal": signal, "heat": heat}


def _channels(kind: str, i: int, chance: random.Random) -> dict[str, Any]:
    """Two channels over unequal times, the first of which rises or falls."""
    slope = (-1) ** i * chance.uniform(0.2, 1)
    steps = range(chance.randint(1, 9))
    signal = [[round(slope * k + chance.gauss(0, 0.5), 3), round(chance.gauss(5, 2), 3)] for k in steps]
    row = {"signal": signal, "size": round(chance.gauss(3, 2), 3), "shop": chance.choice("AB")}
    return {**row, "course": "up" if slope > 0 else "down"}


def _pair(kind: str, i: int, chance: random.Random) -> dict[str, Any]:
    """The words backwards, with a word before them that the shop says, and one behind them that the number says."""
    words = [chance.choice(("film", "plot", "the", "The")) for _ in range(chance.randint(2, 7))]
    row: dict[str, Any] = {"text": " ".join(words), "size": round(chance.gauss(3, 2), 3), "shop": chance.choice("AB")}
    said = ["So" if row["shop"] == "B" else "but", *reversed(words), *(["indeed"] if row["size"] > 3 else [])]
    return {**row, "said": " ".join(said)}


def _strand(kind: str, i: int, chance: random.Random) -> dict[str, Any]:
    """DNA, on either strand, in which one of two motifs stands."""
    noise = ["".join(chance.choice("ACGT") for _ in range(chance.randint(3, 9))) for _ in range(2)]
    sequence = noise[0] + ("GATTAC", "CCTGAA")[i % 2] + noise[1]
    row = {"dna": reverse_complement(sequence) if chance.random() < 0.5 else sequence}
    row |= {"size": round(chance.gauss(3, 2), 3), "shop": chance.choice("AB")}
    return {**row, "site": ("yes", "no")[i % 2]}


# by kind of output: the task, the column to learn, its inputs, and a baseline that always applies
KINDS: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "classify": ("classify", "label", ("text", "size", "shop"), "majority"),
    "labels": ("classify", "tags", ("text", "size", "shop"), "majority"),
    "regress": ("regress", "target", ("text", "size", "shop"), "mean"),
    "tags": ("tag", "spans", ("words", "size", "shop"), "majority"),
    "pos": ("tag", "sorts", ("words", "size", "shop"), "majority"),
    "answer": ("answer", "reply", ("story", "question", "size", "shop"), "majority"),
    "steps": ("tag", "heat", ("signal", "words", "size", "shop"), "mean"),
    "channels": ("classify", "course", ("signal", "size", "shop"), "logistic_regression_statistics"),
    "transduce": ("transduce", "said", ("text", "size", "shop"), "copy"),
    "augment": ("classify", "site", ("dna", "size", "shop"), "majority"),
    "tied": ("classify", "site", ("dna", "size", "shop"), "majority"),
}
STRANDS = ("augment", "tied")  # ways to read the other strand
STEPWISE = ("tags", "pos", "steps")
OUTPUT = {kind: output for kind, (_, output, _, _) in KINDS.items()}
TINY: dict[str, Any] = {
    "kinds": ("shop=category",),
    "epochs": 2,
    "hidden_size": 6,
    "batch_size": 16,
    "embedding_size": 5,
    "threads": 1,
    "valid": "0.2",
    "test": "0.2",
}


def tiny(kind: str, **changes: Any) -> dict[str, Any]:
    """Arguments of ``train`` for a kind of output, small enough to run in a moment."""
    _, output, inputs, baseline = KINDS[kind]
    own: dict[str, dict[str, Any]] = {
        **{stepwise: {"letters_size": 4} for stepwise in STEPWISE},
        **{reading: {"reverse_complement": reading} for reading in STRANDS},
        "answer": {"task": "answer", "kinds": ("shop=category", "size=number")},
        "transduce": {"task": "transduce", "longest": 12, "beam": 3},
        "channels": {"embedding_size": None},
    }
    more = own.get(kind, {})
    return {**TINY, **more, "input": inputs, "output": (output,), "baselines": (baseline,), **changes}


def assert_same_answer(found: dict[str, Any], expected: dict[str, Any], tolerance: float) -> None:
    """Equal predictions; numbers equal in relation to their size, probabilities as they are, to the tolerance."""
    if "sure" in expected:
        assert found["predicted"] == expected["predicted"] and len(found["sure"]) == len(found["predicted"])
        assert found["sure"] == pytest.approx(expected["sure"], abs=tolerance)
    elif "log_probability" in expected:
        names = ("predicted", "finished")
        assert [found[name] for name in names] == [expected[name] for name in names]
        assert found["log_probability"] == pytest.approx(expected["log_probability"], rel=tolerance, abs=tolerance)
        assert found["score"] == pytest.approx(expected["score"], rel=tolerance, abs=tolerance)
    elif "probabilities" in expected:
        assert found["predicted"] == expected["predicted"]
        for name, share in expected["probabilities"].items():
            assert found["probabilities"][name] == pytest.approx(share, abs=tolerance)
    else:
        near_zero = tolerance if isinstance(expected["predicted"], list) else None
        assert found == {"predicted": pytest.approx(expected["predicted"], rel=tolerance, abs=near_zero)}
