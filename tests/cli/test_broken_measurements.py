"""Broken and odd series: a good result, or exit code 2 with a message that names the place and the mend."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from tests.cli.calling import call
from tests.cli.test_broken_inputs import TINY, Case, in_folder, write
from throughtime.errors import ThroughtimeError

CHANCE = random.Random(5)


def steps(k: int) -> list[tuple[float, float]]:
    """A few steps of a series that rises or falls."""
    return [(round((-1) ** k * t + CHANCE.gauss(0, 1), 2), round(CHANCE.gauss(0, 1), 2)) for t in range(3 + k % 4)]


SERIES = [steps(k) for k in range(40)]
LONG = "id,x,y,label\n" + "".join(
    f"s{k},{x},{y},{('up', 'down')[k % 2]}\n" for k, rows in enumerate(SERIES) for x, y in rows
)
FILES: dict[str, str | bytes] = {
    f"data/rec_{k}.csv": "x,y\n" + "".join(f"{x},{y}\n" for x, y in rows) for k, rows in enumerate(SERIES)
}
TARGETS = "id,label\n" + "".join(f"{k},{('up', 'down')[k % 2]}\n" for k in range(40))
FOLDER: dict[str, str | bytes] = {**FILES, "data/target.csv": TARGETS}
CLASSES: dict[str, str | bytes] = {
    name.replace("data/", f"data/{('up', 'down')[k % 2]}/"): text for k, (name, text) in enumerate(FILES.items())
}
BY_ID: dict[str, Any] = {"series": "id"}


def lines(replaced: dict[int, str], table: str = LONG) -> str:
    """The table with some lines replaced."""
    return "\n".join(replaced.get(i, line) for i, line in enumerate(table.split("\n"), start=1))


CASES = [
    Case("a table with a row a step", {"data.csv": LONG}, settings=BY_ID),
    Case("a file a series", FOLDER, data="data"),
    Case("a folder a class", CLASSES, data="data"),
    Case("targets beside the folder", {**FILES, "target.csv": TARGETS, "notes.txt": "so\n"}, data="."),
    Case("no series named", {"data.csv": LONG}, ("nothing to read in order", "--set series=id")),
    Case(
        "a misspelt id column",
        {"data.csv": LONG},
        ('unknown column "ids"', 'did you mean "id"'),
        settings={"series": "ids"},
    ),
    Case(
        "words in a channel",
        {"data.csv": lines({7: "s1,tilt,0.5,down"})},
        ('data.csv row 7, column "x"', '"tilt" is not a number', "--set missing=tilt"),
        settings=BY_ID,
    ),
    Case(
        "a decimal comma",
        {"data.csv": lines({7: 's1,"1,5",0.5,down'})},
        ('data.csv row 7, column "x"', "decimal point"),
        settings=BY_ID,
    ),
    Case(
        "an infinite value",
        {"data.csv": lines({7: "s1,inf,0.5,down"})},
        ('data.csv row 7, column "x"', "not a finite number"),
        settings=BY_ID,
    ),
    Case(
        "a missing value",
        {"data.csv": lines({7: "s1,,0.5,down"})},
        ('data.csv row 7, column "x"', "the number is missing", "--set missing=n/a"),
        settings=BY_ID,
    ),
    Case(
        "a missing value that may be",
        {"data.csv": lines({7: "s1,n/a,0.5,down"})},
        settings={**BY_ID, "missing": ("n/a",)},
    ),
    Case(
        "no id",
        {"data.csv": lines({7: ",1,0.5,down"})},
        ('data.csv row 7, column "id"', "which series", "fill it in"),
        settings=BY_ID,
    ),
    Case(
        "two steps at one time",
        {"data.csv": lines({3: LONG.split("\n")[1]})},
        ("data.csv row 3", "stands in row 2", "time of its own"),
        settings={**BY_ID, "time": "x"},
    ),
    Case("a time without series", {"data.csv": LONG}, ("--set time=x", "--set series=COLUMN"), settings={"time": "x"}),
    Case(
        "a time that is none",
        {"data.csv": LONG},
        ('column "label"', "neither a number nor a date", "year first"),
        settings={**BY_ID, "time": "label"},
    ),
    Case(
        "a group that changes",
        {"data.csv": LONG},
        ('column "x"', "one series stands in one split"),
        settings={**BY_ID, "group": "x"},
    ),
    Case(
        "a test split by no such value",
        {"data.csv": LONG},
        ("--test label=sideways", "choose among down, up"),
        settings={**BY_ID, "test": "label=sideways", "output": "y"},
    ),
    Case(
        "a series without target",
        {**FILES, "data/target.csv": lines({9: ""}, TARGETS)},
        ("rec_7.csv: no row of target.csv", "add a row with 7"),
        data="data",
    ),
    Case(
        "a target without series",
        {**FOLDER, "data/target.csv": TARGETS + "40,up\n"},
        ('target.csv row 42, column "id"', 'no file holds the series "40"'),
        data="data",
    ),
    Case(
        "a series told twice",
        {**FOLDER, "data/target.csv": TARGETS + "3,up\n"},
        ('target.csv row 42, column "id"', "stands in row 5 already"),
        data="data",
    ),
    Case(
        "a file with another column",
        {**FOLDER, "data/rec_5.csv": "x,y,z\n1,2,3\n"},
        ("rec_5.csv row 2: 3 columns where rec_0.csv has 2", "same columns"),
        data="data",
    ),
    Case("an empty file", {**FOLDER, "data/rec_5.csv": ""}, ("rec_5.csv: the file is empty",), data="data"),
    Case(
        "a file with a word",
        {**FOLDER, "data/rec_5.csv": "x,y\n1,2\n3,odd\n"},
        ('rec_5.csv row 3, column "y": "odd" is not a number',),
        data="data",
    ),
    Case(
        "a file of other bytes",
        {**FOLDER, "data/rec_5.csv": b"\x1f\x8b\x08\x00abc"},
        ("rec_5.csv: is gzip-compressed",),
        data="data",
    ),
    Case(
        "no targets at all",
        {name: str(text).replace("y", "z") for name, text in FILES.items()},
        ("data/: there is no column to learn", "add a table"),
        data="data",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_series(case: Case, tmp_path: Path) -> None:
    write(tmp_path, case.files)
    settings = {"split_seed": 1, **TINY, "baselines": (), **in_folder(tmp_path, case.settings)}
    if case.words:
        with pytest.raises(ThroughtimeError) as refused:
            tt.train(tmp_path / case.data, tmp_path / "run", **settings)
        assert refused.value.exit_code == 2
        for word in case.words:
            assert word in str(refused.value), str(refused.value)
        return
    trained = tt.train(tmp_path / case.data, tmp_path / "run", **settings)
    assert "logistic_regression_statistics" in trained.metrics["baselines"]


def test_the_commands_on_a_table_and_on_files(tmp_path: Path) -> None:
    write(tmp_path, {"long.csv": LONG, **FOLDER})
    small = ["--epochs", 1, "--hidden-size", 4, "--quiet", "--set", "baselines=majority"]
    said = call("train", tmp_path / "long.csv", "--run", tmp_path / "a", "--set", "series=id", *small)
    assert said.code == 0, said.err
    assert call("train", tmp_path / "data", "--run", tmp_path / "b", *small).code == 0
    assert len(call("predict", tmp_path / "a", tmp_path / "long.csv").out.splitlines()) == 40
    one = call("predict", tmp_path / "b", tmp_path / "data" / "rec_3.csv").out
    all_of_them = call("predict", tmp_path / "b", tmp_path / "data").out.splitlines()
    answers = dict(line.split(": ") for line in all_of_them)
    assert len(answers) == 40 and one == f"rec_3.csv: {answers['3']}\n"
    assert call("predict", tmp_path / "a", tmp_path / "data" / "rec_3.csv").code == 0
    for run, data in (("a", "long.csv"), ("b", "data")):
        assert "accuracy" in call("evaluate", tmp_path / run, tmp_path / data).out
        assert call("inspect", tmp_path / run).code == 0
    (tmp_path / "half.csv").write_text("id,x\ns1,0.5\n")
    refused = call("predict", tmp_path / "a", tmp_path / "half.csv")
    assert refused.code == 2 and 'unknown column "y"' in refused.err
