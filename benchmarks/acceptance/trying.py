"""Advice put to the test: four trainings that go wrong for a planted reason, and what inspect --try makes of them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

from lines import PROGRAM, WORK, Measured, line, train

ROWS, STEPS = 2_400, 24
PLANTED = {
    "forget gate shut": ["--cell", "lstm", "--set", "forget_bias=-5"],
    "every update clipped": ["--cell", "lstm", "--set", "optimizer=sgd", "--set", "clip_norm=0.0001"],
    "learning rate too high": ["--cell", "lstm", "--learning-rate", "1"],
    "a recurrence that forgets": ["--cell", "rnn:activation=sigmoid"],
}


@line("advice tried")
def advice(data: Path) -> Measured:
    """The first letter of a line decides its class; the others say nothing."""
    material = WORK / "latch.csv"
    WORK.mkdir(parents=True, exist_ok=True)
    write_latch(material)
    reached, better = [], 0
    for name, options in PLANTED.items():
        run = WORK / f"tried-{name.replace(' ', '-')}"
        shutil.rmtree(run, ignore_errors=True)
        common = ["--epochs", "3", "--set", "pooling=last", "--set", "bidirectional=no", "--set", "tokens=characters"]
        train(material, run, *common, "--set", "baselines=majority", "--hidden-size", "32", *options)
        said = subprocess.run(
            [PROGRAM, "inspect", str(run), "--try", "--json"], check=True, capture_output=True, text=True
        )
        found = json.loads(said.stdout)["tried"]
        lowest = [min(found[which]["losses"], default=float("inf")) for which in ("before", "after")]
        settings = " ".join(f"{key}={value}" for key, value in found["settings"].items())
        reached.append(f"{name}: {settings}, loss {lowest[0]:.3f} to {lowest[1]:.3f}")
        better += lowest[1] < lowest[0]
    return {
        "bar": "inspect --try improves the loss in at least 3 of 4 planted cases",
        "reached": f"{better} of 4; " + "; ".join(reached),
        "passed": better >= 3,
    }


def write_latch(path: Path) -> None:
    """Lines of letters as CSV, the class of each beside it."""
    chance = random.Random(5)
    rows = ["text,class"]
    for _ in range(ROWS):
        first = chance.choice("xy")
        rows.append(f"{first}{''.join(chance.choices('abcd', k=STEPS - 1))},{'up' if first == 'x' else 'down'}")
    path.write_text("\n".join(rows) + "\n")
