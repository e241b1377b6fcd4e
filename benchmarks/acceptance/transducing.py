"""From sequence to sequence: translation, pronunciation, transliteration; writing in batches; where it looks."""

from __future__ import annotations

import json
import random
import statistics
import time
from pathlib import Path

from lines import WORK, Measured, beside, line, train

MINUTE = 60


def minutes(run: Path) -> float:
    """Of training alone."""
    rows = (run / "history.jsonl").read_text().splitlines()
    return sum(json.loads(row)["seconds"] for row in rows) / MINUTE


@line("de-en")
def german(data: Path) -> Measured:
    run = WORK / "de-en"
    found = train(data / "de-en", run, "--input", "de", "--output", "en", "--set", "tokens=subwords", "--set", "beam=5")
    test, took = found["test"], minutes(run)
    return {
        "bar": "BLEU on test_2016_flickr at least 30.0, aim 34, at most 75 min of training",
        "reached": f"{test['bleu']:.2f} in {took:.1f} min; chrF {test['chrf']:.1f}; {beside(found, of=('bleu',))}; "
        f"{found['texts']['signatures']['bleu']}",
        "passed": test["bleu"] >= 30.0 and took <= 75,
    }


@line("cmudict")
def pronunciation(data: Path) -> Measured:
    run = WORK / "cmudict"
    found = train(data / "cmudict", run, "--set", "stress=no", "--valid", "0.05", "--test", "0.05")
    test, took = found["test"], minutes(run)
    return {
        "bar": "word error at most 0.32, aim 0.28, at most 60 min of training",
        "reached": f"{test['word_error']:.4f}, symbol error {test['character_error']:.4f} in {took:.1f} min; "
        f"{beside(found, of=('word_error', 'character_error'))}",
        "passed": test["word_error"] <= 0.32 and took <= 60,
    }


@line("ar-en")
def names(data: Path) -> Measured:
    run = WORK / "ar-en"
    found = train(data / "ar-en", run, "--task", "transduce")
    test, baselines = found["test"], found["baselines"].values()
    better = all(
        test["character_error"] < one["character_error"] and test["exact_match"] > one["exact_match"]
        for one in baselines
    )
    return {
        "bar": "character error and exact match better than all baselines'",
        "reached": f"character error {test['character_error']:.4f}, exact match {test['exact_match']:.4f} in "
        f"{minutes(run):.1f} min; {beside(found, of=('character_error', 'exact_match'))}",
        "passed": better,
    }


@line("sentences in batches")
def batches(data: Path) -> Measured:
    """64 sentences of test written at once and one by one, in turn."""
    from throughtime import load

    trained = load(WORK / "de-en")
    rows = trained.run.predictions.read()[:64]
    texts = [row["inputs"]["de"] for row in rows]
    trained.predict(texts[:2])
    ratios = []
    for _ in range(5):
        seconds = []
        for size in (64, 1):
            started = time.perf_counter()
            found = trained.predict(texts, batch_size=size)
            seconds.append(time.perf_counter() - started)
            assert len(found) == len(texts)
        ratios.append(seconds[1] / seconds[0])
    ratio = statistics.median(ratios)
    return {
        "bar": "a batch of 64 sentences at least 10 times faster than one by one",
        "reached": f"{ratio:.1f} times (median of 5; {min(ratios):.1f} to {max(ratios):.1f})",
        "passed": ratio >= 10,
    }


def pairs(folder: Path, backwards: bool, count: int = 3_000) -> Path:
    """A table of letters and the same letters, forwards or backwards."""
    chance, path = random.Random(1), folder / ("reversed.tsv" if backwards else "copied.tsv")
    folder.mkdir(parents=True, exist_ok=True)
    texts = [[chance.choice("abcdefghij") for _ in range(chance.randint(3, 12))] for _ in range(count)]
    path.write_text("".join(f"{' '.join(text)}\t{' '.join(text[::-1] if backwards else text)}\n" for text in texts))
    return path


@line("attention, copied and reversed")
def attention(data: Path) -> Measured:
    """The share of written letters whose greatest weight lies on the letter that is written."""
    shares = {}
    for backwards in (False, True):
        name = "reversed" if backwards else "copied"
        run = WORK / f"attention-{name}"
        train(pairs(WORK / "attention-data", backwards), run, "--task", "transduce", "--epochs", "8")
        kept = json.loads((run / "attention.json").read_text())["rows"]
        hits = steps = 0
        for row in kept:
            for at, weights in enumerate(row["weights"][: len(row["read"])]):
                place = len(row["read"]) - 1 - at if backwards else at
                hits += weights.index(max(weights)) == place
                steps += 1
        shares[name] = hits / steps
    return {
        "bar": "the greatest weight on the diagonal where it copies, on the anti-diagonal where it reverses",
        "reached": ", ".join(f"{name} {share:.3f} of the steps" for name, share in shares.items()),
        "passed": min(shares.values()) >= 0.9,
    }
