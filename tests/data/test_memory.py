"""What a Python program holds, read as records: all forms of the same rows give the same columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas  # type: ignore[import-untyped]
import pytest

import throughtime as tt
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, ThroughtimeError, UsageError

TEXTS, LABELS = ["fine, indeed", "bad", "a\nlong one"], ["pos", "neg", "pos"]


class PolarsLike:
    """A data frame of a library that is not installed here, known by what it can do."""

    class Column:
        def __init__(self, name: str, values: list[str]) -> None:
            self.name, self.values = name, values

        def to_list(self) -> list[str]:
            return self.values

    def iter_rows(self) -> zip[tuple[str, str]]:
        return zip(TEXTS, LABELS, strict=True)

    def get_columns(self) -> list[Column]:
        return [self.Column("text", TEXTS), self.Column("label", LABELS)]


class ArrowLike:
    """As pyarrow's tables are."""

    column_names = ("text", "label")

    def to_pydict(self) -> dict[str, list[str]]:
        return {"text": TEXTS, "label": LABELS}

    class Chunks(list[str]):
        def to_pylist(self) -> list[str]:
            return list(self)

    def column(self, k: int) -> Chunks:
        return self.Chunks((TEXTS, LABELS)[k])


SOURCES = {
    "records": [{"text": text, "label": label} for text, label in zip(TEXTS, LABELS, strict=True)],
    "columns": {"text": TEXTS, "label": tuple(LABELS)},
    "arrays": {"text": np.array(TEXTS), "label": np.array(LABELS, dtype=object)},
    "pairs": list(zip(TEXTS, LABELS, strict=True)),
    "generator": None,
    "pandas": pandas.DataFrame({"text": TEXTS, "label": LABELS}, index=[7, 3, 3]),
    "categorical": pandas.DataFrame({"text": TEXTS, "label": pandas.Categorical(LABELS)}),
    "polars": PolarsLike(),
    "pyarrow": ArrowLike(),
}


@pytest.mark.parametrize("form", SOURCES)
def test_every_form_holds_the_same_columns(form: str) -> None:
    source = SOURCES[form] if form != "generator" else (entry for entry in SOURCES["records"])
    records = read(source, DataSettings())
    assert records.columns == {"text": TEXTS, "label": LABELS}
    assert records.where(1, "label").row == 2 and records.where(1, "label").column == "label"
    assert records.notes


def test_values_of_other_libraries_become_plain() -> None:
    frame = pandas.DataFrame(
        {
            "count": np.array([1, 2], dtype=np.int16),
            "size": pandas.array([0.5, None], dtype="Float64"),
            "when": [pandas.Timestamp("2024-01-02"), pandas.NaT],
            "tags": [("a", "b"), {"c"}],
        }
    )
    columns = read(frame, DataSettings()).columns
    assert columns["count"] == [1, 2] and type(columns["count"][0]) is int
    assert columns["size"] == [0.5, None]
    assert columns["when"][1] is None
    assert columns["tags"] == [["a", "b"], ["c"]]


def test_missing_keys_are_missing_values_and_keys_need_not_be_texts() -> None:
    records = read([{"text": "a", 3: 1}, {"text": "b"}], DataSettings())
    assert records.columns == {"text": ["a", "b"], "3": [1, None]}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ([], ["there is none", "give at least one"]),
        ({}, ["no column"]),
        ({"text": []}, ["no row"]),
        ({"text": ["a", "b"], "label": ["x"]}, ["1 values where", '"text" has 2', 'column "label"']),
        ({"text": "abc"}, ["must be a list", "data frame"]),
        ([{"text": "a"}, "b"], ["row 2", "is not a dict", "as the first record is"]),
        ([("a", "x"), ("b",)], ["row 2", "pair of text and label"]),
        ([{}, {}], ["no key"]),
        ([{"text": "half \ud800"}], ["row 1", "half a character", "encoding"]),
        (42, ["int", "cannot be read", "data frame"]),
        (b"bytes", ["bytes", "cannot be read"]),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), ['two columns are named "a"', "rename"]),
    ],
)
def test_what_cannot_be_read_is_refused_with_place_and_mend(source: object, words: list[str]) -> None:
    with pytest.raises(ThroughtimeError) as caught:
        read(source, DataSettings())
    assert isinstance(caught.value, (DataError, UsageError)) and caught.value.exit_code == 2
    assert all(word in str(caught.value) for word in words), caught.value


def test_an_index_that_says_something_is_read_as_columns() -> None:
    days = pandas.date_range("2024-01-01", periods=4)
    found = read(pandas.DataFrame({"y": [1.0, 2.0, 3.0, 4.0]}, index=days), DataSettings())
    assert list(found.columns) == ["time", "y"] and str(found.columns["time"][1]).startswith("2024-01-02")
    months = pandas.period_range("2024-01", periods=2, freq="M")
    assert read(pandas.DataFrame({"y": [1.0, 2.0]}, index=months), DataSettings()).columns["time"][1] == "2024-02"
    both = pandas.MultiIndex.from_product([["a", "b"], days[:2]], names=["shop", "day"])
    assert list(read(pandas.DataFrame({"y": [1.0, 2.0, 3.0, 4.0]}, index=both), DataSettings()).columns) == [
        "shop",
        "day",
        "y",
    ]
    shuffled = pandas.DataFrame({"y": [1.0, 2.0]}, index=[7, 3])
    assert list(read(shuffled, DataSettings()).columns) == ["y"]


def test_a_data_frame_with_its_days_in_the_index_is_forecast_by_them(tmp_path: Path) -> None:
    days = pandas.date_range("2024-01-01", periods=120)
    frame = pandas.DataFrame({"sold": [float(k % 7) for k in range(120)]}, index=days)
    options: dict[str, Any] = {"task": "forecast", "horizon": 2, "hidden_size": 4, "epochs": 1}
    trained = tt.train(frame, tmp_path / "run", **options)
    assert trained.predict()[0]["time"][0].startswith("2024-04-30")
    assert trained.predict(frame.iloc[-3:])[0]["time"] == trained.predict()[0]["time"]
