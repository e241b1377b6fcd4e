"""Made-up runs of which single answers were explained: as ``inspection.json`` holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.use.report_material import HOSTILE, names, regression
from tests.use.step_material import play
from throughtime.use.report import ReportMaterial


def explained_names() -> ReportMaterial:
    """By letters, with neighbours; one of a single letter, one not complete."""
    answers = [answer("Khoury"), answer("o", steps=1), {**answer("Adamczyk"), "score": {**SCORE, "complete": False}}]
    return replace(names(rows=60), name="explained", inspection={"explained": answers})


def explained_numbers() -> ReportMaterial:
    entry = answer(["old", "flat", "(", "two", "rooms", ")"], kind="number", words=True)
    return replace(regression(rows=60), name="explained-numbers", inspection={"explained": [entry]})


def explained_play() -> ReportMaterial:
    entry = {**answer(list("To be,\nor ") * 60, kind="token"), "nearest": [], "no_nearest": "running text has no rows"}
    return replace(play(), name="explained-play", inspection={"explained": [entry]})


def explained_hostile() -> ReportMaterial:
    """Every text of it tries to break out of the page."""
    entry = answer(HOSTILE.split(" "), words=True, word=HOSTILE)
    return replace(names(rows=60), name="explained-hostile", inspection={"explained": [entry]})


SCORE: dict[str, Any] = {
    "name": "log-probability",
    "value": -0.31,
    "baseline": -2.9,
    "gap": 3.1e-5,
    "complete": True,
    "points": 64,
}


def answer(
    tokens: Sequence[str], kind: str = "class", *, words: bool = False, steps: int = 2, word: str = "Arabic"
) -> dict[str, Any]:
    """Whatever such tokens might have given; two layers, the second one backward."""
    random = np.random.default_rng(len(tokens))
    number = kind == "number"
    outs = [
        {"predicted": 3.5 if number else word, "value": float(random.random()), "flips": None if number else k == 0}
        for k in range(len(tokens))
    ]
    lines = [
        {"layer": layer, "backward": layer == 2, "name": name, "measure": measure, "values": values.tolist()}
        for layer in range(1, steps + 1)
        for name, measure in (("r", "mean"), ("z", "mean"), ("n", "norm"), ("h", "norm"))
        for values in [random.random(len(tokens))]
    ]
    timed = {"column": "text", "words": words, "tokens": list(tokens), "without": outs, "over_time": lines}
    single = {"column": "size", "words": False, "tokens": [word], "without": [None], "over_time": [], "given": [0.0]}
    near = [
        {"inputs": {"text": word, "size": 0.5}, "label": word, "file": word, "row": k, "distance": k / 9}
        for k in range(3)
    ]
    return {
        "task": "classify",
        "output": "label" if word == "Arabic" else word,
        "kind": kind,
        "predicted": 2.25 if number else word,
        "answer": 2.25 if number else word,
        "value": 2.25 if number else 0.73,
        "step": None,
        "score": SCORE,
        "inputs": [{**timed, "given": random.normal(size=len(tokens)).tolist()}, single],
        "nearest": near,
        "no_nearest": None,
    }


ALL: dict[str, Callable[[], ReportMaterial]] = {
    made.__name__: made for made in (explained_names, explained_numbers, explained_play, explained_hostile)
}
