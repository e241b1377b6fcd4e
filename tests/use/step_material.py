"""Made-up runs that answer every step, or read a text: tags, spans, numbers a step, language models."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.use.report_material import HOSTILE, common, figures, history, listed, read_data, rest
from throughtime.models.metrics import Outcome
from throughtime.use.report import ReportMaterial

WORDS = {
    "DET": listed("the a this every no"),
    "ADJ": listed("old green slow quiet"),
    "NOUN": listed("river house morning letter engine"),
    "VERB": listed("sees finds carries forgets"),
    "ADV": listed("often never slowly"),
    "PUNCT": listed(". ! ;"),
}
NAMES = {
    "PER": (listed("Ada Emmy"), listed("Lovelace Noether Curie")),
    "LOC": (listed("New San"), listed("York Marino")),
    "ORG": (listed("United Royal"), listed("Nations Society Bank")),
}
LINES = (
    "To be, or not to be, that is the question:",
    "Whether 'tis nobler in the mind to suffer",
    "The slings and arrows of outrageous fortune,",
    "Or to take arms against a sea of troubles",
    "HAMLET:",
    "",
    "And by opposing end them. To die: to sleep;",
    "No more; and by a sleep to say we end",
)
HOSTILE_WORDS = HOSTILE.split(" ")


def parts_of_speech(rows: int = 300, right: float = 0.94, baseline: float = 0.88, seed: int = 21) -> ReportMaterial:
    """Sentences of quite different length, a class for each word."""
    random = np.random.default_rng(seed)
    kinds = tuple(WORDS)
    truths = [[kinds[i] for i in random.choice(5, random.integers(2, 40))] + ["PUNCT"] for _ in range(rows)]
    tokens = [[str(random.choice(WORDS[name])) for name in truth] for truth in truths]
    return tagged("pos", kinds, tokens, truths, (right, baseline), "accuracy", random, unit="words")


def entities(rows: int = 240, seed: int = 22) -> ReportMaterial:
    """Spans of three names, found, missed, invented, misnamed and misplaced."""
    random = np.random.default_rng(seed)
    truths, tokens = [], []
    for _ in range(rows):
        truth, words = [], []
        for _ in range(random.integers(1, 9)):
            name = str(random.choice(list(NAMES)))
            first, last = NAMES[name]
            words += [str(random.choice(WORDS["VERB"])), str(random.choice(first)), str(random.choice(last)), ","]
            truth += ["O", f"B-{name}", f"I-{name}", "O"]
        tokens.append(words)
        truths.append(truth)
    kinds = ("O", *(f"{prefix}-{name}" for name in NAMES for prefix in "BI"))
    return tagged("entities", kinds, tokens, truths, (0.9, 0.8), "span_f1", random)


def letters(rows: int = 200, seed: int = 23) -> ReportMaterial:
    """A tag for each letter of a word."""
    random = np.random.default_rng(seed)
    tokens = [list("".join(random.choice(listed("ka lo vi ner sch ov"), random.integers(1, 8)))) for _ in range(rows)]
    truths = [["vowel" if letter in "aeiou" else "consonant" for letter in word] for word in tokens]
    kinds = ("vowel", "consonant")
    return tagged("letters", kinds, tokens, truths, (0.97, 0.9), "accuracy", random, unit="characters")


def right_to_left(seed: int = 24) -> ReportMaterial:
    """Arabic and Hebrew sentences, one of them very long."""
    random = np.random.default_rng(seed)
    tokens = [listed("كتب الولد الدرس في المدرسة .") * 3, listed("שלום עולם ( abc ) 123"), listed("כן לא") * 4000] * 8
    truths = [[str(random.choice(["NOUN", "VERB"])) for _ in words] for words in tokens]
    return tagged("rtl", ("NOUN", "VERB"), tokens, truths, (0.9, 0.8), "accuracy", random)


def all_right() -> ReportMaterial:
    return parts_of_speech(rows=12, right=1.0, seed=25)


def hostile_tags(seed: int = 26) -> ReportMaterial:
    """Every token and every tag tries to break out of the page."""
    random = np.random.default_rng(seed)
    kinds = tuple(f"{HOSTILE} {i}" for i in range(3))
    tokens = [HOSTILE_WORDS for _ in range(30)]
    truths = [[str(random.choice(kinds)) for _ in HOSTILE_WORDS] for _ in range(30)]
    return tagged(HOSTILE, kinds, tokens, truths, (0.8, 0.7), "accuracy", random, unit=HOSTILE)


def hostile_spans(seed: int = 27) -> ReportMaterial:
    random = np.random.default_rng(seed)
    kinds = ("O", f"B-{HOSTILE}", f"I-{HOSTILE}")
    tokens = [HOSTILE_WORDS for _ in range(30)]
    truths = [[str(random.choice(kinds)) for _ in HOSTILE_WORDS] for _ in range(30)]
    return tagged("spans", kinds, tokens, truths, (0.8, 0.7), "span_f1", random)


def numbers_a_step(rows: int = 60, seed: int = 28) -> ReportMaterial:
    random = np.random.default_rng(seed)
    lengths = random.integers(3, 400, rows)
    truth = [np.cumsum(random.normal(0, 1, length)) for length in lengths]
    ours, theirs = ([row + random.normal(0, s, len(row)) for row in truth] for s in (0.5, 0.9))
    test, beside = (
        figures(Outcome(np.concatenate(truth), np.concatenate(side), lengths=lengths), "mae", "mse", "rmse")
        for side in (ours, theirs)
    )
    predictions = [
        {
            "id": i,
            "file": "walks.jsonl",
            "row": i + 1,
            "inputs": {"signal": ["x"] * len(truth[i])},
            "truth": truth[i].tolist(),
            "predicted": ours[i].tolist(),
            "baseline": theirs[i].tolist(),
            "loss": float(np.mean((ours[i] - truth[i]) ** 2)),
        }
        for i in range(rows)
    ]
    return ReportMaterial(
        name="walks",
        metrics={
            **common("tag", "mae", test),
            "baseline": {"name": "ridge", **beside},
            "baselines": {"ridge": {**beside, "valid": beside, "settings": "l2 1"}},
        },
        history=history(8, "mae", test["mae"], random),
        predictions=predictions,
        data=read_data("walks.jsonl", {}, lengths.tolist(), rows),
        **rest(),
    )


def play(seed: int = 31) -> ReportMaterial:
    """A language model of characters."""
    return text("play", LINES * 60, len, "characters", "cross_entropy", seed)


def play_in_words(seed: int = 32) -> ReportMaterial:
    made = text("play-in-words", LINES * 60, lambda line: len(line.split()), "words", "perplexity", seed)
    near = [("lord", 0.91), ("queen", 0.87654)]
    return replace(made, neighbours={"king": near, "نهر": [("ماء", 0.5)]})


def short_text() -> ReportMaterial:
    """Too few lines for an interval, and no samples."""
    return replace(text("short", LINES, len, "bytes", "bits_per_character", 33), samples=None)


def program(seed: int = 34) -> ReportMaterial:
    """What it writes is, or is not, Python."""
    made = text("program", ["def f(x):", "    return x", ""] * 100, len, "characters", "cross_entropy", seed)
    written = [
        {"text": "def add(a, b):\n    return a + b\n", "parses": True},
        {"text": "def add(a, b:\n\treturn", "parses": False},
        {"text": "x = 1", "parses": True},
    ]
    return replace(made, samples={"samples": written, "lines": 40, "temperature": 0.8, "parse_share": 2 / 3})


def hostile_text() -> ReportMaterial:
    made = text(HOSTILE, [HOSTILE] * 400, len, HOSTILE, "cross_entropy", 35)
    samples = {"samples": [{"text": HOSTILE, "parses": None}], "lines": 40, "parse_share": None}
    return replace(
        made,
        samples=samples,
        history=[{**line, "sample": HOSTILE} for line in made.history],
        neighbours={HOSTILE: [(HOSTILE, 0.5)]},
    )


def tagged(
    name: str,
    kinds: Sequence[str],
    tokens: Sequence[Sequence[str]],
    truths: Sequence[Sequence[str]],
    right: tuple[float, float],
    metric: str,
    random: np.random.Generator,
    unit: str | None = None,
) -> ReportMaterial:
    """Each tag answered right with the probabilities of the network and of the baseline."""
    ours, theirs = ([_answered(truth, kinds, share, random) for truth in truths] for share in right)
    of_spans = ["span_f1"] if metric == "span_f1" else []
    test, beside = (
        figures(_outcome(truths, side, kinds), "accuracy", "exact_match", "macro_f1", *of_spans)
        for side in (ours, theirs)
    )
    predictions = [
        {
            "id": i,
            "file": f"{name}/part-{i % 2}.conll",
            "row": 10 * i + 3,
            "inputs": {"shape": ["x"], "word": list(tokens[i])},
            "truth": list(truths[i]),
            "predicted": ours[i],
            "sure": random.uniform(0.4, 1, len(truths[i])).tolist(),
            "baseline": theirs[i],
            "loss": 0.1 + sum(t != a for t, a in zip(truths[i], ours[i], strict=True)) / len(truths[i]),
        }
        for i in range(len(truths))
    ]
    counts = Counter(tag for truth in truths for tag in truth)
    lengths = [len(truth) for truth in truths]
    metrics = {
        **common("tag", metric, test),
        "baseline": {"name": "most_frequent_tag", **beside},
        "baselines": {"most_frequent_tag": {**beside, "valid": beside, "settings": ""}},
    }
    if unit is not None:
        metrics["tokens"] = {"test": sum(lengths), "unit": unit}
    return ReportMaterial(
        name=name,
        metrics=metrics,
        history=history(7, metric, test[metric], random),
        predictions=predictions,
        data=read_data(f"{name}.conll", dict(counts), lengths, len(truths)),
        **rest(),
    )


def text(
    name: str, lines: Sequence[str], measure: Callable[[str], int], unit: str, metric: str, seed: int
) -> ReportMaterial:
    """Lines whose losses wander, since what stands together is alike; the network a little ahead of the baseline."""
    random = np.random.default_rng(seed)
    wandering = 1.5 + np.cumsum(random.normal(0, 0.02, len(lines))) + random.normal(0, 0.2, len(lines))
    predictions: list[dict[str, Any]] = []
    for i, line in enumerate(lines):
        loss = float(max(0.1, wandering[i]))
        row = {"id": i, "file": f"{name}.txt", "row": 900 + i, "text": line, "tokens": measure(line) + 1}
        predictions.append({**row, "loss": loss, "baseline_loss": loss + float(random.normal(0.15, 0.2))})
    tokens = sum(row["tokens"] for row in predictions)
    test, beside = (_figures_of_text(predictions, side) for side in ("loss", "baseline_loss"))
    made = history(12, metric, test[metric], random)
    sampled = [{**line, "sample": f"  epoch {line['epoch']}:\n\tO, that  this too"} for line in made]
    return ReportMaterial(
        name=name,
        metrics={
            **common("language_model", metric, test),
            "baseline": {"name": "kneser_ney", **beside},
            "baselines": {"kneser_ney": {**beside, "valid": beside, "settings": "order 6"}},
            "tokens": {"test": tokens, "unit": unit},
        },
        history=sampled,
        predictions=predictions,
        data={"source": f"{name}.txt", "notes": ["one text, utf-8"], "test_digest": "5f1a"},
        **rest(),
        samples={
            "samples": [{"text": "O, that this\n  too too solid", "parses": None}] * 2,
            "lines": 40,
            "temperature": 0.8,
            "parse_share": None,
        },
    )


ALL: dict[str, Callable[[], ReportMaterial]] = {
    made.__name__: made
    for made in (
        parts_of_speech,
        entities,
        letters,
        right_to_left,
        all_right,
        hostile_tags,
        hostile_spans,
        numbers_a_step,
        play,
        play_in_words,
        short_text,
        program,
        hostile_text,
    )
}


def _answered(truth: Sequence[str], kinds: Sequence[str], right: float, random: np.random.Generator) -> list[str]:
    return [tag if random.random() < right else str(random.choice(list(kinds))) for tag in truth]


def _outcome(truths: Sequence[Sequence[str]], answers: Sequence[Sequence[str]], kinds: Sequence[str]) -> Outcome:
    number = {name: i for i, name in enumerate(kinds)}
    truth, predicted = (np.array([number[tag] for row in side for tag in row]) for side in (truths, answers))
    return Outcome(truth, predicted, None, tuple(kinds), np.array([len(row) for row in truths]))


def _figures_of_text(rows: Sequence[dict[str, Any]], side: str) -> dict[str, float]:
    nats, tokens = math.fsum(row[side] * row["tokens"] for row in rows), sum(row["tokens"] for row in rows)
    characters = sum(len(row["text"]) + 1 for row in rows)
    found = {"cross_entropy": nats / tokens, "perplexity": math.exp(nats / tokens)}
    return {**found, "bits_per_character": nats / math.log(2) / characters}
