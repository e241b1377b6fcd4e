"""Classes of names and of reviews."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from lines import WORK, Measured, beside, line, train


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
