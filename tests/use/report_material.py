"""Made-up runs for the tests of report, verdict and compare: plausible, seeded, figures computed from the answers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from throughtime.models.metrics import Outcome, metrics
from throughtime.use.report import ReportMaterial


def listed(words: str) -> list[str]:
    return words.split()


LANGUAGES = listed(
    "Arabic Chinese Czech Dutch English French German Greek Irish Italian Japanese Korean Polish Portuguese Russian "
    "Scottish Spanish Vietnamese"
)
SYLLABLES = listed("ka lo vi ner sch ov ski mac do ber ti yu ng han el ra ou des san ro")
HOSTILE = (
    "</p></main><script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" & 'single' <!-- \x00\x1b[31m \ud800 "
    "]]> <style>*{display:none}</style> javascript:alert(3)"
)
EQUATIONS = (
    "i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i)",
    "f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f)",
    "g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)",
    "o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o)",
    "c_t = f_t * c_{t-1} + i_t * g_t",
    "h_t = o_t * tanh(c_t)",
)
CONFIG = """[run]
data = "names"
task = "classify"

[data]
valid = "0.1"
test = "0.1"

[network]
cell = "lstm"
hidden_size = 128
layers = 2
bidirectional = true
dropout = 0.3

[training]
seed = 1
epochs = 12
learning_rate = 0.002
"""


def names(rows: int = 1750, right: float = 0.83, baseline: float = 0.79, seed: int = 1) -> ReportMaterial:
    """18 languages of very different size, short texts."""
    random = np.random.default_rng(seed)
    weights = np.array([20, 3, 5, 3, 37, 3, 7, 2, 2.3, 7, 10, 1, 1.4, 0.8, 94, 1, 3, 0.8])
    truth = random.choice(18, rows, p=weights / weights.sum())
    texts = ["".join(random.choice(SYLLABLES, random.integers(2, 5))).capitalize() for _ in range(rows)]
    return classes("names", LANGUAGES, truth, texts, right, baseline, random, weights, epochs=12)


def reviews(rows: int = 2400, right: float = 0.842, baseline: float = 0.835, seed: int = 2) -> ReportMaterial:
    """Two classes, long texts."""
    random = np.random.default_rng(seed)
    words = listed("the plot was not bad at all but acting which I found slow terrible wonderful hardly ever a scene")
    texts = [" ".join(random.choice(words, random.integers(20, 300))) for _ in range(rows)]
    truth = random.integers(0, 2, rows)
    return classes("reviews", ("negative", "positive"), truth, texts, right, baseline, random, np.ones(2), epochs=20)


def many_classes(seed: int = 3) -> ReportMaterial:
    random = np.random.default_rng(seed)
    kinds = [f"intent {i} {SYLLABLES[i % 20]}ing of something" for i in range(60)]
    truth = random.integers(0, 60, 3000)
    texts = [" ".join(random.choice(SYLLABLES, 6)) for _ in range(3000)]
    return classes("intents", kinds, truth, texts, 0.7, 0.55, random, np.ones(60), epochs=6)


def baseline_wins() -> ReportMaterial:
    return replace(names(right=0.78, baseline=0.86, seed=4), name="names-too-short")


def paired() -> ReportMaterial:
    """With the baseline's answer in every row."""
    return names(right=0.83, baseline=0.81, seed=5, rows=1200)


def seeds() -> ReportMaterial:
    material = names(seed=6)
    spread = {"test": {"accuracy": 0.0041, "macro_f1": 0.012, "cross_entropy": 0.02}, "valid": {"accuracy": 0.003}}
    return replace(material, metrics={**material.metrics, "seeds": [1, 2, 3], "best_seed": 2, "spread": spread})


def one_epoch() -> ReportMaterial:
    return replace(names(seed=7), history=names(seed=7).history[:1])


def empty_history() -> ReportMaterial:
    return replace(names(seed=8), history=[])


def two_rows() -> ReportMaterial:
    random = np.random.default_rng(9)
    return classes("tiny", ("no", "yes"), np.array([0, 1]), ["a", "b"], 0.5, 0.5, random, np.ones(2), epochs=3)


def hostile() -> ReportMaterial:
    """Every text of the material tries to break out of the page."""
    random = np.random.default_rng(10)
    kinds = [f"{HOSTILE} {i}" for i in range(3)]
    truth = random.integers(0, 3, 60)
    made = classes(HOSTILE, kinds, truth, [HOSTILE] * 60, 0.6, 0.5, random, np.ones(3), epochs=4)
    data = {**made.data, "notes": [HOSTILE], "source": HOSTILE, "unit": HOSTILE}
    beside = {**made.metrics["baselines"]["naive_bayes_characters"], "settings": HOSTILE}
    figures = {
        **made.metrics,
        "baselines": {HOSTILE: beside},
        "baseline": {**made.metrics["baseline"], "name": HOSTILE},
    }
    return replace(
        made,
        data=data,
        metrics=figures,
        environment={HOSTILE: HOSTILE},
        equations=[HOSTILE],
        parameters={HOSTILE: 3},
        command=HOSTILE,
        config="x = 1 # </pre><script>",
    )


def long_and_rtl() -> ReportMaterial:
    """A text of 200,000 letters without a space, Arabic and Hebrew, an override of writing direction, emoji."""
    random = np.random.default_rng(11)
    texts = [
        "x" * 200_000,
        "كتب الولد الدرس في المدرسة " * 30,
        "שלום עולם (abc) 123",
        "\u202eevil order\u202d",
        "👩‍👩‍👧‍👦 🎉" * 40,
        "",
    ] * 10
    truth = random.integers(0, 2, 60)
    return classes("texts", ("العربية", "עברית"), truth, texts, 0.5, 0.5, random, np.ones(2), epochs=4)


def classes(
    name: str,
    kinds: Sequence[str],
    truth: np.ndarray,
    texts: Sequence[str],
    right: float,
    baseline: float,
    random: np.random.Generator,
    weights: np.ndarray,
    epochs: int,
) -> ReportMaterial:
    """One class a row, answered right with the given probability; mistakes favour the neighbouring class."""
    count = len(kinds)
    ours, theirs = (_answers(truth, share, count, random) for share in (right, baseline))
    sure = random.uniform(0.34, 0.99, len(truth))
    probabilities = (
        np.full((len(truth), count), 1e-9) + random.dirichlet(np.ones(count), len(truth)) * (1 - sure)[:, None]
    )
    probabilities[np.arange(len(truth)), ours] += sure
    probabilities /= probabilities.sum(1, keepdims=True)
    test = figures(Outcome(truth, ours, probabilities, tuple(kinds)), "accuracy", "macro_f1", "cross_entropy")
    beside = figures(Outcome(truth, theirs, None, tuple(kinds)), "accuracy", "macro_f1")
    majority = np.full_like(truth, np.bincount(truth).argmax())
    least = figures(Outcome(truth, majority, None, tuple(kinds)), "accuracy", "macro_f1")
    predictions = [
        {
            "id": i,
            "file": f"{name}/part-{i % 3}.txt",
            "row": i + 2,
            "inputs": {"text": texts[i]},
            "truth": kinds[truth[i]],
            "predicted": kinds[ours[i]],
            "baseline": kinds[theirs[i]],
            "loss": -math.log(probabilities[i, truth[i]]),
            "probabilities": {kinds[j]: float(probabilities[i, j]) for j in np.argsort(-probabilities[i])[:5]},
        }
        for i in range(len(truth))
    ]
    if name in ("names", "reviews"):
        predictions = [
            row if baseline == 0.81 else {k: v for k, v in row.items() if k != "baseline"} for row in predictions
        ]
    baselines = {
        "majority": {**least, "valid": least, "settings": ""},
        "naive_bayes_characters": {
            **beside,
            "valid": {"accuracy": beside["accuracy"] + 0.01},
            "settings": "1 to 4 characters, alpha 0.1",
        },
        "logistic_regression_words": {
            "accuracy": beside["accuracy"] * 0.97,
            "macro_f1": beside["macro_f1"] * 0.95,
            "valid": {"accuracy": beside["accuracy"] * 0.98},
            "settings": "l2 0.01",
        },
    }
    counts = {kinds[i]: int(w) for i, w in enumerate(weights / weights.min() * 17)}
    return ReportMaterial(
        name=name,
        metrics={
            **common("classify", "accuracy", test),
            "baseline": {"name": "naive_bayes_characters", **beside},
            "baselines": baselines,
        },
        history=history(epochs, "accuracy", test["accuracy"], random),
        predictions=predictions,
        data=read_data(name, counts, [len(t) for t in texts], len(truth)),
        **rest(),
    )


def regression(rows: int = 900, seed: int = 12) -> ReportMaterial:
    random = np.random.default_rng(seed)
    truth = random.gamma(3, 4.0, rows) + 5
    ours, theirs = truth + random.normal(0.3, 1.5, rows), truth + random.normal(0, 2.5, rows)
    mean = np.full(rows, truth.mean())
    three = ("mae", "mse", "rmse")
    test, beside, least = (figures(Outcome(truth, answer), *three) for answer in (ours, theirs, mean))
    predictions = [
        {
            "id": i,
            "file": "prices.csv",
            "row": i + 2,
            "inputs": {"description": f"flat with {i} rooms", "area": 20.5 + i},
            "truth": float(truth[i]),
            "predicted": float(ours[i]),
            "loss": float((ours[i] - truth[i]) ** 2),
            "baseline": float(theirs[i]),
        }
        for i in range(rows)
    ]
    return ReportMaterial(
        name="prices",
        metrics={
            **common("regress", "mae", test),
            "baseline": {"name": "ridge_words", **beside},
            "baselines": {
                "mean": {**least, "valid": least, "settings": ""},
                "ridge_words": {**beside, "valid": beside, "settings": "l2 1"},
            },
        },
        history=history(15, "mae", test["mae"], random),
        predictions=predictions,
        data=read_data("prices.csv", {}, [int(n) for n in random.integers(3, 40, rows)], rows),
        **rest(),
    )


def labels(rows: int = 700, seed: int = 13) -> ReportMaterial:
    """Several labels a row."""
    random = np.random.default_rng(seed)
    kinds = ("politics", "sport", "money", "weather", "music", "never seen")
    truth = (random.random((rows, 6)) < [0.4, 0.3, 0.2, 0.1, 0.25, 0]).astype(int)
    flips = random.random((rows, 6)) < 0.08
    ours = np.where(flips, 1 - truth, truth)
    theirs = np.where(random.random((rows, 6)) < 0.12, 1 - truth, truth)
    three = ("accuracy", "exact_match", "macro_f1")
    test, beside = (figures(Outcome(truth, answer, None, kinds), *three) for answer in (ours, theirs))
    predictions = [
        {
            "id": i,
            "file": "news.jsonl",
            "row": i + 1,
            "inputs": {"title": f"headline {i}", "body": "words " * int(random.integers(3, 90))},
            "truth": [k for k, on in zip(kinds, truth[i], strict=True) if on],
            "predicted": [k for k, on in zip(kinds, ours[i], strict=True) if on],
            "probabilities": {},
            "loss": float(flips[i].sum() + random.random() * 0.1),
        }
        for i in range(rows)
    ]
    baselines = {"naive_bayes_words": {**beside, "valid": beside, "settings": "alpha 1"}}
    return ReportMaterial(
        name="news",
        metrics={
            **common("classify", "macro_f1", test),
            "baseline": {"name": "naive_bayes_words", **beside},
            "baselines": baselines,
        },
        history=history(9, "macro_f1", test["macro_f1"], random),
        predictions=predictions,
        data=read_data("news.jsonl", dict(zip(kinds, [400, 300, 200, 100, 250, 1], strict=True)), [30] * rows, rows),
        **rest(),
    )


ALL: dict[str, Callable[[], ReportMaterial]] = {
    made.__name__: made
    for made in (
        names,
        reviews,
        many_classes,
        baseline_wins,
        paired,
        seeds,
        one_epoch,
        empty_history,
        two_rows,
        hostile,
        long_and_rtl,
        regression,
        labels,
    )
}


def _answers(truth: np.ndarray, right: float, count: int, random: np.random.Generator) -> np.ndarray:
    shift = np.where(random.random(len(truth)) < 0.6, 1, random.integers(1, count, len(truth)))
    return np.where(random.random(len(truth)) < right, truth, (truth + shift) % count)


def figures(outcome: Outcome, *names: str) -> dict[str, float]:
    return {name: metrics[name].compute(outcome) for name in names}


def common(task: str, metric: str, test: dict[str, float]) -> dict[str, Any]:
    versions = {"throughtime": "0.1.0", "torch": "2.13.0"}
    valid = {name: value * 1.01 for name, value in test.items()}
    return {
        "task": task,
        "metric": metric,
        "test": test,
        "valid": valid,
        "seconds": 194.2,
        "parameters": 174_482,
        "engine": "torch",
        "versions": versions,
        "seeds": [1],
    }


def history(epochs: int, metric: str, reached: float, random: np.random.Generator) -> list[dict[str, Any]]:
    lines = []
    for epoch in range(1, epochs + 1):
        near = 1 - math.exp(-epoch / 3)
        value = reached * near if metric != "mae" else reached / near
        valid = {metric: value + float(random.normal(0, 0.004))}
        valid["loss"] = 0.6 + 1.8 * (1 - near) + 0.02 * max(0, epoch - 6)
        lines.append(
            {
                "epoch": epoch,
                "update": 120 * epoch,
                "train": {"loss": 0.3 + 2 * (1 - near)},
                "valid": valid,
                "learning_rate": 0.002 * (0.5 + 0.5 * math.cos(math.pi * epoch / epochs)),
                "gradient_norm": 0.6 + float(random.random()),
                "clipped": 0.1,
                "seconds": 3.1,
                "samples_per_second": 5400,
            }
        )
    return lines


def read_data(source: str, classes: dict[str, int], lengths: list[int], test: int) -> dict[str, Any]:
    notes = [
        "a folder, a class a file, utf-8",
        "output: class, one of several; input: text, as characters",
        "243 repeated rows removed",
    ]
    by_length = {str(length): count for length, count in Counter(lengths).items()}
    made = {
        "source": source,
        "notes": notes,
        "rows": {"train": 14_000, "valid": 1750, "test": test},
        "unit": "characters",
        "lengths": {"train": by_length},
    }
    smaller = {name: count // 8 for name, count in classes.items()}
    return {
        **made,
        "test_digest": "5f1a",
        **({"classes": {"train": classes, "valid": smaller, "test": smaller}} if classes else {}),
    }


def rest() -> dict[str, Any]:
    return {
        "config": CONFIG,
        "environment": {"python": "3.11.7", "platform": "Linux x86_64", "threads": 2, "torch": {"device": "cpu"}},
        "equations": EQUATIONS,
        "parameters": {"embedding": 5_824, "lstm layer 1": 98_816, "lstm layer 2": 67_584, "classifier": 2_258},
        "command": "throughtime train names --run runs/names --cell lstm --hidden-size 128",
    }
