"""Made-up runs that answer with texts: translations, pronunciations, names in another script, digits turned round."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.use.report_material import HOSTILE, common, figures, history, listed, read_data, rest
from throughtime.models.metrics import TextUnit, signatures
from throughtime.use.report import ReportMaterial
from throughtime.use.verdict import texts_outcome

GERMAN = listed("ein der Hund Mann läuft sitzt auf Bank unter roten mit Hut und Kind spielt")
ENGLISH = listed("a the dog man runs sits on bench under red with hat and child plays")
WORDS = dict(zip(GERMAN, ENGLISH, strict=True))
SYMBOLS = dict(zip("abdegiklmnoprstu", listed("AH0 B D EH1 G IH0 K L M N OW1 P R S T UW1"), strict=True))
Texts = tuple[list[str], list[str]]  # sources, truths


def translation(rows: int = 120, seed: int = 41) -> ReportMaterial:
    """Sentences: further references for some, an answer that never ended now and then, n-best lists, attention."""
    random = np.random.default_rng(seed)
    sources = [" ".join(random.choice(list(WORDS), random.integers(3, 24))) for _ in range(rows)]
    truths = [" ".join(WORDS.get(word, word) for word in source.split()) for source in sources]
    made = written("multi30k", (sources, truths), "words", random, (0.15, 0.45))
    for i, row in enumerate(made):
        if i % 4 == 0:
            row["references"] = [row["truth"], row["truth"].replace("dog", "hound"), f"there {row['truth']}"]
        if i % 40 == 3:
            row["predicted"], row["finished"] = "and the " * 30 + "and", False
        if i % 3 == 0:
            other = {"predicted": row["truth"], "log_probability": -9.5, "score": -1.75, "finished": True}
            row["n_best"] = [{key: row[key] for key in other}, other]
    looked = [(row["inputs"]["de"].split(), [*row["predicted"].split()[:40], "<eos>"]) for row in made[:6]]
    made_of = transduced("multi30k", "bleu", made, "words", random)
    return replace(made_of, attention=[attention(i, *pair, random) for i, pair in enumerate(looked)])


def pronunciations(rows: int = 600, seed: int = 42) -> ReportMaterial:
    """Words in symbols, of which the network is sure; no attention."""
    random = np.random.default_rng(seed)
    sources = ["".join(random.choice(list(SYMBOLS), random.integers(2, 12))) for _ in range(rows)]
    truths = [" ".join(SYMBOLS[letter] for letter in word) for word in sources]
    made = written("cmudict", (sources, truths), "symbols", random, (0.04, 0.1))
    return transduced("cmudict", "word_error", made, "symbols", random)


def names_in_arabic(rows: int = 200, seed: int = 43) -> ReportMaterial:
    """Letters, from right to left; one answer is very long."""
    random = np.random.default_rng(seed)
    sources = ["".join(random.choice(list("kalmnsrtb"), random.integers(2, 9))) for _ in range(rows)]
    truths = [word.translate(str.maketrans("kalmnsrtb", "كالمنسرتب")) for word in sources]
    made = written("names", (sources, truths), "letters", random, (0.08, 0.3))
    made[5].update(predicted="ا" * 5000, finished=False)
    looked = [attention(i, list(made[i]["inputs"]["de"]), [*made[i]["predicted"], "<eos>"], random) for i in range(4)]
    return replace(transduced("names", "word_error", made, "letters", random), attention=looked)


def turned_round(rows: int = 80, seed: int = 44) -> ReportMaterial:
    """Digits backwards, all right: attention runs from the end."""
    random = np.random.default_rng(seed)
    sources = [" ".join(random.choice(list("0123456789"), random.integers(4, 40))) for _ in range(rows)]
    truths = [" ".join(reversed(text.split())) for text in sources]
    made = written("digits", (sources, truths), "symbols", random, (0.0, 0.9))
    looked = [attention(i, sources[i].split(), [*truths[i].split(), "<eos>"], random, backwards=True) for i in range(5)]
    return replace(transduced("digits", "exact_match", made, "symbols", random), attention=looked)


def hostile_answers(seed: int = 45) -> ReportMaterial:
    """Every text, token and name tries to break out of the page."""
    random = np.random.default_rng(seed)
    made = written(HOSTILE, ([HOSTILE] * 40, [HOSTILE] * 40), "words", random, (0.3, 0.5))
    for row in made:
        row["references"] = [row["truth"], f"{HOSTILE} {HOSTILE}"]
        row["n_best"] = [{"predicted": HOSTILE, "log_probability": -1.0, "score": -0.5, "finished": True}] * 2
    tokens = HOSTILE.split(" ")
    result = transduced("hostile", "bleu", made, "words", random)
    told = {**result.metrics, "texts": {"unit": "words", "signatures": {"bleu": HOSTILE}}}
    return replace(result, metrics=told, attention=[attention(0, tokens, [*tokens, "<eos>"], random)])


def written(
    name: str, texts: Texts, unit: TextUnit, random: np.random.Generator, wrong: tuple[float, float]
) -> list[dict[str, Any]]:
    """Rows of predictions; of the network's and the baseline's answers each part is wrong with these probabilities."""
    parts = sorted({part for truth in texts[1] for part in _split(truth, unit)})

    def worse(truth: str, share: float) -> str:
        said = [str(random.choice(parts)) if random.random() < share else part for part in _split(truth, unit)]
        kept = [part for part in said if random.random() > share / 3]
        return ("" if unit == "letters" else " ").join(kept)

    rows = []
    for i, (source, truth) in enumerate(zip(*texts, strict=True)):
        predicted, loss = worse(truth, wrong[0]), float(random.gamma(2, 0.3))
        rows.append(
            {
                "id": i,
                "file": f"{name}/test.de",
                "row": i + 1,
                "inputs": {"de": source},
                "truth": truth,
                "predicted": predicted,
                "log_probability": -loss * 2,
                "score": -loss,
                "finished": True,
                "loss": loss,
                "baseline": worse(truth, wrong[1]),
            }
        )
    return rows


def transduced(
    name: str, metric: str, rows: list[dict[str, Any]], unit: TextUnit, random: np.random.Generator
) -> ReportMaterial:
    """The run around these rows."""
    both = [texts_outcome(rows, unit, side) for side in ("predicted", "baseline")]
    told = ["bleu", "chrf"] if unit == "words" else []
    test, beside = (figures(one, *told, "word_error", "character_error", "exact_match") for one in both)
    nats = math.fsum(row["loss"] for row in rows) / len(rows)
    lengths = [len(_split(row["inputs"]["de"], "letters" if unit == "symbols" else unit)) for row in rows]
    data = read_data(name, {}, lengths, len(rows))
    return ReportMaterial(
        name=name,
        metrics={
            **common("transduce", metric, {**test, "cross_entropy": nats, "perplexity": math.exp(nats)}),
            "baseline": {"name": "word_table", **beside},
            "baselines": {"word_table": {**beside, "valid": beside, "settings": ""}},
            "texts": {"unit": unit, "signatures": signatures(both[0])},
        },
        history=history(10, metric, test[metric], random),
        predictions=rows,
        data={**data, "unit": "characters" if unit in ("letters", "symbols") and name != "digits" else "words"},
        **rest(),
    )


def attention(
    number: int, read: Sequence[str], tokens: Sequence[str], random: np.random.Generator, *, backwards: bool = False
) -> dict[str, Any]:
    """A row of attention.json that looks along one of the diagonals, and somewhat beside it."""
    places = np.linspace(0, len(read) - 1, len(tokens))
    scores = -np.abs(np.arange(len(read)) - (places[::-1] if backwards else places)[:, None]) * 1.5
    weights = np.exp(scores + random.normal(0, 0.4, scores.shape))
    weights /= weights.sum(axis=1, keepdims=True)
    return {"id": number, "read": list(read), "written": list(tokens), "weights": weights.tolist()}


ALL: dict[str, Callable[[], ReportMaterial]] = {
    made.__name__: made for made in (translation, pronunciations, names_in_arabic, turned_round, hostile_answers)
}


def _split(text: str, unit: TextUnit) -> list[str]:
    return list(text) if unit == "letters" else text.split(" ")
