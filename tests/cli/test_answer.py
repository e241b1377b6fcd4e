"""Questions about stories, by the command line: the library's own stories, tables, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.calling import call
from throughtime.synthetic.stories import rows, stories, write_stories

SMALL = (
    "--hidden-size", "6", "--epochs", "1", "--set", "embedding_size=5", "--set", "looks=2", "--threads", "1", "--quiet",
    "--set", "baselines=majority",
)  # fmt: skip


def table(folder: Path, columns: tuple[str, ...]) -> Path:
    path = folder / "questions.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows(stories(40, facts=1)))
    return path


@pytest.mark.parametrize("facts", [1, 2])
def test_stories_are_trained_on_answered_and_measured(facts: int, tmp_path: Path) -> None:
    folder = write_stories(tmp_path / "stories", facts, {"train": 20, "valid": 4, "test": 4})
    trained = call("train", folder, "--run", tmp_path / "run", *SMALL)
    assert trained.code == 0, trained.err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (metrics["task"], metrics["metric"]) == ("answer", "accuracy")
    fields = json.loads((tmp_path / "run" / "fields.json").read_text())
    assert fields["inputs"] == ["story", "question"] and fields["fields"]["story"]["kind"] == "sentences"
    again = call("evaluate", tmp_path / "run", folder / f"{('one-fact', 'two-facts')[facts - 1]}_test.txt", "--json")
    assert again.code == 0, again.err
    assert again.json["accuracy"] == pytest.approx(metrics["test"]["accuracy"])
    explained = call("inspect", tmp_path / "run", "--quiet")
    assert explained.code == 0, explained.err


@pytest.mark.parametrize("columns", [("story", "question", "answer"), ("question", "answer", "story")])
def test_a_table_of_stories_and_questions(columns: tuple[str, ...], tmp_path: Path) -> None:
    trained = call("train", table(tmp_path, columns), "--run", tmp_path / "run", "--task", "answer", *SMALL)
    assert trained.code == 0, trained.err
    fields = json.loads((tmp_path / "run" / "fields.json").read_text())
    kinds = {column: field["kind"] for column, field in fields["fields"].items()}
    assert fields["inputs"] == ["story", "question"]
    assert kinds == {"story": "sentences", "question": "tokens", "answer": "category"}


def test_without_being_named_a_table_is_classified(tmp_path: Path) -> None:
    checked = call("check", table(tmp_path, ("story", "question", "answer")))
    assert checked.code == 0 and "task: classify" in checked.out + checked.err


def test_one_text_is_not_enough(tmp_path: Path) -> None:
    path = table(tmp_path, ("story", "question", "answer"))
    refused = call("train", path, "--run", tmp_path / "run", "--task", "answer", "--input", "story", *SMALL)
    assert refused.code == 2
    assert 'task answer reads 2 texts, but the input is "story" (tokens); name further texts' in refused.err
