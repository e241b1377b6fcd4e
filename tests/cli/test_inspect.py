"""throughtime inspect: what it prints, what it keeps, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import throughtime as tt
from tests.cli.calling import Said, call
from throughtime.errors import UsageError
from throughtime.training.runs import Run


def throughtime(*arguments: object, code: int = 0) -> Said:
    """The command as it must end."""
    found = call(*arguments)
    assert found.code == code, found.err
    return found


SMALL = ["--epochs", "2", "--hidden-size", "6", "--set", "embedding_size=4", "--set", "baselines=majority"]


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect")
    rows = [
        f"{'ab' * (1 + k % 6)}{k % 7},first" if k % 2 else f"{'ba' * (1 + k % 6)}{k % 7},second" for k in range(140)
    ]
    (folder / "rows.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    throughtime("train", folder / "rows.csv", "--run", folder / "run", "--set", "tokens=characters", *SMALL)
    return folder / "run"


@pytest.fixture(scope="module")
def read_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect-text")
    (folder / "play.txt").write_text("".join(f'say ({k}) and "go {k % 5}" on\n' for k in range(300)))
    said = ["--task", "language_model", "--set", "bptt=16", "--epochs", "1", "--hidden-size", "8"]
    throughtime("train", folder / "play.txt", "--run", folder / "run", *said)
    return folder / "run"


def test_the_verdict_is_printed_and_kept(classified: Path) -> None:
    said = throughtime("inspect", classified).out
    assert "text, layer 0 (lstm): the gradient" in said and "context: " in said
    found = throughtime("inspect", classified, "--json").json
    assert {layer["place"] for layer in found["layers"]} == {"text, layer 0", "text, layer 0, backward"}
    assert found["context"]["needs"] >= 1 and found["window"] is None
    run = Run.open(classified)  # whose checksums are in order again
    assert set(run.inspection.read()) >= {"memory"}
    assert "Through time" in run.report.read()


def test_of_a_language_model(read_on: Path) -> None:
    found = json.loads(throughtime("inspect", read_on, "--json").out)
    assert [layer["place"] for layer in found["layers"]] == ["text, layer 0"]
    assert found["window"] == 16 and found["context"]["steps"][-1] > 16
    assert len(found["layers"][0]["distances"]["all"]) > 16  # further than training cut it


def test_advice_is_tried(tmp_path: Path) -> None:
    run, data = tmp_path / "forgetful", tmp_path / "long.csv"
    rows = [f"{'xy'[k % 2]}{'abc' * 8}{k % 9},{'xy'[k % 2]}" for k in range(140)]
    data.write_text("text,label\n" + "\n".join(rows) + "\n")
    said = [
        "--set",
        "forget_bias=-5",
        "--set",
        "pooling=last",
        "--set",
        "bidirectional=no",
        "--set",
        "tokens=characters",
    ]
    throughtime("train", data, "--run", run, *said, *SMALL)
    found = throughtime("inspect", run, "--try", "--epochs", "1", "--json").json["tried"]
    assert found["settings"]["forget_bias"] == 1.0
    assert len(found["before"]["losses"]) == len(found["after"]["losses"]) == 1
    assert Run.open(run).inspection.read()["tried"]["settings"] == found["settings"]


def test_why_it_answers_so(classified: Path) -> None:
    said = throughtime("inspect", classified, "--text", "ababab").out
    assert "complete to" in said and "nearest training rows" in said
    throughtime("inspect", classified, "--text", "baba")
    kept = Run.open(classified)
    assert len(kept.inspection.read()["explained"]) == 2
    assert "Why it answered so" in kept.report.read()


def test_one_step_in_numbers(classified: Path) -> None:
    said = throughtime("inspect", classified, "--text", "ababab", "--step", "3", "--unit", "2").out
    assert "i = σ(W_i x + U_i h' + b_i) = σ(" in said and "dF/dh" in said and "unit 2" in said


def test_quantities_at_every_step(classified: Path) -> None:
    found = json.loads(throughtime("inspect", classified, "--text", "ababab", "--record", "f,c").out)
    assert set(found) == {"text.l0.f", "text.l0.c", "text.l0_reverse.f", "text.l0_reverse.c"}
    assert len(found["text.l0.f"]) == 6 and len(found["text.l0.f"][0]) == 6


def test_units_that_stand_for_something(read_on: Path) -> None:
    assert "inside_brackets" in throughtime("inspect", read_on, "--find", "list").out
    said = throughtime("inspect", read_on, "--find", "inside_brackets", "--find", "go [0-9]").out
    assert "inside_brackets" in said and "measured on" in said
    assert "Units that stand for something" in Run.open(read_on).report.read()


def test_where_training_stopped(classified: Path, tmp_path: Path) -> None:
    run = tmp_path / "blown"
    said = ["--cell", "rnn:activation=relu", "--set", "clip_norm=none", "--set", "optimizer=sgd"]
    blown = throughtime(
        "train", classified.parent / "rows.csv", "--run", run, *said, "--learning-rate", "1e12", *SMALL, code=3
    )
    assert "not finite" in blown.err
    found = throughtime("inspect", run, "--nan").out
    assert "sample" in found and "quantity" in found


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["--step", "3"], "--step goes with --text"),
        (["--text", "ab", "--layer", "0"], "--layer goes with --step"),
        (["--text", "ab", "--data", "x"], "--data goes with"),
        (["--text", "ab", "--nan"], "one inspection at a time"),
        (["--text", "ab", "--step", "0", "--record", "f"], "one inspection at a time"),
        (["--text", "ab", "--step", "99"], "99"),
        (["--text", "ab", "--record", "q"], 'has no quantity "q"'),
        (["--text", "ab", "--answer", "third"], "third"),
        (["--find", "inside_brackets"], "language model"),
        (["--nan"], "finished"),
        (["--epochs", "2"], "--epochs goes with --try"),
        (["--try", "--epochs", "0"], "--epochs"),
        (["--text", " "], "the text is empty"),
        (["--find", "inside_sting"], "did you mean inside_string"),
        (["--data", "gone.csv"], "gone.csv"),
    ],
)
def test_what_cannot_be_is_refused(classified: Path, said: list[str], expected: str) -> None:
    refused = throughtime("inspect", classified, *said, code=2)
    assert expected in refused.err and "Traceback" not in refused.err


def test_a_run_whose_data_is_gone(classified: Path, tmp_path: Path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text((classified.parent / "rows.csv").read_text())
    throughtime("train", data, "--run", tmp_path / "run", "--set", "tokens=characters", *SMALL)
    data.unlink()
    refused = throughtime("inspect", tmp_path / "run", code=2)
    assert "no longer there" in refused.err
    assert "the answer" in throughtime("inspect", tmp_path / "run", "--text", "abab").out


def test_data_that_was_moved_is_said_where(classified: Path, tmp_path: Path) -> None:
    data, moved = tmp_path / "rows.csv", tmp_path / "moved.csv"
    data.write_text((classified.parent / "rows.csv").read_text())
    throughtime("train", data, "--run", tmp_path / "run", "--set", "tokens=characters", *SMALL)
    data.rename(moved)
    assert "context: " in throughtime("inspect", tmp_path / "run", "--data", moved).out
    moved.write_text("text,label\n" + "".join(f"a{k},{'xy'[k % 2]}\n" for k in range(60)))
    assert "is not what it was trained on" in throughtime("inspect", tmp_path / "run", "--data", moved, code=2).err


def test_a_run_from_python_is_inspected_with_its_records(tmp_path: Path) -> None:
    rows = [{"text": word * n, "label": word} for word in ("ab", "ba") for n in range(1, 31)]
    run = tt.train(rows, tmp_path / "run", output="label", epochs=1, hidden_size=6)
    with pytest.raises(UsageError, match="came from Python"):
        run.inspect()
    assert "text, layer 0 (lstm)" in str(run.inspect(rows))
    assert list(run.record("abab", "f")) == ["text.l0.f", "text.l0_reverse.f"]
    with pytest.raises(UsageError, match="one input is a text, or a mapping of the columns text; found a list"):
        run.explain(["abab"])  # type: ignore[arg-type]


def test_nothing_to_try_is_said_after_the_verdict(classified: Path) -> None:
    said = throughtime("inspect", classified, "--try").out
    assert "text, layer 0" in said and ("there is nothing to try" in said or "tried: " in said)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect-series")
    lines = ["who,x,y,kind"]
    for k in range(60):
        rise = 1 if k % 2 else -1
        lines += [f"p{k},{rise * t + k % 3},{t % 2},{'up' if k % 2 else 'down'}" for t in range(5 + k % 4)]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    options = ["--output", "kind", "--set", "series=who", "--epochs", "2", "--hidden-size", "6"]
    throughtime("train", folder / "rows.csv", "--run", folder / "run", "--set", "baselines=majority", *options)
    return folder


def test_a_series_is_explained_by_its_name_and_a_row_by_its_number(measured: Path) -> None:
    run, data = measured / "run", measured / "rows.csv"
    by_name = throughtime("inspect", run, "--data", data, "--series", "p4", "--json").json
    by_number = throughtime("inspect", run, "--data", data, "--row", "5", "--json").json
    assert by_name == by_number
    assert [part["tokens"] for part in by_name["inputs"]] == [["1, 0", "0, 1", "-1, 0", "-2, 1", "-3, 0"]]
    given = sum(share for part in by_name["inputs"] for share in part["given"])
    assert given == pytest.approx(by_name["score"]["value"] - by_name["score"]["baseline"], abs=2e-3)
    assert throughtime("inspect", run, "--data", data, "--series", "p4").out.startswith("kind: ")
    page = (run / "report.html").read_text()
    assert "as it was measured." in page and "What each step gave." in page


def test_one_step_of_a_series_in_numbers_and_its_quantities(measured: Path) -> None:
    run, data = measured / "run", measured / "rows.csv"
    told = throughtime("inspect", run, "--data", data, "--series", "p4", "--step", "2", "--unit", "1").out
    assert told.startswith("step 2 reads '-1, 0': layer 0, unit 1 of 6")
    kept = throughtime("inspect", run, "--data", data, "--row", "5", "--record", "f").json
    assert [len(values) for values in kept.values()] == [5, 5]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--series", "p4"], "--series goes with --data"),
        (["--row", "61"], "row 61: there are the rows 1 to 60"),
        (["--series", "p99"], 'unknown series "p99"'),
        (["--row", "1", "--series", "p4"], "--row and --series: one inspection at a time"),
    ],
)
def test_rows_that_are_not_there_are_refused(options: list[str], told: str, measured: Path) -> None:
    data = [] if told.endswith("--data") else ["--data", measured / "rows.csv"]
    assert told in throughtime("inspect", measured / "run", *data, *options, code=2).err


def test_a_row_of_a_table_is_explained(classified: Path) -> None:
    data = classified.parent / "rows.csv"
    row = throughtime("inspect", classified, "--data", data, "--row", "1", "--json").json
    text = throughtime("inspect", classified, "--text", "ba0", "--json").json
    assert row["inputs"][0]["tokens"] == ["b", "a", "0"] and row["score"] == text["score"]
    told = throughtime("inspect", classified, "--data", data, "--series", "a", code=2).err
    assert "the rows are not gathered into series" in told
