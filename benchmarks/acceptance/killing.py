"""Runs that are killed again and again come to the same end as those that are not."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from lines import PROGRAM, WORK, Measured, fingerprint, line

from throughtime.synthetic.stories import write_stories

STATES = "weights, optimiser, carried state and history equal by hash"


@line("killed 50 times")
def killed(data: Path) -> Measured:
    """Two cells with dropout; SIGKILL at random instants, with a checkpoint after every update to be hit."""
    options = ["--epochs", "2", "--hidden-size", "24", "--dropout", "0.3", "--batch-size", "128"]
    options += ["--set", "checkpoint_seconds=0", "--set", "recurrent_dropout=0.1", "--set", "baselines=majority"]
    cells = ("lstm", "gru_reset_before")
    found = [under_fire(cell, [PROGRAM], data / "names", ["--cell", cell, *options], 25) for cell in cells]
    return together(found, 50, "weights, optimiser and history equal by hash")


@line("killed 60 times: tag, and a language model with its state")
def killed_streams(data: Path) -> Measured:
    found = [under_fire(name, [PROGRAM], *made, 30) for name, made in small_material(data).items()]
    return together(found, 60, STATES)


@line("killed 10 times with two processes")
def killed_ranks(data: Path) -> Measured:
    """Of ten kills five take all processes, five take one of the two."""
    two = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    two += ["-m", "--", "throughtime"]
    material = small_material(data).items()
    found = [under_fire(f"ranks-{name}", two, *made, 5, ranks=True) for name, made in material]
    return together(found, 10, f"{STATES}, 5 kills of one process")


@line("killed 20 times: transduce")
def killed_pairs(data: Path) -> Measured:
    """A writer that reads what it would have drawn, in part: masks, drawn tokens and the state of the optimiser."""
    found = [under_fire("transduce", [PROGRAM], *pairs(), 20)]
    return together(found, 20, "weights, optimiser and history equal by hash")


@line("killed 20 times: answer")
def killed_answers(data: Path) -> Measured:
    """Questions about stories; each story is read before its question."""
    found = [under_fire("answer", [PROGRAM], *questions(), 20)]
    return together(found, 20, "weights, optimiser and history equal by hash")


def together(found: list[tuple[int, list[bool]]], wanted: int, bar: str) -> Measured:
    """Kills and equal ends of all materials."""
    kills, equal = sum(count for count, _ in found), [same for _, ends in found for same in ends]
    return {
        "bar": bar,
        "reached": f"{kills} kills, {sum(equal)} of {len(equal)} runs equal",
        "passed": all(equal) and kills == wanted,
    }


def small_material(data: Path) -> dict[str, tuple[Path, list[str]]]:
    """A tagger on a few sentences and a language model on a few pages, both with every kind of random mask."""
    WORK.mkdir(parents=True, exist_ok=True)
    text, tags = WORK / "pages.txt", WORK / "sentences.conll"
    if not tags.exists():
        text.write_text((data / "shakespeare" / "input.txt").read_text()[:60_000])
        sentences = (data / "ner-spanish" / "esp.train").read_text(encoding="latin-1").split("\n\n")[:600]
        tags.write_text("\n\n".join(sentences) + "\n")
    masks = ["--dropout", "0.3", "--set", "drop_connect=0.2", "--set", "token_dropout=0.1"]
    usual = [*masks, "--hidden-size", "16", "--layers", "2", "--set", "checkpoint_seconds=0", "--threads", "1"]
    few = ["--set", "bptt=25", "--batch-size", "16", "--epochs", "2", "--set", "sample_lines=3"]
    return {
        "tag": (tags, [*usual, "--epochs", "4", "--batch-size", "16", "--set", "baselines=majority"]),
        "language": (text, [*usual, *few]),
    }


MASKS = ["--dropout", "0.3", "--set", "drop_connect=0.2", "--set", "token_dropout=0.1", "--set", "zoneout=0.1"]
EVERY_UPDATE = [*MASKS, "--hidden-size", "16", "--batch-size", "16", "--set", "checkpoint_seconds=0", "--threads", "1"]


def pairs() -> tuple[Path, list[str]]:
    """Words and the same backwards, doubled where they begin with a vowel."""
    file, chance = made("pairs.jsonl"), random.Random(1)
    words = ["".join(chance.choices("aeioubdfgklmnprst", k=chance.randint(2, 8))) for _ in range(700)]
    rows = [{"word": word, "said": word[::-1] * (2 if word[0] in "aeiou" else 1)} for word in words]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ["--task", "transduce", "--output", "said", "--layers", "2", "--epochs", "3"]
    options += ["--set", "scheduled_sampling=0.3", "--set", "copying=yes", "--set", "baselines=copy"]
    return file, [*EVERY_UPDATE, *options]


def questions() -> tuple[Path, list[str]]:
    """Stories of which one fact answers each question."""
    folder = write_stories(made("killed-stories"), counts={"train": 120, "valid": 20, "test": 20})
    return folder, [*EVERY_UPDATE, "--epochs", "3"]


def made(name: str) -> Path:
    WORK.mkdir(parents=True, exist_ok=True)
    return WORK / name


def under_fire(
    name: str, program: list[str], file: Path, options: list[str], wanted: int, *, ranks: bool = False
) -> tuple[int, list[bool]]:
    """Kill and resume until there were so many kills; each run that comes to its end is compared with a whole one."""
    chance, kills, equal = random.Random(len(name)), 0, []
    whole, broken = WORK / f"whole-{name}", WORK / f"killed-{name}"
    begin = [*program, "train", str(file), "--resume", "--quiet", *options]
    if not (whole / "checksums.json").exists():
        subprocess.run([*begin, "--run", str(whole)], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(broken, ignore_errors=True)
    seconds = json.loads((whole / "metrics.json").read_text())["seconds"]
    while kills < wanted:
        running = subprocess.Popen([*begin, "--run", str(broken)], stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            running.wait(chance.uniform(2.5, 2.5 + seconds / (2 if ranks else 4)) + (4 if ranks else 0))
        except subprocess.TimeoutExpired:
            workers = children(running.pid)  # each in a session of its own, so that they outlive a signal to the group
            if ranks and kills % 2 == 0 and workers:
                os.kill(chance.choice(workers), signal.SIGKILL)
                running.wait(120)  # the others must end by themselves
            else:
                os.killpg(running.pid, signal.SIGKILL)
                for worker in workers:
                    os.kill(worker, signal.SIGKILL)
                running.wait()
            kills += 1
        else:
            assert running.returncode == 0, f"{name}: ended with {running.returncode} without being killed"
            equal.append(fingerprint(whole) == fingerprint(broken))
            shutil.rmtree(broken)
    subprocess.run([*begin, "--run", str(broken)], check=True, stdout=subprocess.DEVNULL)
    equal.append(fingerprint(whole) == fingerprint(broken))
    return kills, equal


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []
