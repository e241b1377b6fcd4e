"""Small material for every task: made here, learnable, with inputs of every kind."""

from __future__ import annotations

import random
from typing import Any

TALK = "good bad film plot a the The very not dull fine long short Short bright slow"
WORDS = TALK.split()


def rows(task: str, count: int = 60) -> list[dict[str, Any]]:
    """Records whose output depends on the order of the words, a number and a category."""
    chance = random.Random(7)
    return [_row(task, i, chance) for i in range(count)]


def _row(task: str, i: int, chance: random.Random) -> dict[str, Any]:
    words = [chance.choice(WORDS) for _ in range(chance.randint(1, 9))]
    words.insert(chance.randint(0, len(words)), "good" if i % 2 else "bad")
    row: dict[str, Any] = {"text": " ".join(words), "size": round(chance.gauss(3, 2), 3), "shop": chance.choice("AB")}
    good = words.index("good") if "good" in words else len(words)
    bad = words.index("bad") if "bad" in words else len(words)
    if task == "regress":
        return {**row, "target": float(good - bad) + 0.1 * row["size"]}
    if task == "labels":
        return {**row, "tags": [name for name, there in (("good", good < bad), ("long", len(words) > 4)) if there]}
    return {**row, "label": ["neg", "pos", "mixed"][(good < bad) + (good < bad and len(words) > 6)]}


OUTPUT = {"classify": "label", "labels": "tags", "regress": "target"}
TINY: dict[str, Any] = {
    "input": ("text", "size", "shop"),
    "kinds": ("shop=category",),
    "epochs": 2,
    "hidden_size": 6,
    "batch_size": 16,
    "embedding_size": 5,
    "threads": 1,
    "valid": "0.2",
    "test": "0.2",
}


def tiny(task: str, **changes: Any) -> dict[str, Any]:
    """Arguments of ``train`` for a task, small enough to run in a moment."""
    baseline = "mean" if task == "regress" else "majority"
    return {**TINY, "output": (OUTPUT[task],), "baselines": (baseline,), **changes}
