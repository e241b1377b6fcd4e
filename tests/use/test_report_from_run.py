"""The report of a run folder."""

from __future__ import annotations

import tomllib
from pathlib import Path

import torch

from tests.use.page_reader import Page, section, tables
from tests.use.report_material import CONFIG, names
from throughtime.cells import cells
from throughtime.training.runs import Run
from throughtime.use.report import report


def written(path: Path) -> Run:
    """A run folder with made-up content, not finished: so it is when training asks for the report."""
    made, run = names(rows=40), Run.create(path)
    run.config.write(tomllib.loads(CONFIG))
    run.metrics.write(dict(made.metrics))
    run.history.write(made.history)
    run.predictions.write(made.predictions)
    run.data.write(dict(made.data))
    run.environment.write(dict(made.environment))
    run.fields.write({"inputs": ["text"], "output": "label", "fields": {}})
    run.cell.write(cells["gru"].graph().to_json())
    run.model.write({"encoders.0.embedding.weight": torch.zeros(7, 3), "head.linear.weight": torch.zeros(18, 5)})
    return run


def test_report_holds_what_the_folder_holds(tmp_path: Path) -> None:
    run = written(tmp_path / "my run")
    path = report(run)
    page = path.read_text("utf-8")
    assert path == run.path / "report.html" and Page(page).wrong == []
    assert Page(page).texts("h1") == ["my run"]
    assert "h = " in section(page, "model").texts("pre")[0]
    rows = [row for table in tables(page) for row in table]
    assert ["text embedding", "21", "18.9 %"] in rows and ["head linear", "90", "81.1 %"] in rows
    command = section(page, "again").texts("pre")[0]
    assert command == f"throughtime train --config '{run.path}/config.toml' --run '{run.path}-again'"


def test_report_of_data_that_came_from_python(tmp_path: Path) -> None:
    run = written(tmp_path / "run")
    run.config.write({"run": {"data": ""}, "network": {"cell": "gru"}})
    assert "throughtime train DATA --config " in report(run).read_text("utf-8")


def test_only_metrics_must_be_there(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    run.metrics.write({"task": "classify", "metric": "accuracy", "test": {"accuracy": None}, "baseline": None})
    page = Page(report(run).read_text("utf-8"))
    assert (
        page.wrong == [] and "There is no accuracy on the test rows" in page.texts("p", **{"class": "verdict-words"})[0]
    )


def test_same_folder_gives_the_same_page(tmp_path: Path) -> None:
    run = written(tmp_path / "run")
    assert report(run).read_bytes() == report(run).read_bytes()


def test_samples_and_nearest_words_are_read(tmp_path: Path) -> None:
    run = written(tmp_path / "run")
    words = [
        "<pad>",
        "<unk>",
        "<sos>",
        "<eos>",
        *(f"{a}{b}word" for a in "abcdefghijklmnopq" for b in "abcdefghijklmnopq"),
    ]
    field = {"kind": "tokens", "unit": "spaces", "vocabulary": {"first": 0, "tokens": words}}
    run.fields.write({"inputs": ["text"], "output": "label", "fields": {"text": field}})
    run.model.write({"encoders.0.embedding": torch.randn(len(words), 6), "head.linear.weight": torch.zeros(18, 5)})
    run.samples.write({"samples": [{"text": "once upon", "parses": None}], "lines": 40, "parse_share": None})
    page = report(run).read_text("utf-8")
    assert "once upon" in section(page, "samples").texts("pre")
    assert len(section(page, "neighbours").texts("tr")) == 13
