"""Parts of speech and names in sentences."""

from __future__ import annotations

from pathlib import Path

from lines import WORK, Measured, beside, line, train


def tagged(data: Path, name: str, options: list[str], bar: float, aim: float) -> Measured:
    """A run of the task tag: its figure on test beside the baselines'."""
    found = train(data, WORK / name, *options)
    metric = found["metric"]
    return {
        "bar": f"{metric} at least {bar}, aim {aim}, within the minutes",
        "reached": f"{found['test'][metric]:.4f} in {found['seconds'] / 60:.1f} min; {beside(found, of=(metric,))}",
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
