"""A trained run is asked for its units: by default in the text that it has not learned from."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from tests.laws.material import rows
from tests.laws.material import tiny as tiny_rows
from tests.laws.test_language import text, tiny
from throughtime.api.load import TrainedRun
from throughtime.errors import UsageError


def names(found: Any) -> list[str]:
    return [annotation.name for annotation in found.annotations]


def sources(folder: Path, count: int = 14) -> Path:
    """Files of Python, each with a name and figures of its own."""
    chance = random.Random(5)
    folder.mkdir()
    for k in range(count):
        lines = [f"x{n} = {'f(' * (n % 2)}'{chance.random():.3f}'{')' * (n % 2)}  # {k}\n" for n in range(30)]
        (folder / f"m{k}.py").write_text("".join(lines) + "if x1:\n    y = 'z'\n" * 4)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sources(tmp_path / "code")


@pytest.fixture
def trained(folder: Path, tmp_path: Path) -> TrainedRun:
    return tt.train(folder, tmp_path / "run", **tiny(epochs=1))


def test_by_default_in_files_that_were_held_out(trained: TrainedRun, folder: Path) -> None:
    found = trained.units(best=2)
    assert names(found) == [
        "indentation",
        "inside_brackets",
        "inside_comment",
        "inside_string",
        "line_position",
    ] and found.notes[1].startswith('annotation "upper_case": nothing in ')
    read = {*found.files["chosen"], *found.files["held_out"]}
    known = [file.name for file in folder.iterdir()]
    assert found.files["chosen"] and found.files["held_out"] and read < set(known)
    assert found.tokens["chosen"] + found.tokens["held_out"] == sum(
        trained.run.data.read()["characters"][split] for split in ("valid", "test")
    )
    assert found.states == ("h", "c") and found.searched == 12
    assert all(len(annotation.units) == 2 for annotation in found.annotations)


def test_a_pattern_other_states_and_other_texts(trained: TrainedRun, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("a 12 b\n" * 80)
    found = trained.units(data=tmp_path / "other.txt", pattern=r"\d", states=["f"])
    assert names(found) == [r"pattern \d"] and found.states == ("f",)
    assert found.annotations[0].typical["share"] == pytest.approx(2 / 7)
    both = trained.units(["upper_case"], ["Ab\n" * 70, "cDe\n" * 70], r"\n")
    assert names(both) == ["upper_case", r"pattern \n"] and both.files["chosen"][0] in ("text 1", "text 2")


def test_values_of_ones_own(trained: TrainedRun) -> None:
    texts = ["ab\n" * 80, "b a\n" * 70]
    values = [np.arange(len(text)) % 5 for text in texts]
    found = trained.units({"fifths": values}, texts)
    assert names(found) == ["fifths"] and found.annotations[0].kind == "number"
    with pytest.raises(UsageError, match='"fifths" has 1 arrays for 2 texts'):
        trained.units({"fifths": values[:1]}, texts)


def test_of_one_text_its_validation_and_its_test_part_are_the_halves(tmp_path: Path) -> None:
    whole = text(lines=60)
    (tmp_path / "a.txt").write_text(whole)
    found = tt.train(tmp_path / "a.txt", tmp_path / "run", **tiny(epochs=1)).units(["inside_brackets"])
    rows = sorted([found.annotations[0].excerpt.row, whole.count("\n")])
    assert found.files == {"chosen": ("a.txt",), "held_out": ("a.txt",)} and rows[0] > 30
    line = whole.splitlines(keepends=True)[found.annotations[0].excerpt.row - 1]
    assert found.annotations[0].excerpt.text.startswith(line)


def test_a_text_that_is_gone_or_has_changed_is_refused(trained: TrainedRun, folder: Path, tmp_path: Path) -> None:
    (folder / "new.py").write_text("x = 1\n" * 50)  # would be learned from
    assert trained.units(["line_position"])
    for file in folder.iterdir():
        file.write_text(file.read_text() + "x = 2\n")
    with pytest.raises(
        UsageError, match="has changed since the run was trained, so that other texts would be held out now"
    ):
        trained.units()
    shutil.rmtree(folder)
    with pytest.raises(UsageError, match="is not there any more; name another text as data"):
        trained.units()
    assert trained.units(["line_position"], ["a b\n" * 90])


def test_texts_from_python_are_not_kept(tmp_path: Path) -> None:
    run = tt.train([{"text": line} for line in text().splitlines()], tmp_path / "run", **tiny(epochs=1))
    with pytest.raises(UsageError, match="was trained on texts from Python, which it does not keep; give data"):
        run.units()
    assert names(run.units(["inside_brackets"], text().splitlines())) == ["inside_brackets"]


def test_a_column_of_texts_is_read_again(tmp_path: Path) -> None:
    lines = "".join(f'{i},"{line}"\n' for i, line in enumerate(text(90).splitlines()))
    (tmp_path / "texts.csv").write_text("number,text\n" + lines)
    run = tt.train(tmp_path / "texts.csv", tmp_path / "run", **tiny(epochs=1, input="text"))
    found = run.units(["inside_brackets"])
    assert found.annotations[0].excerpt.file.startswith("texts.csv row ")


def test_only_a_language_model_has_such_units(tmp_path: Path) -> None:
    run = tt.train(rows("classify"), tmp_path / "run", **tiny_rows("classify"))
    with pytest.raises(UsageError, match="units are found in a language model; this run's task is classify"):
        run.units()


def test_unknown_annotations_and_quantities_are_named(trained: TrainedRun) -> None:
    with pytest.raises(UsageError, match='unknown annotation "inside_strnig"; did you mean "inside_string"'):
        trained.units(["inside_strnig"])
    with pytest.raises(UsageError, match='the cell lstm has no quantity "q"'):
        trained.units(["inside_string"], states=["q"])
