"""What looking into a network while it learns costs: trainings with it and without, in turn, in one process.

    python benchmarks/recording.py [--rounds 5]

The seconds are those of training alone, without reading, baselines and evaluation; written to benchmarks/RECORDING.md.
"""

from __future__ import annotations

import argparse
import random
import statistics
import string
import tempfile
from pathlib import Path
from typing import Any

import throughtime as tt

OUT = Path(__file__).resolve().parent / "RECORDING.md"


def rows(count: int, steps: int) -> list[dict[str, str]]:
    """Letters, and a class that the first of them decides."""
    chance = random.Random(1)
    found = []
    for _ in range(count):
        text = "".join(chance.choices(string.ascii_lowercase, k=steps))
        found.append({"text": text, "label": "early" if text[0] < "n" else "late"})
    return found


def text(characters: int) -> str:
    """Words of a small made-up language, one sentence a line."""
    chance = random.Random(2)
    words = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 7))) for _ in range(400)]
    lines = []
    while sum(map(len, lines)) < characters:
        lines.append(" ".join(chance.choices(words, k=chance.randint(4, 12))) + ".\n")
    return "".join(lines)


COMMON = {"tokens": "characters", "baselines": ("majority",)}
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "20,000 rows of 12 steps": (rows(20_000, 12), {"output": "label", "epochs": 6, **COMMON}),
    "3,000 rows of 200 steps": (rows(3_000, 200), {"output": "label", "epochs": 4, **COMMON}),
    "a text of 600,000 characters": (text(600_000), {"task": "language_model", "epochs": 1, "hidden_size": 256}),
}


def seconds(data: Any, folder: Path, observe: bool, options: dict[str, Any]) -> tuple[float, int, float]:
    """Of training, how many updates were looked into, and the seconds of that by the recorder's own clock."""
    run = tt.train(data, folder, observe=observe, seed=1, **options).run
    looks = run.observations.read() if run.observations.exists() else []
    return sum(row["seconds"] for row in run.history.read()), len(looks), looks[-1]["seconds"] if looks else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    lines = [
        "# What looking in while training costs",
        "",
        f"Written by `python benchmarks/recording.py`; medians of {rounds} trainings each, in turn, in one process.",
        "",
        "The last column is the share by the recorder's own clock, which noise of the machine does not touch.",
        "",
        "| material | seconds without | with | ratio | updates looked into | share |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, (data, options) in CASES.items():
            if isinstance(data, str):
                (Path(folder) / "text.txt").write_text(data)
                data = Path(folder) / "text.txt"
            taken: dict[bool, list[float]] = {False: [], True: []}
            looks, shares = 0, []
            for number in range(2 * rounds):
                observe = number % 2 == 1
                spent, found, looking = seconds(data, Path(folder) / f"{abs(hash(name))}-{number}", observe, options)
                taken[observe].append(spent)
                if observe:
                    looks = max(looks, found)
                    shares.append(looking / spent)
                print(f"{name}: {'with' if observe else 'without'} {spent:.2f} s", flush=True)
            plain, looked = (statistics.median(taken[observe]) for observe in (False, True))
            share = statistics.median(shares)
            lines.append(f"| {name} | {plain:.2f} | {looked:.2f} | {looked / plain:.3f} | {looks} | {share:.1%} |")
    OUT.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
