"""Questions about stories that the library makes itself, at bAbI's lengths."""

from __future__ import annotations

from pathlib import Path

from lines import WORK, Measured, beside, line, train

from throughtime.synthetic.stories import NAMES, write_stories


def answered(facts: int, bar: float, aim: float | None = None) -> Measured:
    """A run on 10,000 questions that need so many facts, its accuracy on 1,000 others beside the baselines'."""
    folder = write_stories(WORK / "stories" / NAMES[facts], facts)
    found = train(folder, WORK / f"answer-{NAMES[facts]}")
    others = beside(found)
    return {
        "bar": f"accuracy at least {bar}" + ("" if aim is None else f", aim {aim}"),
        "reached": f"{found['test']['accuracy']:.4f} in {found['seconds'] / 60:.1f} min; {others}",
        "passed": found["test"]["accuracy"] >= bar,
    }


@line("answer-one-fact")
def one_fact(data: Path) -> Measured:
    return answered(1, 0.99)


@line("answer-two-facts")
def two_facts(data: Path) -> Measured:
    return answered(2, 0.60, 0.90)
