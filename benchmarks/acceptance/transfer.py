"""A classifier that begins from a language model, against one that does not."""

from __future__ import annotations

import json
import shutil
import statistics
import tarfile
from pathlib import Path

from lines import WORK, Measured, line, train

WORDS = ["--set", "tokens=words", "--hidden-size", "256", "--set", "embedding_size=128", "--set", "bptt=64"]
WORDS += ["--epochs", "10", "--batch-size", "16", "--set", "max_vocabulary=8000", "--set", "baselines=kneser_ney"]
FEW = ["--set", "baselines=majority,logistic_regression_words"]


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
