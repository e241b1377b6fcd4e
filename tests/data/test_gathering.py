"""A table with a row a step, gathered into a row a series: channels, what is answered, the order of steps, places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.channels import series_column
from throughtime.data.columns import propose
from throughtime.data.fields import fit_fields
from throughtime.data.files import read
from throughtime.data.gathering import Layout, gathered, read_rows
from throughtime.data.records import Records, in_memory_records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, ThroughtimeError, UsageError

TABLE: dict[str, list[Any]] = {
    "trial": ["a", "a", "b", "b", "b"],
    "x": [1, 2, 3.5, 4, 5],
    "y": ["10", "20", "30", "40", "51"],
    "where": ["in", "out", "in", "in", "out"],
    "subject": [7, 7, 8, 8, 8],
    "label": ["walk", "walk", "run", "run", "run"],
}


def found(table: Any = None, **settings: Any) -> Records:
    return read_rows(TABLE if table is None else table, DataSettings(series="trial", **settings))


def test_channels_are_joined_and_the_rest_holds_for_the_whole_series() -> None:
    records = found()
    assert records.columns == {
        "trial": ["a", "b"],
        "subject": [7, 8],
        "label": ["walk", "run"],
        "channels": [[[1.0, 10.0], [2.0, 20.0]], [[3.5, 30.0], [4.0, 40.0], [5.0, 51.0]]],
    }
    assert records.channels == {"channels": ("x", "y")} and records.roles == {"channels": "input"}
    assert any("5 rows are the steps of 2 series" in note and "channels: x, y" in note for note in records.notes)
    assert any('"where" holds words' in note for note in records.notes)


def test_one_channel_keeps_its_name_and_input_chooses() -> None:
    assert found(input=("y",)).columns["y"] == [[10.0, 20.0], [30.0, 40.0, 51.0]]
    assert found(input=("y", "x")).channels == {"channels": ("x", "y")}
    settings = DataSettings(series="trial", input=("y", "x", "subject"))
    assert propose(read_rows(TABLE, settings), settings).inputs == ("channels", "subject")


def test_words_a_step_are_read_where_they_are_named() -> None:
    settings = DataSettings(series="trial", input=("x", "where"))
    records = read_rows(TABLE, settings)
    assert records.columns["where"] == [["in", "out"], ["in", "in", "out"]]
    assert propose(records, settings).kinds == {"x": "numbers", "where": "tokens", "label": "category"}


def test_only_channels_are_proposed_as_inputs() -> None:
    settings = DataSettings(series="trial")
    proposal = propose(read_rows(TABLE, settings), settings)
    assert proposal.inputs == ("channels",) and proposal.kinds == {"channels": "numbers", "label": "category"}
    assert any("trial, subject" in note for note in proposal.notes)


@pytest.mark.parametrize(("output", "kind"), [("where", "tags"), ("x", "numbers")])
def test_an_output_that_changes_is_one_a_step(output: str, kind: str) -> None:
    settings = DataSettings(series="trial", output=(output,))
    records = read_rows(TABLE, settings)
    proposal = propose(records, settings)
    assert proposal.kinds[output] == kind and output not in proposal.inputs
    assert [len(steps) for steps in records.columns[output]] == [2, 3]


def test_a_usual_name_and_the_only_column_of_words_are_learnt_a_step() -> None:
    table = {"trial": TABLE["trial"], "x": TABLE["x"], "state": TABLE["where"]}
    assert propose(found(table), DataSettings()).kinds == {"x": "numbers", "state": "tags"}
    table = {"trial": TABLE["trial"], "x": TABLE["x"], "label": [1, 2, 1, 1, 2], "subject": TABLE["subject"]}
    assert propose(found(table), DataSettings()).kinds == {"x": "numbers", "label": "tags"}


def test_steps_stand_in_the_order_of_time_and_time_is_no_channel() -> None:
    table = {**TABLE, "at": ["2024-01-01 10:00", "2024-01-01 09:30", "2024/01/02", "2024-01-01", "2023-12-31T23:00"]}
    records = found(table, time="at")
    assert records.columns["channels"][0] == [[2.0, 20.0], [1.0, 10.0]]
    assert [step[0] for step in records.columns["channels"][1]] == [5.0, 4.0, 3.5]
    assert "at" not in records.columns
    assert str(records.where(0, "channels").at(0)) == 'the columns row 2, column "channels"'
    records = found({**TABLE, "at": ["10", "9", "3", "2.5", "1e1"]}, time="at")
    assert [step[0] for step in records.columns["channels"][1]] == [4.0, 3.5, 5.0]


def test_a_column_named_as_time_is_left_aside_and_this_is_said() -> None:
    records = found({**TABLE, "t": [0, 1, 0, 1, 2]})
    assert records.channels["channels"] == ("x", "y")
    assert any("--set time=t" in note for note in records.notes)
    assert found({**TABLE, "t": [0, 1, 0, 1, 2]}, input=("x", "t")).channels["channels"] == ("x", "t")


def test_series_may_be_mixed_and_their_ids_are_classes() -> None:
    table = {"trial": ["1", 2.0, 1.0, "2"], "x": [1, 2, 3, 4], "label": ["p", "q", "p", "q"]}
    assert found(table).columns["x"] == [[1.0, 3.0], [2.0, 4.0]]


def test_a_cell_is_named_by_its_own_line_and_column(tmp_path: Path) -> None:
    rows = [f"{k // 4},{k},{'bad' if k == 6 else k * 2},p\n" for k in range(12)]
    (tmp_path / "walk.csv").write_text("trial,x,y,label\n" + "".join(rows))
    with pytest.raises(DataError, match='walk.csv row 8, column "y": "bad" is not a number'):
        read_rows(tmp_path / "walk.csv", DataSettings(series="trial"))
    fixed = (tmp_path / "walk.csv").read_text().replace("bad", "")
    (tmp_path / "walk.csv").write_text(fixed)
    records = read_rows(tmp_path / "walk.csv", DataSettings(series="trial", missing=("n/a",)))
    field = fit_fields(records, {"channels": "numbers"}, (), DataSettings(missing=("n/a",)))["channels"]
    assert field.encode(records.columns["channels"][1], records.where(1))[2, 1] == 0


def test_json_lines_with_a_row_a_step(tmp_path: Path) -> None:
    rows = [dict(zip(TABLE, values, strict=True)) for values in zip(*TABLE.values(), strict=True)]
    (tmp_path / "walk.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    records = read_rows(tmp_path / "walk.jsonl", DataSettings(series="trial"))
    assert records.columns == found().columns and records.where(1).row == 3


def test_what_is_read_later_is_gathered_alike() -> None:
    layout = Layout.of(found())
    assert layout is not None and layout.steps == ()
    constant = {"trial": ["c", "c"], "x": [1, 1], "y": [2, 2]}
    records = gathered(read(constant, DataSettings()), DataSettings(series="trial"), layout)
    assert records.columns["channels"] == [[[1.0, 2.0], [1.0, 2.0]]]
    alone = gathered(read({"x": [1, 2], "y": [3, 4]}, DataSettings()), DataSettings(series="trial"), layout)
    assert alone.columns["channels"] == [[[1.0, 3.0], [2.0, 4.0]]]
    ready = read({"channels": [[[1, 2]]]}, DataSettings())
    assert gathered(ready, DataSettings(series="trial"), layout) is ready
    with pytest.raises(UsageError, match='unknown column "y"'):
        gathered(read({"x": [1, 2]}, DataSettings()), DataSettings(series="trial"), layout)


def test_splits_of_a_folder_keep_their_series_apart(tmp_path: Path) -> None:
    for part in ("train", "test"):
        (tmp_path / f"{part}.csv").write_text("trial,x,label\n1,1,p\n1,2,p\n2,3,q\n2,4,q\n")
    records = read_rows(tmp_path, DataSettings(series="trial"))
    assert records.split == ["train", "train", "test", "test"] and len(records.columns["x"]) == 4


def test_a_column_that_looks_like_series_is_hinted_at() -> None:
    assert series_column(read({"unit_ID": [1, 1, 1, 2, 2, 2], "x": range(6)}, DataSettings())) == "unit_ID"
    assert series_column(read({"unit_ID": [1, 2, 1, 2, 1, 2], "x": range(6)}, DataSettings())) is None
    assert series_column(read({"height": [1, 1, 1, 2, 2, 2], "x": range(6)}, DataSettings())) is None


@pytest.mark.parametrize(
    ("changes", "settings", "words"),
    [
        ({}, {"series": "trail"}, ('unknown column "trail"', 'did you mean "trial"')),
        ({}, {"series": None, "time": "x"}, ("--set time=x", "--set series=COLUMN")),
        ({}, {"time": "tine"}, ('unknown column "tine"',)),
        ({}, {"input": ("z",)}, ('unknown column "z"',)),
        ({}, {"output": ("lable",)}, ('did you mean "label"',)),
        ({}, {"input": ("subject",)}, ("no column of --input subject changes",)),
        ({"trial": list("abcde")}, {}, ("--set series=trial", "no series has two steps")),
        ({"trial": ["a", "", "b", "b", "b"]}, {}, ('row 2, column "trial"', "which series", "fill it in")),
        ({"t": [1, 1, 2, 3, 4]}, {"time": "t"}, ('row 2, column "t"', "stands in row 1", "time of its own")),
        ({"t": ["1.1.2024"] * 5}, {"time": "t"}, ('row 1, column "t"', "neither a number nor a date", "2024-01-31")),
        ({"y": ["1", "2", "", "4", "5"]}, {}, ('row 3, column "y"', "missing", "--set missing=n/a")),
        ({"part": list("aabbc")}, {"group": "part"}, ('row 5, column "part"', '"b" in row 3', "one split")),
        ({}, {"test": "where=out"}, ('row 2, column "where"', "one series stands in one split")),
    ],
)
def test_what_cannot_be_gathered_is_refused(
    changes: dict[str, Any], settings: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ThroughtimeError) as refused:
        read_rows({**TABLE, **changes}, DataSettings(**{"series": "trial", **settings}))
    assert refused.value.exit_code == 2
    for word in words:
        assert word in str(refused.value)


def test_steps_out_of_the_order_of_time_are_put_into_it() -> None:
    table: dict[str, list[Any]] = {"who": ["a", "a", "b", "a", "b"], "t": [2, 1, 5, 3, 4], "x": [20, 10, 50, 30, 40]}
    found = gathered(in_memory_records(table), DataSettings(series="who"))
    assert found.columns["x"] == [[10.0, 20.0, 30.0], [40.0, 50.0]]
    assert any('not in the order of "t", and are put into it' in note for note in found.notes)
    table["t"] = [1, 1, 5, 3, 4]  # two of one time: nobody knows which was first
    assert gathered(in_memory_records(table), DataSettings(series="who")).columns["x"][0] == [20.0, 10.0, 30.0]
    table["t"] = [1, 2, 5, 3, 6]
    assert not any(
        "are put into it" in note for note in gathered(in_memory_records(table), DataSettings(series="who")).notes
    )
