"""The acceptance runs on real data: each line runs a command as a user would, and is measured against its bar.

    python benchmarks/acceptance.py --data DATA [LINE ...]

What is done is kept in benchmarks/results.json and not done again (delete its entry to do it again); a line that was
stopped goes on. The table is written to benchmarks/RESULTS.md after every line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memory import measure

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / "runs" / "acceptance"
RESULTS = HERE / "results.json"
PROGRAM = str(Path(sys.executable).with_name("throughtime"))

Measured = dict[str, Any]  # "bar", "reached" (words), "passed" (bool), "seconds"
lines: dict[str, Callable[[Path], Measured]] = {}


def line(name: str) -> Callable[[Callable[[Path], Measured]], Callable[[Path], Measured]]:
    """Register a line under its name."""

    def register(run: Callable[[Path], Measured]) -> Callable[[Path], Measured]:
        lines[name] = run
        return run

    return register


def train(data: Path, run: Path, *options: str) -> dict[str, Any]:
    """Train by the command line, going on where it was stopped; metrics.json."""
    subprocess.run(
        [PROGRAM, "train", str(data), "--run", str(run), "--resume", *options], check=True, stdout=subprocess.DEVNULL
    )
    return json.loads((run / "metrics.json").read_text())


def beside(metrics: dict[str, Any], *names: str) -> str:
    """The baselines' figures in words."""
    return ", ".join(f"{name} {metrics['baselines'][name]['accuracy']:.4f}" for name in names)


@line("names, 3 seeds")
def names(data: Path) -> Measured:
    found = train(data / "names", WORK / "names", "--seeds", "3")
    accuracy, spread = found["test"]["accuracy"], found["spread"]["test"]["accuracy"]
    baselines = beside(found, "majority", "naive_bayes_characters", "logistic_regression_characters")
    return {
        "bar": "mean accuracy at least 0.80, aim 0.83",
        "reached": f"{accuracy:.4f} ± {spread:.4f}; {baselines}",
        "passed": accuracy >= 0.80 and accuracy > found["baselines"]["majority"]["accuracy"],
    }


@line("reviews")
def reviews(data: Path) -> Measured:
    folder = WORK / "reviews-data"
    if not folder.is_dir():
        half = WORK / "reviews-half"  # what was stopped while it was unpacked
        shutil.rmtree(half, ignore_errors=True)
        with tarfile.open(data / "reviews" / "review_polarity.tar.gz") as archive:
            archive.extractall(half, filter="data")
        half.rename(folder)
    found = train(folder / "txt_sentoken", WORK / "reviews")
    baselines = beside(found, "naive_bayes_words", "logistic_regression_words")
    return {
        "bar": "accuracy at least 0.78, aim 0.84",
        "reached": f"{found['test']['accuracy']:.4f}; {baselines}",
        "passed": found["test"]["accuracy"] >= 0.78,
    }


@line("every cell, one epoch of names")
def every_cell(data: Path) -> Measured:
    from throughtime.cells import cells

    reached, worst = [], 1.0
    for name, cell in cells.items():
        if cell.convolution:
            continue  # reads frames; its epoch is among the tests
        found = train(
            data / "names", WORK / f"cell-{name}", "--cell", name, "--epochs", "1", "--set", "baselines=majority"
        )
        reached.append(f"{name} {found['test']['accuracy']:.3f}")
        worst = min(worst, found["test"]["accuracy"] - found["baselines"]["majority"]["accuracy"])
    return {"bar": "each above majority after one epoch", "reached": ", ".join(reached), "passed": worst > 0}


@line("killed 50 times")
def killed(data: Path) -> Measured:
    """Two cells with dropout; SIGKILL at random instants, with a checkpoint after every update to be hit."""
    chance, kills, equal = random.Random(1), 0, []
    for cell in ("lstm", "gru_reset_before"):
        options = ["--cell", cell, "--epochs", "2", "--hidden-size", "24", "--dropout", "0.3", "--batch-size", "128"]
        options += ["--set", "checkpoint_seconds=0", "--set", "recurrent_dropout=0.1", "--set", "baselines=majority"]
        whole, broken = WORK / f"whole-{cell}", WORK / f"killed-{cell}"
        train(data / "names", whole, *options)
        shutil.rmtree(broken, ignore_errors=True)
        seconds = json.loads((whole / "metrics.json").read_text())["seconds"]
        mine = 0
        while mine < 25:
            command = [PROGRAM, "train", str(data / "names"), "--run", str(broken), "--resume", "--quiet", *options]
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                running.wait(chance.uniform(2.0, 2.0 + seconds / 6))
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                running.wait()
                mine += 1
            else:
                equal.append(fingerprint(whole) == fingerprint(broken))
                shutil.rmtree(broken)  # it was done before it was killed often enough: begin anew
        train(data / "names", broken, *options)
        kills += mine
        equal.append(fingerprint(whole) == fingerprint(broken))
    return {
        "bar": "weights, optimiser and history equal by hash",
        "reached": f"{kills} kills, {sum(equal)} of {len(equal)} runs equal",
        "passed": all(equal),
    }


def tagged(data: Path, name: str, options: list[str], bar: float, aim: float) -> Measured:
    """A run of the task tag: its figure on test beside the baselines'."""
    found = train(data, WORK / name, *options)
    metric = found["metric"]
    others = ", ".join(
        f"{one} {figures[metric]:.4f}" for one, figures in found["baselines"].items() if metric in figures
    )
    return {
        "bar": f"{metric} at least {bar}, aim {aim}, within the minutes",
        "reached": f"{found['test'][metric]:.4f} in {found['seconds'] / 60:.1f} min; {others}",
        "passed": found["test"][metric] >= bar,
    }


@line("pos-english")
def pos(data: Path) -> Measured:
    folder = data / "pos-english"
    options = ["--valid", str(folder / "en_ewt-ud-dev.conllu"), "--test", str(folder / "en_ewt-ud-test.conllu")]
    return tagged(folder / "en_ewt-ud-train.conllu", "pos", [*options, "--output", "upos"], 0.940, 0.950)


@line("ner-spanish")
def ner(data: Path) -> Measured:
    folder = data / "ner-spanish"
    options = ["--valid", str(folder / "esp.testa"), "--test", str(folder / "esp.testb")]
    return tagged(folder / "esp.train", "ner", options, 0.76, 0.80)


@line("shakespeare")
def shakespeare(data: Path) -> Measured:
    found = train(data / "shakespeare" / "input.txt", WORK / "shakespeare")
    nats, beside = found["test"]["cross_entropy"], found["baseline"]["cross_entropy"]
    streamed = subprocess.run(
        [PROGRAM, "generate", str(WORK / "shakespeare"), "--length", "300"], check=True, capture_output=True, text=True
    )
    return {
        "bar": "at most 1.55 nats on the last 5 %, aim 1.45, within 40 minutes; below the n-gram; generate streams",
        "reached": f"{nats:.4f} in {found['seconds'] / 60:.1f} min; kneser_ney {beside:.4f}; "
        f"{len(streamed.stdout)} characters generated",
        "passed": nats <= 1.55 and nats < beside and len(streamed.stdout) > 200,
    }


@line("python source")
def python_source(data: Path) -> Measured:
    """The modules of the standard library that lie beside each other in its folder."""
    folder = WORK / "python"
    if not folder.is_dir():
        half = WORK / "python-half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        for file in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
            shutil.copy(file, half)
        half.rename(folder)
    found = train(folder, WORK / "python-run", "--max-minutes", "40", "--epochs", "3", *CODE)
    samples = json.loads((WORK / "python-run" / "samples.json").read_text())
    texts = [sample["text"] for sample in samples["samples"]]
    indented = sum(any(row.startswith("    ") for row in text.splitlines()) for text in texts)
    return {
        "bar": "indented, brackets closed; the share of samples of 40 lines that parse is in the report",
        "reached": f"{samples['parse_share']:.2f} of {len(texts)} samples parse, {indented} are indented, brackets "
        f"left open or closed twice in {sum(map(unbalanced, texts))}; {found['test']['cross_entropy']:.4f} nats, "
        f"kneser_ney {found['baseline']['cross_entropy']:.4f}",
        "passed": indented == len(texts) and "parse as Python" in (WORK / "python-run" / "report.html").read_text(),
    }


CODE = ["--set", "temperature=0.5"]


def unbalanced(text: str) -> bool:
    """Whether a bracket closes none that is open, or one of another kind; what is open at the cut does not count."""
    import io
    import tokenize

    pairs, opened = {")": "(", "]": "[", "}": "{"}, []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP and token.string in pairs.values():
                opened.append(token.string)
            elif (
                token.type == tokenize.OP
                and token.string in pairs
                and (not opened or opened.pop() != pairs[token.string])
            ):
                return True
    except (tokenize.TokenError, SyntaxError):
        return False
    return False


@line("transfer on reviews, 5 seeds")
def transfer(data: Path) -> Measured:
    """A language model of words on the half without labels; 200 labelled reviews, 160 to train on, 800 to test.

    Epochs (15, 40) and learning rate (0.005, 0.01) of both sides are those that were best on valid, with 3 seeds.
    """
    folder = WORK / "transfer"
    if not folder.is_dir():
        halve_reviews(data, folder)
    train(folder / "unlabelled", WORK / "transfer-language", "--task", "language_model", *WORDS)
    scores = {}
    begun = ["--init-from", str(WORK / "transfer-language"), "--epochs", "40"]
    for name, options in (("scratch", ["--epochs", "40", "--learning-rate", "0.01"]), ("begun", begun)):
        run = WORK / f"transfer-{name}"
        train(folder / "labelled.jsonl", run, "--output", "label", "--split", "part", "--seeds", "5", *FEW, *options)
        members = sorted(run.glob("seed-*/metrics.json"))
        scores[name] = [json.loads(member.read_text())["test"]["accuracy"] for member in members]
    gains = [after - before for before, after in zip(scores["scratch"], scores["begun"], strict=True)]
    mean, half = statistics.fmean(gains), 2.776 * statistics.stdev(gains) / len(gains) ** 0.5  # t, 4 degrees
    return {
        "bar": "better than without, 5 seeds, with interval",
        "reached": f"{statistics.fmean(scores['begun']):.4f} against {statistics.fmean(scores['scratch']):.4f}: gain "
        f"{mean:+.4f} (95 % interval {mean - half:+.4f} to {mean + half:+.4f})",
        "passed": mean - half > 0,
    }


WORDS = ["--set", "tokens=words", "--hidden-size", "256", "--set", "embedding_size=128", "--set", "bptt=64"]
WORDS += ["--epochs", "10", "--batch-size", "16", "--set", "max_vocabulary=8000", "--set", "baselines=kneser_ney"]
FEW = ["--set", "baselines=majority,logistic_regression_words"]


def halve_reviews(data: Path, folder: Path) -> None:
    """Every other review without its label as a text; of the others 160 to train on, 40 to choose by, 800 to test."""
    half = folder.with_name("transfer-half")
    shutil.rmtree(half, ignore_errors=True)
    (half / "unlabelled").mkdir(parents=True)
    rows = []
    with tarfile.open(data / "reviews" / "review_polarity.tar.gz") as archive:
        names = sorted(member.name for member in archive.getmembers() if member.name.endswith(".txt"))
        for label in ("neg", "pos"):
            for k, name in enumerate(name for name in names if f"/{label}/" in name):
                text = archive.extractfile(name).read().decode("latin-1")  # type: ignore[union-attr]
                if k % 2 == 0:
                    (half / "unlabelled" / f"{label}-{Path(name).name}").write_text(text)
                else:
                    part = "train" if k < 160 else "valid" if k < 200 else "test"
                    rows.append({"text": text, "label": label, "part": part})
    (half / "labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    half.rename(folder)


@line("killed 60 times: tag, and a language model with its state")
def killed_streams(data: Path) -> Measured:
    material = small_material(data)
    kills, equal = 0, []
    for name, (file, options) in material.items():
        found, same = under_fire(name, [PROGRAM], file, options, 30)
        kills, equal = kills + found, [*equal, *same]
    return {
        "bar": "weights, optimiser, carried state and history equal by hash",
        "reached": f"{kills} kills, {sum(equal)} of {len(equal)} runs equal",
        "passed": all(equal) and kills == 60,
    }


@line("killed 10 times with two processes")
def killed_ranks(data: Path) -> Measured:
    """Of ten kills five take all processes, five take one of the two."""
    two = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    two += ["-m", "--", "throughtime"]
    kills, equal = 0, []
    for name, (file, options) in small_material(data).items():
        found, same = under_fire(f"ranks-{name}", two, file, options, 5, ranks=True)
        kills, equal = kills + found, [*equal, *same]
    return {
        "bar": "10 kills, 5 of them of one process: equal by hash",
        "reached": f"{kills} kills, {sum(equal)} of {len(equal)} runs equal",
        "passed": all(equal) and kills == 10,
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


@line("check, under a screen")
def checked(data: Path) -> Measured:
    lengths = {}
    pos, ner = data / "pos-english", data / "ner-spanish"
    for name, words in {
        "pos-english": [pos / "en_ewt-ud-train.conllu", "--valid", pos / "en_ewt-ud-dev.conllu", "--output", "upos"],
        "ner-spanish": [ner / "esp.train", "--valid", ner / "esp.testa", "--test", ner / "esp.testb"],
        "shakespeare": [data / "shakespeare" / "input.txt"],
    }.items():
        said = subprocess.run([PROGRAM, "check", *map(str, words)], check=True, capture_output=True, text=True).stdout
        lengths[name] = sum(-(-len(row) // 100) for row in said.splitlines())
    return {
        "bar": "under 24 lines of 100 letters",
        "reached": ", ".join(f"{name} {length}" for name, length in lengths.items()),
        "passed": max(lengths.values()) < 24,
    }


@line("memory of 2 GB of text")
def memory(data: Path) -> Measured:
    found = measure(20_000_000, 2_000_000_000)
    return {
        "bar": "peak for 2 GB at most that for 20 MB plus 200 MB",
        "reached": found["reached"],
        "passed": found["passed"],
    }


def fingerprint(run: Path) -> str:
    """The hash of weights, the last checkpoint's tensors, and the history without its time fields."""
    digest = hashlib.sha256((run / "model.safetensors").read_bytes())
    for tensors in sorted((run / "checkpoint").glob("*.safetensors")):
        digest.update(tensors.read_bytes())
    for row in (run / "history.jsonl").read_text().splitlines():
        kept = {name: value for name, value in json.loads(row).items() if name not in ("seconds", "samples_per_second")}
        digest.update(json.dumps(kept, sort_keys=True).encode())
    return digest.hexdigest()


def machine() -> str:
    """The machine in words."""
    import torch

    model = next(
        (row.split(":")[1].strip() for row in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in row), ""
    )
    return (
        f"{platform.machine()} {model}, {os.cpu_count()} cores ({torch.backends.cpu.get_cpu_capability()}), "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )


def write_results(results: dict[str, Measured]) -> None:
    """benchmarks/RESULTS.md: everything between the marks is ours to replace."""
    letter = {name: chr(65 + k) for k, name in enumerate(dict.fromkeys(r["machine"] for r in results.values()))}
    rows = [
        f"| {name} | {r['bar']} | {r['reached']} | {'yes' if r['passed'] else '**no**'} | {r['seconds']:.0f} "
        f"| {letter[r['machine']]} |"
        for name, r in results.items()
    ]
    table = ["| line | bar | reached | passed | seconds | machine |", "|---|---|---|---|---|---|", *rows]
    listed = [f"- {mark}: {name}" for name, mark in letter.items()]
    body = "\n".join(["# Results", "", "Written by `make acceptance`. Machines:", "", *listed, "", *table, ""])
    (HERE / "RESULTS.md").write_text(body)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the acceptance lines on real data.")
    parser.add_argument("--data", type=Path, required=True, help="folder with names/, reviews/, ...")
    parser.add_argument("lines", nargs="*", help=f"some of: {', '.join(lines)}")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    results: dict[str, Measured] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, run in lines.items():
        if name in results or (arguments.lines and name not in arguments.lines):
            continue
        print(f"== {name}", flush=True)
        started = time.monotonic()
        measured = {**run(arguments.data), "seconds": time.monotonic() - started, "machine": machine()}
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}  # another line may have ended meanwhile
        results[name] = measured
        RESULTS.write_text(json.dumps(results, indent=1))
        write_results(results)
        print(f"   {results[name]['reached']} ({'passed' if results[name]['passed'] else 'MISSED'})", flush=True)
    write_results(results)


if __name__ == "__main__":
    main()
