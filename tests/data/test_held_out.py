"""Splits by the values of a column: what they hold, beside fractions, files and split columns, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.data.test_splits import divided
from throughtime.data.columns import propose
from throughtime.data.files import read
from throughtime.data.held_out import by_value
from throughtime.data.settings import DataSettings
from throughtime.errors import UsageError


def houses(count: int = 60) -> dict[str, list[Any]]:
    """Rows of three houses in turn, each with a text of its own."""
    return {
        "text": [f"text {k}" for k in range(count)],
        "house": [k % 3 + 1 for k in range(count)],
        "label": [("x", "y")[k % 2] for k in range(count)],
    }


def test_a_value_holds_out_its_rows_and_valid_is_drawn_from_the_rest() -> None:
    found = divided(houses(), test="house=3", valid="0.25")
    assert found.test.columns["house"] == [3] * 20 and len(found.valid) == 10
    assert set(found.train.columns["house"]) == {1, 2} == set(found.valid.columns["house"])
    assert any('the 20 rows whose "house" is 3' in note for note in found.notes)
    rows = [*found.train.columns["text"], *found.valid.columns["text"], *found.test.columns["text"]]
    assert sorted(rows) == sorted(houses()["text"])


def test_several_values_and_both_splits_by_value() -> None:
    found = divided(houses(), test="house=3", valid="house=2")
    assert {len(found.train), len(found.valid), len(found.test)} == {20}
    found = divided(houses(), test="house=2,3", valid="0.5")
    assert len(found.test) == 40 and set(found.train.columns["house"]) == {1}


def test_values_are_classes_whatever_their_type() -> None:
    assert (
        divided({**houses(), "house": [float(k % 3) for k in range(60)]}, test="house=2").test.columns["house"]
        == [2.0] * 20
    )


def test_a_file_whose_name_looks_like_a_value_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house=3").write_text("text,label\nso,x\nno,y\n")
    assert by_value("test", "house=3") is None
    assert divided(houses(), test="house=3").test.columns["text"] == ["so", "no"]


def test_the_column_is_no_input() -> None:
    settings = DataSettings(test="house=3", output=("label",))
    assert propose(read(houses(), settings), settings).inputs == ("text",)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"test": "hause=3"}, ("--test hause=3", 'did you mean "house"')),
        ({"test": "house=4"}, ("--test house=4", 'no row has "4" in "house"', "choose among 1, 2, 3")),
        ({"test": "house="}, ("--test house=", "no value", "column=value")),
        ({"test": "house=3", "valid": "label=x"}, ("--test house=3", "--valid label=x", "row 3", "no row shares")),
        ({"test": "house=1,2,3"}, ("the train split has no rows",)),
        ({"test": "house=3", "valid": "house=1,2"}, ("the train split has no rows",)),
        ({"test": "no/such/file"}, ("--test no/such/file", "column=value")),
    ],
)
def test_what_cannot_be_held_out_is_refused(settings: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as refused:
        divided(houses(), **settings)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("settings", [{"output": ("house",)}, {"input": ("house", "text"), "output": ("label",)}])
def test_what_is_held_out_by_is_neither_input_nor_output(settings: dict[str, Any]) -> None:
    chosen = DataSettings(test="house=3", **settings)
    with pytest.raises(UsageError, match='"house" is --.*held out; name another'):
        propose(read(houses(), chosen), chosen)


def test_a_split_column_that_says_test_and_a_value_that_does_too() -> None:
    told = {**houses(), "part": [("train", "test")[k % 3 == 2] for k in range(60)]}
    with pytest.raises(UsageError, match="--test house=3: --split part says which rows are test"):
        divided(told, split="part", test="house=3")
    found = divided(told, split="part", valid="house=2")
    assert set(found.valid.columns["house"]) == {2} and set(found.train.columns["house"]) == {1}
