"""Every command does what its help says, in this process, on a small table."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import typer

from tests.cells.forms import NATIVE
from tests.cli.calling import Said, call
from tests.conftest import SOURCE
from tests.laws.material import rows
from throughtime.api.settings import GROUPS
from throughtime.cli.main import app
from throughtime.demos import Demo, Laboratory, Shown, demos
from throughtime.models.tasks import tasks
from throughtime.settings import OPTIONS, declared
from throughtime.training.progress import Progress
from throughtime.training.runs import Run

SMALL = ["--epochs", "2", "--hidden-size", "5", "--set", "embedding_size=4", "--set", "baselines=majority"]
COMMANDS = [
    "bench",
    "cells", "check", "compare", "demo", "doctor", "evaluate", "generate", "inspect",
    "predict", "report", "tasks", "train"
]  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts with one of three labels; commas and quotes among them."""
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows([f'{row["text"]}, "so"', row["label"]] for row in rows("classify", 80))
    return path


@dataclass(frozen=True)
class Finished:
    path: Path
    said: Said


@pytest.fixture(scope="module")
def run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    path = tmp_path_factory.mktemp("runs") / "first"
    return Finished(path, call("train", table, "--run", path, *SMALL))


def metrics(run: Path) -> dict[str, Any]:
    return json.loads((run / "metrics.json").read_text())


def test_train_says_the_figures_the_verdict_and_the_report(run: Finished) -> None:
    said, found = run.said, metrics(run.path)
    assert said.code == 0, said.err
    test, beside, *verdict, report = said.out.splitlines()
    assert test.startswith("test ") and f"accuracy {found['test']['accuracy']:.4f}" in test
    assert beside.startswith("beside ") and f"accuracy {found['baseline']['accuracy']:.4f}" in beside
    assert beside.endswith("(majority)")
    assert "majority" in " ".join(verdict) or "most frequent" in " ".join(verdict)
    assert report == f"report: {run.path / 'report.html'}"
    assert "task: classify" in said.err and "reviews.csv" not in said.out
    assert {"config.toml", "model.safetensors", "report.html"} <= {path.name for path in run.path.iterdir()}


def test_train_prints_its_metrics_as_json_and_is_quiet_if_asked(table: Path, tmp_path: Path) -> None:
    said = call("train", table, "--run", tmp_path / "r", "--json", "--quiet", "--cell", "gru", *SMALL)
    assert (said.code, said.err) == (0, "")
    assert said.json == metrics(tmp_path / "r")


def test_a_runs_own_config_reruns_it(run: Finished, tmp_path: Path) -> None:
    said = call("train", "--config", run.path / "config.toml", "--run", tmp_path / "again", "--quiet")
    assert said.code == 0, said.err
    for name in ("model.safetensors", "predictions.jsonl", "config.toml"):
        assert (tmp_path / "again" / name).read_bytes() == (run.path / name).read_bytes()


def test_an_option_goes_before_the_config(run: Finished, tmp_path: Path) -> None:
    said = call("train", "--config", run.path / "config.toml", "--run", tmp_path / "r", "--epochs", "1", "--quiet")
    assert said.code == 0, said.err
    assert len((tmp_path / "r" / "history.jsonl").read_text().splitlines()) == 1
    assert "hidden_size = 5" in (tmp_path / "r" / "config.toml").read_text()


def test_a_finished_run_is_resumed_by_doing_nothing(table: Path, run: Finished) -> None:
    before = (run.path / "metrics.json").read_bytes()
    assert call("train", table, "--run", run.path, *SMALL).code == 2
    said = call("train", table, "--run", run.path, "--resume", *SMALL)
    assert said.code == 0 and "nothing to resume" in said.err
    for changed, told in (
        (["--epochs", "5"], "--epochs 5: "),
        (["--set", "schedule=constant"], "--set schedule=constant: "),
        (["--seeds", "2"], "--seeds 2: "),
    ):
        said = call("train", table, "--run", run.path, "--resume", *SMALL, *changed)
        assert said.code == 2 and told in said.err and "is finished, and was trained with" in said.err
    assert call("train", table, "--run", run.path, "--resume", *SMALL, "--threads", "1").code == 0  # of no effect on it
    assert (run.path / "metrics.json").read_bytes() == before


def test_a_run_knows_its_data_and_settings_when_it_is_resumed(run: Finished) -> None:
    said = call("train", "--run", run.path, "--resume")
    assert said.code == 0 and "nothing to resume" in said.err
    assert "there is no data" in call("train", "--run", run.path.parent / "other", "--resume").err


def test_what_a_run_has_never_seen_is_told_beside_its_answer(run: Finished) -> None:
    said = call("predict", run.path, "--text", "ЖЖЖЖ")
    assert said.code == 0 and "1 row holds mostly " in said.err and "that training never showed" in said.err
    assert said.out and not call("predict", run.path, "--text", "good").err


def test_of_a_task_no_settings_are_listed_that_mean_nothing_for_it() -> None:
    forecast, classify = call("tasks", "forecast").out, call("tasks", "classify").out
    for name in tasks["forecast"].idle:
        assert f"\n{name} " not in forecast
    assert "\ntokens " in classify and "\nhorizon " in forecast and "mae of one series, mase of several" in forecast


def test_settings_are_spelt_as_train_takes_them() -> None:
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009
    names = {parameter.name for parameter in commands["train"].params}
    groups = [*GROUPS.values(), *(task.settings for _, task in tasks.items())]
    settings = {setting.name for group in groups for setting in declared(group)}
    assert names & settings == OPTIONS


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hidden-size", "-3"], "--hidden-size -3: it must be a whole number of at least 1"),
        (["--set", "hiden_size=3"], 'unknown setting "hiden_size"; did you mean "hidden_size"?'),
        (["--set", "layers"], "write it as key=value"),
        (["--layers", "2", "--set", "layers=3"], "layers is given twice"),
        (["--cell", "ltsm"], 'unknown cell "ltsm"; did you mean "lstm"?'),
        (["--set", "baselines=majorty"], 'did you mean "majority"?'),
        (["--set", "metric=acuracy"], 'did you mean "accuracy"?'),
        (["--set", "pooling=middle"], 'unknown pooling "middle"'),
        (["--device", "abacus"], "--device abacus: there is no such device"),
        (["--task", "regress"], "task regress learns number"),
        (["--output", "lable"], "lable"),
        (["--config", "nowhere.toml"], "--config nowhere.toml"),
        (["--use", "nowhere.py"], "--use nowhere.py: there is no such file"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    options: list[str], words: str, table: Path, tmp_path: Path
) -> None:
    said = call("train", table, "--run", tmp_path / "r", *options)
    assert said.code == 2, said.err
    assert words in said.err.splitlines()[-1] and "Traceback" not in said.err and said.out == ""
    assert not (tmp_path / "r").exists() or list((tmp_path / "r").iterdir()) == []


@pytest.mark.parametrize("words", [[], ["--config"]])
def test_train_without_data_or_run(words: list[str], table: Path, tmp_path: Path) -> None:
    assert call("train", table).code == 2
    if words:
        (tmp_path / "c.toml").write_text("[training]\nepochs = 1\n")
        words = [*words, str(tmp_path / "c.toml")]
    said = call("train", "--run", tmp_path / "r", *words)
    assert said.code == 2 and "there is no data" in said.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[run]\ndta = 'x.csv'\n", 'unknown setting "dta"; did you mean "data"?'),
        ("[run]\ndata = 3\nuse = 'a'\nepochs = 2\n", "[run]"),
        ("[training]\nepochs = 0\n", "--epochs 0: it must be a whole number of at least 1"),
        ("[trainng]\nepochs = 2\n", 'unknown table "trainng"; did you mean "training"?'),
        ("epochs = 2\n", "epochs"),
        ("[training\n", "is not TOML"),
    ],
)
def test_a_mistake_in_a_config_is_named(text: str, words: str, table: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(text)
    said = call("train", table, "--run", tmp_path / "r", "--config", tmp_path / "c.toml")
    assert said.code == 2 and words in said.err, said.err


def test_a_misspelt_option_gets_a_suggestion(table: Path) -> None:
    said = call("train", table, "--hiden-size", "3")
    assert said.code == 2 and "--hidden-size" in said.err


def test_check_reads_all_and_trains_nothing(table: Path) -> None:
    said = call("check", table)
    assert said.code == 0, said.err
    assert "task: classify" in said.out and "comma" in said.out
    assert sorted(path.name for path in table.parent.iterdir()) == ["reviews.csv"]
    figures = call("check", table, "--json", "--valid", "0.25", "--set", "test=0.25").json
    assert figures["rows"]["valid"] == pytest.approx(sum(figures["rows"].values()) / 4, abs=2)
    assert call("check", table.parent / "nothing.csv").code == 2


def test_predict_texts(run: Finished) -> None:
    said = call("predict", run.path, "--text", "good film", "--text", "bad")
    assert said.code == 0 and len(said.out.splitlines()) == 2
    for line in said.out.splitlines():
        name, share = line.split(" (")
        assert name in ("neg", "pos", "mixed") and 1 / 3 <= float(share.rstrip(")")) <= 1


def test_predict_a_file_is_predict_its_texts(run: Finished, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text('text,other\n"good, long film",1\nbad,2\n')
    from_file = call("predict", run.path, tmp_path / "new.csv", "--json")
    answers = [json.loads(line) for line in from_file.out.splitlines()]
    assert len(answers) == 2 and sum(answers[0]["probabilities"].values()) == pytest.approx(1)
    assert from_file.out == call("predict", run.path, "--text", "good, long film", "--text", "bad", "--json").out


def test_predict_wants_one_of_both(run: Finished, table: Path) -> None:
    for words in ([], [table, "--text", "good"]):
        said = call("predict", run.path, *words)
        assert said.code == 2 and "either a FILE or --text" in said.err
    assert call("predict", run.path.parent / "none", "--text", "good").code == 2


def test_evaluate_on_the_test_rows_gives_the_figures_of_training(run: Finished, tmp_path: Path) -> None:
    answers = [json.loads(line) for line in (run.path / "predictions.jsonl").read_text().splitlines()]
    lines = [json.dumps({**answer["inputs"], "label": answer["truth"]}) for answer in answers]
    (tmp_path / "test.jsonl").write_text("\n".join(lines) + "\n")
    found = call("evaluate", run.path, tmp_path / "test.jsonl", "--json").json
    assert found == pytest.approx(metrics(run.path)["test"], rel=1e-5)
    assert f"accuracy {found['accuracy']:.4f}" in call("evaluate", run.path, tmp_path / "test.jsonl").out
    (tmp_path / "strange.csv").write_text("text,label\ngood,unheard\n")
    said = call("evaluate", run.path, tmp_path / "strange.csv")
    assert said.code == 2 and "row 2" in said.err and "unheard" in said.err


def test_compare_runs_side_by_side(table: Path, run: Finished, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert call("train", table, "--run", other, "--cell", "mgu", "--quiet", *SMALL).code == 0
    said = call("compare", run.path, other)
    assert said.code == 0 and "mgu" in said.out and "lstm" in said.out
    assert len(call("compare", run.path, other, "--json").json) == 2
    assert call("compare", run.path, tmp_path / "none").code == 2


def test_report_is_written_again_and_the_run_stays_whole(run: Finished) -> None:
    page = run.path / "report.html"
    before = page.read_bytes()
    page.unlink()
    page.write_text("damaged")
    assert call("report", run.path).code == 2  # its checksum tells
    page.write_bytes(before)
    said = call("report", run.path)
    assert said.code == 0 and said.out.strip() == str(page)
    Run.open(run.path)


def test_cells() -> None:
    listed = call("cells")
    assert listed.code == 0 and {"lstm", "gru", "convlstm"} <= {line.split()[0] for line in listed.out.splitlines()}
    assert "tanh" in call("cells", "lstm_peephole").out and "\\tanh" in call("cells", "gru", "--latex").out
    graph = call("cells", "gru:bias=no", "--json").json
    assert graph["cell"].startswith("gru") and "nodes" in graph
    wrong = call("cells", "gro")
    assert wrong.code == 2 and 'did you mean "gru"?' in wrong.err
    assert call("cells", "--json").code == call("cells", "--latex").code == 2


def test_a_cell_of_ones_own(table: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from throughtime.cells import cell, tanh\n\n"
        '@cell(source="a test")\ndef commands_own(p, x, h):\n    """A cell of the reader."""\n'
        "    h = tanh(p.W @ x + p.U @ h + p.b)\n    return h\n"
    )
    assert "tanh" in call("cells", "commands_own", "--use", tmp_path / "mine.py").out
    words = ["--cell", "commands_own", "--use", tmp_path / "mine.py", "--quiet"]
    assert call("train", table, "--run", tmp_path / "r", *words, *SMALL).code == 0
    (tmp_path / "mine.py").unlink()
    assert call("predict", tmp_path / "r", "--text", "good").code == 0


def test_tasks() -> None:
    listed = call("tasks")
    assert listed.code == 0 and all(name in listed.out for name in tasks)
    for name, task in tasks.items():
        told = call("tasks", name).out
        assert told.startswith(f"{name}: {task.title}\n") and task.example in told and " object at " not in told
        assert all(baseline in told for baseline in task.baselines) and "<function" not in told
    told = call("tasks", "classify").out
    for word in ("hidden_size", "label_smoothing", "naive_bayes_words", "many to one", "batch_size"):
        assert word in told
    wrong = call("tasks", "clasify")
    assert wrong.code == 2 and 'did you mean "classify"?' in wrong.err


def test_doctor_recomputes_a_known_answer_with_each_engine() -> None:
    said = call("doctor")
    assert said.code == 0 and "engine reference" in said.out and f"torch: {torch.__version__}" in said.out
    figures = call("doctor", "--json").json
    errors = {name: float(value) for name, value in figures.items() if name.endswith("known answer")}
    assert len(errors) == (3 if NATIVE else 2) and all(error <= 1e-6 for error in errors.values())
    assert figures["native engine"].startswith("live" if NATIVE else "not built")


def test_demo_lists_and_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Demo(
        name="commands_tiny",
        title="A demonstration for this test",
        story="It is over soon.",
        rows=lambda: [{"text": row["text"], "label": row["label"]} for row in rows("classify", 60)],
        settings={"epochs": 1, "hidden_size": 4, "baselines": ("majority",)},
        questions=("good film", "bad film"),
    )
    demos.add(small.name, small)
    listed = call("demo", "list")
    assert listed.code == 0 and "swapped" in listed.out and small.title in listed.out
    monkeypatch.chdir(tmp_path)
    said = call("demo", small.name, "--quiet")
    assert said.code == 0, said.err
    assert small.story in said.out and "good film" in said.out
    assert said.out.splitlines()[-1] == f"report: {Path('runs') / 'demo-commands_tiny' / 'report.html'}"
    assert call("demo", "swaped").code == 2


def test_a_demo_may_run_by_itself(tmp_path: Path) -> None:
    def run(folder: Path, progress: Progress) -> Shown:
        progress.note("nearly there")
        (folder / "page.html").write_text("<p>done</p>")
        return Shown(["All went well."], [("what", "how many"), ("trials", "3 of 3")], folder / "page.html")

    alone = Laboratory("commands_alone", "A demonstration that runs by itself", "It is over soon.", run)
    demos.add(alone.name, alone)
    said = call("demo", alone.name, "--run", tmp_path)
    assert said.code == 0 and "nearly there" in said.err and (tmp_path / "page.html").exists()
    for words in (alone.title, alone.story, "All went well.", "trials  3 of 3", f"page: {tmp_path / 'page.html'}"):
        assert words in said.out
    assert "gradients" in call("demo", "list").out and alone.title in call("demo", "list").out


def test_the_demonstrations_material_has_no_bag_that_tells() -> None:
    swapped_brackets = demos["swapped"]
    assert isinstance(swapped_brackets, Demo)
    material = swapped_brackets.rows()
    written = [sorted(row["line"].split()) for row in material if row["order"] == "as written"]
    swapped = [sorted(row["line"].split()) for row in material if row["order"] == "swapped"]
    assert len(written) > 1000 and written == swapped


def test_the_help_of_every_command_names_it_and_loads_nothing_heavy() -> None:
    assert sorted(path.stem for path in (SOURCE / "cli" / "commands").glob("[!_]*.py")) == COMMANDS
    program = (
        "import sys\nfrom throughtime.cli import main\n"
        f"for command in {COMMANDS}:\n"
        "    sys.argv = ['throughtime', command, '--help']\n"
        "    try:\n        main()\n"
        "    except SystemExit as end:\n        assert not end.code, command\n"
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert [name for name in COMMANDS if f"Usage: throughtime {name}" not in done.stdout] == []
    assert [name for name in COMMANDS if name not in call("--help").out] == []


def test_the_reader_of_the_output_may_leave() -> None:
    program = "import sys\nfrom throughtime.cli import main\nsys.argv = ['throughtime', 'tasks', 'classify']\nmain()"
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None and running.stderr is not None
    running.stdout.close()
    assert b"Traceback" not in running.stderr.read()
    running.wait(60)
    running.stderr.close()
