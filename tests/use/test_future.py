"""The future written down: rounded for people, whole for programs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.use.forecast_material import many_series, undated
from throughtime.use.future import future_csv, future_lines, future_text


def row(predicted: list[Any], width: float | None = None, name: str | None = "OT") -> dict[str, Any]:
    made: dict[str, Any] = {
        "series": name,
        "time": [f"2017-10-24 {hour:02}:00:00" for hour in range(len(predicted))],
        "predicted": predicted,
    }
    if width is None:
        return made
    known = [0.0 if value is None else value for value in predicted]
    return {**made, "lower": [v - width / 2 for v in known], "upper": [v + width / 2 for v in known]}


def test_columns_stand_below_each_other() -> None:
    assert future_text([row([9.8123, 110.26, -3.0], 4.0)], 0.8).split("\n") == [
        "OT                 forecast   80 % interval",
        "2017-10-24              9.8     7.8 to  11.8",
        "2017-10-24 01:00      110.3   108.3 to 112.3",
        "2017-10-24 02:00       -3.0    -5.0 to  -1.0",
    ]


@pytest.mark.parametrize(
    ("value", "width", "shown"),
    [
        (1234567.89, 54321.0, "1,234,568"),
        (12.34567, 0.0123, "12.346"),
        (12.34567, 3.2, "12.3"),
        (0.0000123, 0.0000004, "0.000012"),
        (12.34567, None, "12.35"),
        (0.0, None, "0.000"),
        (-0.001, 3.0, "0.0"),
    ],
)
def test_figures_have_as_many_decimals_as_they_are_sure_of(value: float, width: float | None, shown: str) -> None:
    assert future_text([row([value], width)]).split("\n")[1].split()[1] == shown


def test_without_intervals_and_without_a_name() -> None:
    assert future_text([row([1.0, None], name=None)]).split("\n") == [
        "                   forecast",
        "2017-10-24            1.000",
        "2017-10-24 01:00          -",
    ]
    assert future_text([]) == "" and list(future_lines([])) == []


def test_of_many_series_the_first_and_a_count() -> None:
    told = many_series().forecast
    assert told is not None and len(told["rows"]) == 50
    text = future_text(told["rows"], told["level"])
    blocks = text.split("\n\n")
    assert [block.split()[0] for block in blocks[:3]] == ["OT", "HUFL", "MUFL"]
    assert all(len(block.split("\n")) == told["horizon"] + 1 for block in blocks[:3])
    assert blocks[3:] == ["and 47 more series; --json prints them all"]
    assert "more series" not in future_text(told["rows"][:3])


def test_programs_get_every_step_of_every_series_unrounded() -> None:
    told = many_series().forecast
    assert told is not None
    lines = list(future_lines(told["rows"]))
    assert len(lines) == 50 * told["horizon"]
    seventh, horizon = told["rows"][7], told["horizon"]
    assert lines[7 * horizon + 2] == {
        "series": seventh["series"],
        "time": seventh["time"][2],
        "predicted": seventh["predicted"][2],
        "lower": seventh["lower"][2],
        "upper": seventh["upper"][2],
    }


def test_table_reads_back() -> None:
    told = undated().forecast
    assert told is not None
    rows = [{**told["rows"][0], "series": 'the "first", one\nof two'}, {**told["rows"][0], "series": "b"}]
    text = future_csv(rows)
    assert "\r" not in text and text.endswith("\n")
    read = list(csv.DictReader(io.StringIO(text)))
    assert [line["series"] for line in read] == [one["series"] for one in rows]
    assert [float(line["upper"]) for line in read] == [one["upper"][0] for one in rows]
    assert future_csv([]) == "series,time,predicted\n"
