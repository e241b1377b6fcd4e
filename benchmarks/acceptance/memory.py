"""The memory that a long text takes: the peak of a training process on a short and on a long made-up text.

    python benchmarks/acceptance/memory.py [--small MB] [--large MB]

Texts are made in a temporary folder, which needs twice the long one's size on the disk, as training writes its tokens
beside it. What was measured is kept in runs/acceptance/memory.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).resolve().parents[2] / "runs" / "acceptance" / "memory.json"
PROGRAM = str(Path(sys.executable).with_name("throughtime"))
MEGABYTE = 1_000_000
SMALL, LARGE = 20 * MEGABYTE, 2000 * MEGABYTE
BAR = 200 * MEGABYTE  # that a text a hundred times as long may take more
SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
COMMON = 100_000  # words that are spelled beforehand
OPTIONS = ("--max-minutes", "0.2", "--hidden-size", "64", "--set", "baselines=kneser_ney", "--threads", "1")
UNITS = {
    "characters": ("--set", "tokens=characters"),
    "words": ("--set", "tokens=words", "--set", "max_vocabulary=10000"),  # else it is the model that grows
}


def spelled(rank: int) -> str:
    """A word for each rank, longer for rarer ones; no two are the same.

    >>> spelled(0), spelled(69), spelled(70)
    ('ba', 'zu', 'beba')
    """
    word = SYLLABLES[rank % len(SYLLABLES)]
    while rank := rank // len(SYLLABLES):
        word = SYLLABLES[rank % len(SYLLABLES)] + word
    return word


def write_text(file: Path, size: int, seed: int = 0) -> None:
    """A text of about so many bytes: lines of words whose frequencies fall as 1 / rank^1.2, new words without end."""
    if shutil.disk_usage(file.parent).free < 3 * size:
        raise SystemExit(f"{file.parent}: {3 * size / MEGABYTE:,.0f} MB are needed and not free; set TMPDIR")
    chance, common = np.random.default_rng(seed), [spelled(rank) for rank in range(COMMON)]
    written = 0
    with file.open("w", encoding="ascii") as out:
        while written < size:
            ranks = np.minimum(chance.zipf(1.2, 100_000), 10**9) - 1
            words = [common[rank] if rank < COMMON else spelled(rank) for rank in ranks.tolist()]
            text = "".join(" ".join(words[k : k + 10]) + ".\n" for k in range(0, len(words), 10))
            written += out.write(text[: size - written])


def peak(text: Path, run: Path, *options: str) -> dict[str, Any]:
    """Train on the text in a process of its own: its largest resident memory in bytes, and its seconds."""
    started = time.monotonic()
    command = [
        PROGRAM,
        "train",
        str(text),
        "--task",
        "language_model",
        "--run",
        str(run),
        "--quiet",
        *OPTIONS,
        *options,
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(running.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with exit code {os.waitstatus_to_exitcode(status)}")
    unit = 1 if sys.platform == "darwin" else 1024
    return {"bytes": used.ru_maxrss * unit, "seconds": time.monotonic() - started}


def measure(size_small: int = SMALL, size_large: int = LARGE) -> dict[str, Any]:
    """The peaks for both sizes (in bytes of text), in characters and in words, and what the longer text takes more.

    ``reached`` says it in words, ``passed`` whether it is within the bar.
    """
    found: dict[str, Any] = {"small": size_small, "large": size_large}
    with tempfile.TemporaryDirectory() as folder:
        texts = {"small": Path(folder) / "small.txt", "large": Path(folder) / "large.txt"}
        for name, size in (("small", size_small), ("large", size_large)):
            write_text(texts[name], size)
        for unit, options in UNITS.items():
            peaks = {name: peak(text, Path(folder) / f"{unit}-{name}", *options) for name, text in texts.items()}
            more = peaks["large"]["bytes"] - peaks["small"]["bytes"]
            found[unit] = {**peaks, "more": more}
    found["reached"] = in_words(found)
    found["passed"] = all(found[unit]["more"] <= BAR for unit in UNITS)
    return found


def in_words(found: dict[str, Any]) -> str:
    """What was measured, in a line."""
    sizes = f"{found['small'] / MEGABYTE:,.0f} MB and {found['large'] / MEGABYTE:,.0f} MB of text"
    parts = []
    for unit in UNITS:
        small, large = (found[unit][name]["bytes"] / MEGABYTE for name in ("small", "large"))
        parts.append(f"{unit} {small:,.0f} and {large:,.0f} MB ({large - small:+,.0f})")
    return f"{sizes}: " + "; ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the memory that training on a long text takes.")
    parser.add_argument("--small", type=float, default=SMALL / MEGABYTE, help="megabytes of the short text")
    parser.add_argument("--large", type=float, default=LARGE / MEGABYTE, help="megabytes of the long text")
    arguments = parser.parse_args()
    found = measure(int(arguments.small * MEGABYTE), int(arguments.large * MEGABYTE))
    print(found["reached"], "" if found["passed"] else f"(more than {BAR / MEGABYTE:.0f} MB!)")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    RESULTS.write_text(json.dumps([*rows, found], indent=1))


if __name__ == "__main__":
    main()
