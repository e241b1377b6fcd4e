"""A cell, a file format and a task of one's own: each is one new file, given by --use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.laws.material import rows

CELL = '''
from throughtime.cells import cell, sigmoid, tanh


@cell(source="this test")
def leaky_gate(p, x, h):
    """An Elman cell with a leak that is learnt."""
    leak = sigmoid(p.W_l @ x + p.U_l @ h + p.b_l)
    new = tanh(p.W @ x + p.U @ h + p.b)
    return leak * h + (1 - leak) * new
'''

FORMAT = """
from throughtime.data.files.format import Format, formats
from throughtime.data.records import Places, Records


def read_pairs(path, settings):
    lines = path.read_text().splitlines()
    labels, texts = zip(*(line.split(" => ") for line in lines[1:]))
    places = Places.in_one(str(path), list(range(2, len(lines) + 1)))
    columns = {"text": list(texts), "label": list(labels)}
    return Records(columns, str(path), places, (f"{path}: arrows",), {"label": "output"})


formats.add("arrows", Format("arrows", "label => text", lambda path, head: head.startswith(b"#arrows"), read_pairs))
"""

TASK = """
from throughtime.models.settings import ClassifySettings
from throughtime.models.tasks.task import Task, tasks

tasks.add(
    "judge",
    Task(
        name="judge", title="A text to one class, rare ones first.", shape="many to one", reads="tables",
        settings=ClassifySettings, metric={"category": "macro_f1"}, baselines=("majority",),
        defaults={"class_weights": "balanced", "pooling": "mean"},
    ),
)
"""


def throughtime(*words: object, folder: Path) -> str:
    """The command's output; the test fails with its message if it does."""
    program = [sys.executable, "-c", "from throughtime.cli import main; main()"]
    done = subprocess.run([*program, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def table(tmp_path: Path) -> Path:
    lines = [f"{row['text']}\t{row['label']}" for row in rows("classify")]
    (tmp_path / "table.tsv").write_text("text\tlabel\n" + "\n".join(lines) + "\n")
    return tmp_path


SMALL = ("--epochs", 1, "--hidden-size", 5, "--threads", 1, "--quiet", "--valid", 0.2, "--test", 0.2)


def test_a_cell_of_ones_own_is_one_file_that_the_run_needs_no_more(table: Path) -> None:
    (table / "mycells.py").write_text(CELL)
    use = ("--use", "mycells.py")
    throughtime("train", "table.tsv", "--run", "run", *use, "--cell", "leaky_gate", *SMALL, folder=table)
    assert "leak = σ(W_l x + U_l h' + b_l)" in throughtime("cells", "leaky_gate", *use, folder=table)
    (table / "mycells.py").unlink()
    assert throughtime("predict", "run", "--text", "a good film", folder=table).strip()
    assert "leak" in (table / "run" / "report.html").read_text()


def test_a_format_of_ones_own_is_one_file(table: Path) -> None:
    (table / "arrows.py").write_text(FORMAT)
    lines = [f"{row['label']} => {row['text']}" for row in rows("classify")]
    (table / "data.arrows").write_text("#arrows\n" + "\n".join(lines) + "\n")
    said = throughtime("check", "data.arrows", "--use", "arrows.py", folder=table)
    assert "arrows" in said and 'learning "label"' in said
    throughtime("train", "data.arrows", "--run", "run", "--use", "arrows.py", *SMALL, folder=table)


def test_a_task_of_ones_own_is_one_file(table: Path) -> None:
    (table / "judge.py").write_text(TASK)
    use = ("--use", "judge.py")
    throughtime("train", "table.tsv", "--run", "run", "--task", "judge", *use, *SMALL, folder=table)
    assert "macro_f1 (of category)" in throughtime("tasks", "judge", *use, folder=table)
    assert throughtime("predict", "run", "--text", "a good film", *use, folder=table).strip()


def test_an_own_cell_equals_the_built_in_one_with_the_same_equations(tmp_path: Path) -> None:
    from throughtime.api.own import import_files
    from throughtime.cells.recurrent import Recurrent

    (tmp_path / "peep.py").write_text(
        (Path(__import__("throughtime").__file__).parent / "cells/library/lstm_peephole.py")
        .read_text()
        .replace("def lstm_peephole", "def my_peephole")
    )
    import_files([tmp_path / "peep.py"])
    layers = [
        Recurrent(name, 3, 5, generator=torch.Generator().manual_seed(1)) for name in ("my_peephole", "lstm_peephole")
    ]
    x = torch.randn(4, 6, 3)
    assert torch.equal(layers[0](x)[0], layers[1](x)[0])
