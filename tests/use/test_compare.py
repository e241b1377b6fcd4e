"""Runs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.use.step_material import entities, numbers_a_step, parts_of_speech, play, play_in_words
from throughtime.errors import UsageError
from throughtime.training.runs import Run
from throughtime.use.compare import Compared, compare, compare_runs, flat

CONFIG: dict[str, Any] = {
    "run": {"data": "names"},
    "network": {"cell": "lstm", "hidden_size": 128},
    "training": {"seed": 1, "averaging": False},
}
DATA = {"test_digest": "5f1a", "rows": {"train": 14_000, "test": 1750}}


def run(name: str, accuracy: float, *, data: Mapping[str, Any] = DATA, cell: str = "lstm", **metrics: Any) -> Compared:
    test = {"accuracy": accuracy, "macro_f1": accuracy / 2, "cross_entropy": 1 - accuracy}
    made = {"task": "classify", "metric": "accuracy", "test": test, "baseline": {"name": "majority", "accuracy": 0.47}}
    config = {**CONFIG, "network": {"cell": cell, "hidden_size": 128}}
    return Compared(name, {**made, "parameters": 123_456, "seconds": 61.234, **metrics}, config, data)


def test_best_run_comes_first_with_all_its_figures() -> None:
    best, second = compare([run("a", 0.79), run("b", 0.84, cell="gru", parameters=99)]).rows
    assert best == {
        **{"run": "b", "accuracy": 0.84, "macro_f1": 0.42, "cross_entropy": pytest.approx(0.16)},
        **{"baseline accuracy": 0.47, "parameters": 99, "seconds": 61.234, "cell": "gru"},
    }
    assert second["run"] == "a" and second["cell"] == "lstm" and list(best) == list(second)


def test_text_is_aligned_and_says_who_is_ahead() -> None:
    text = compare([run("short", 0.79), run("a longer name", 0.84, cell="gru")]).text
    header, first, second, empty, sentence = text.split("\n")
    assert first.split()[:4] == ["a", "longer", "name", "0.8400"] and second.split()[:2] == ["short", "0.7900"]
    assert empty == "" and "61.23" in first
    assert header.index("accuracy") + len("accuracy") == first.index("0.8400") + 6
    assert first.index("gru") == second.index("lstm") == header.index("cell")
    assert "a longer name has the best accuracy, 0.8400, ahead of short by 0.0500 (95 % interval 0.02" in sentence
    assert "123,456" in first and sentence.endswith(").")


def test_lower_is_better_where_it_is() -> None:
    made: dict[str, Any] = {"task": "regress", "metric": "mae"}
    runs = [run(name, 0.5, **made, test={"mae": mae}) for name, mae in (("a", 3.0), ("b", 2.0), ("c", 4.0))]
    assert [row["run"] for row in compare(runs).rows] == ["b", "a", "c"]
    assert compare(runs).sentences[0] == "b has the best mae, 2.0000, ahead of a by 1.0000."


def test_only_settings_that_differ_are_shown() -> None:
    same = compare([run("a", 0.8), run("b", 0.81)])
    assert list(same.rows[0])[-1] == "seconds" and "Their settings are the same." in same.sentences
    assert "cell" in compare([run("a", 0.8), run("b", 0.81, cell="gru")]).rows[0]


def test_few_rows_cannot_tell() -> None:
    few = {**DATA, "rows": {"test": 50}}
    (said, _) = compare([run("a", 0.8, data=few), run("b", 0.82, data=few)]).sentences
    assert said.endswith("on 50 test rows the two cannot be told apart.")


def test_equal_runs() -> None:
    assert compare([run("a", 0.8), run("b", 0.8)]).sentences[0] == "a and b have the same accuracy, 0.8000."


def test_spread_over_seeds_has_its_column() -> None:
    found = compare([run("a", 0.8), run("b", 0.9, seeds=[1, 2], spread={"test": {"accuracy": 0.01}})])
    assert list(found.rows[0])[:3] == ["run", "accuracy", "± accuracy"]
    assert [row["± accuracy"] for row in found.rows] == [0.01, ""]
    assert "± accuracy" in found.text


def test_answers_row_by_row_are_used() -> None:
    def answered(name: str, wrong: set[int], cell: str) -> Compared:
        made = run(name, 1 - len(wrong) / 100, cell=cell, data={**DATA, "rows": {"test": 100}})
        rows = [{"truth": "x", "predicted": "y" if i in wrong else "x"} for i in range(100)]
        return Compared(made.name, made.metrics, made.config, made.data, rows)

    nested = compare([answered("a", set(range(20)), "lstm"), answered("b", set(range(10)), "gru")]).sentences[0]
    apart = compare([answered("a", set(range(20)), "lstm"), answered("b", set(range(50, 60)), "gru")]).sentences[0]
    assert "cannot be told apart" not in nested and "cannot be told apart" in apart


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([run("a", 0.8)], "compare needs two runs or more"),
        ([], "compare needs two runs or more"),
        ([run("a", 0.8), run("b", 0.8, task="regress")], "a is a run of classify and b of regress"),
        ([run("a", 0.8), run("b", 0.8, data={"test_digest": "77"})], "a and b were tested on different rows"),
        ([run("a", 0.8), run("b", 0.8, data={})], "a and b were tested on different rows"),
        ([run("a", 0.8, data={}), run("b", 0.8, data={})], "a and b were tested on different rows"),
        ([run("a", 0.8), run("b", 0.8, test={"mae": 1.0})], "b has no accuracy on its test rows"),
    ],
)
def test_what_cannot_be_compared(runs: list[Compared], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compare(runs)


@pytest.mark.parametrize("make", [parts_of_speech, entities, numbers_a_step, play, play_in_words])
def test_runs_that_answer_steps_or_read_a_text(make: Any) -> None:
    made = make()
    data = {"test_digest": "5f1a"}
    theirs = [{**row, **_of_the_baseline(row)} for row in made.predictions]
    beside = {**made.metrics, "test": made.metrics["baseline"]}
    runs = [Compared("b", beside, {}, data, theirs), Compared("a", made.metrics, {}, data, made.predictions)]
    found = compare(runs)
    assert [row["run"] for row in found.rows] == ["a", "b"] and found.text
    said = found.sentences[0]
    assert said.startswith(f"a has the best {made.metrics['metric']}, ") and "(95 % interval " in said
    assert ("%" in said.split("(")[0]) == (made.metrics["metric"] == "perplexity")


def _of_the_baseline(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"loss": row["baseline_loss"]} if "text" in row else {"predicted": row["baseline"]}


def test_texts_that_are_not_the_same_are_not_paired() -> None:
    made = play()
    other = [{**row, "text": row["text"] + "!"} for row in made.predictions]
    metrics = {**made.metrics, "test": made.metrics["baseline"]}
    data = {"test_digest": "5f1a"}
    found = compare([Compared("b", metrics, {}, data, other), Compared("a", made.metrics, {}, data, made.predictions)])
    assert "interval" not in found.sentences[0]


def test_flat_settings() -> None:
    assert flat(CONFIG)["hidden_size"] == 128 and flat({}) == {}


def test_run_folders(tmp_path: Path) -> None:
    for name, accuracy in (("a", 0.7), ("b", 0.9)):
        made = run(name, accuracy, cell="gru" if name == "b" else "lstm")
        with Run.create(tmp_path / name) as folder:
            folder.metrics.write(dict(made.metrics))
            folder.config.write({**CONFIG, "network": made.config["network"]})
            folder.data.write(dict(made.data))
            folder.predictions.write([])
            folder.finish()
    found = compare_runs([Run.open(tmp_path / "a"), Run.open(tmp_path / "b")])
    assert [row["run"] for row in found.rows] == [str(tmp_path / "b"), str(tmp_path / "a")]
    assert found.rows[0]["cell"] == "gru"
