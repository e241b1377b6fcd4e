"""Rows to a panel and back into one: names, covariates, holes, several series, new rows, what Python holds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from throughtime.data.files import read
from throughtime.data.records import Records, in_memory_records
from throughtime.data.series.layout import layout_of
from throughtime.data.series.panel import Panel
from throughtime.data.series.reading import Read, Reader
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError

NAN = float("nan")


def day(k: int) -> str:
    return (date(2021, 1, 4) + timedelta(days=k)).isoformat()


def reading(data: Any, *, known: tuple[str, ...] = (), zone: str | None = None, **said: Any) -> tuple[Reader, Read]:
    asked = {name: said.pop(name, usual) for name, usual in (("step", "auto"), ("within", "refuse"))}
    calendar = said.pop("calendar", False)
    settings = DataSettings(
        **{name: (value,) if name in ("output", "input") else value for name, value in said.items()}
    )
    records = data if isinstance(data, Records) else read(data, settings)
    layout, _ = layout_of(records, settings, known)
    return Reader.fit(records, layout, settings.missing, calendar=calendar, zone=zone, **asked)


def values(panel: Panel) -> dict[str, list[float | None]]:
    """Each series by name, None for NaN."""
    return {
        name: [None if np.isnan(value) else float(value) for value in one]
        for name, one in zip(panel.names, panel.values, strict=True)
    }


def table(columns: Mapping[str, list[Any]]) -> Records:
    return in_memory_records(dict(columns))


def test_each_target_is_a_series() -> None:
    _, found = reading({"day": [day(k) for k in range(4)], "a": [1, 2, None, 4], "b": [None, 6.5, 7, None]})
    assert values(found.panel) == {"a": [1, 2, None, 4], "b": [6.5, 7]}
    assert found.panel.begins.tolist() == [0, 1] and found.at.tolist() == [0, 1, 2, 3]


def test_rows_of_several_series_in_any_mixture_are_the_same_panel() -> None:
    rows = [(day(k), name, 100 * s + k) for s, name in enumerate(("b", "a", "c")) for k in range(9)]
    by_date = sorted(rows, key=lambda row: row[0])
    mixed = by_date.copy()
    random.Random(3).shuffle(mixed)
    mixed.sort(key=lambda row: row[0])
    expected = {name: [float(100 * s + k) for k in range(9)] for s, name in enumerate(("b", "a", "c"))}
    for each in (rows, by_date, mixed):
        _, found = reading(dict(zip(("day", "shop", "sold"), map(list, zip(*each, strict=True)), strict=True)))
        assert values(found.panel) == expected


def test_two_columns_and_several_targets_name_a_series_together() -> None:
    rows = [(a, b, day(k), 10 * a + k, -k) for a in (2, 1) for b in ("x", "y") for k in range(3)]
    columns = dict(zip(("store", "item", "day", "sold", "back"), map(list, zip(*rows, strict=True)), strict=True))
    _, found = reading(columns, series="store,item")
    expected = tuple(f"{a}, {b}, {name}" for a in (2, 1) for b in "xy" for name in ("sold", "back"))
    assert found.panel.names == expected
    assert values(found.panel)["1, y, sold"] == [10, 11, 12]


def test_names_are_the_same_whatever_their_type() -> None:
    whole: list[Any] = [1, 1, 2, 2]
    columns: dict[str, list[Any]] = {"t": [0, 1, 0, 1], "id": whole, "x": [5, 6, 7, 8]}
    for ids in (whole, [1.0, 1.0, 2.0, 2.0], ["1", " 1", "2 ", "2"]):
        _, found = reading({**columns, "id": ids}, series="id", time="t")
        assert values(found.panel) == {"1": [5, 6], "2": [7, 8]}


@pytest.mark.parametrize("nothing", [None, "", "  ", NAN, "NA"])
def test_a_missing_name_is_no_name(nothing: Any) -> None:
    columns = {"t": [0, 1, 0, 1], "id": ["a", "a", "b", nothing], "of": ["x"] * 4, "x": [5, 6, 7, 8]}
    with pytest.raises(DataError, match="name of the series is missing") as refused:
        reading(columns, series="of,id", time="t", output="x", missing=("NA",))
    assert refused.value.place.row == 4 and refused.value.place.column == "id"


def test_missing_values_at_the_ends_are_no_steps_and_those_between_are() -> None:
    sold = ["", "", "3", "", "5", "", ""]
    _, found = reading({"day": [day(k) for k in range(7)], "sold": sold})
    assert values(found.panel) == {"sold": [3, None, 5]} and found.panel.begins.tolist() == [2]
    assert found.occupied.tolist() == [0, 1, 2, 3, 4]  # nothing behind the last value is learnt from
    assert any(note.startswith("1 of 3 values is missing") for note in found.notes)


@pytest.mark.parametrize("cell", ["-999", "-999.0", " n/a", "n/a"])
def test_what_is_said_to_be_missing_is(cell: str) -> None:
    _, found = reading({"day": [day(k) for k in range(3)], "x": ["1", cell, "3"]}, missing=("-999", "n/a"), output="x")
    assert values(found.panel) == {"x": [1, None, 3]}


@pytest.mark.parametrize("cell", ["nan", "1_000", "\u0663", "1e999", "inf", "0x10", "ten"])
def test_what_no_one_would_call_a_number_is_none(cell: str) -> None:
    with pytest.raises(DataError, match="number") as refused:
        reading({"day": [day(k) for k in range(30)], "x": [*map(str, range(29)), cell]}, output="x")
    assert refused.value.place.row == 30 and refused.value.place.column == "x"


PLANNED = {
    "day": [day(k) for k in range(7)],
    "sold": [1, 2, 3, 4, 5, "", ""],
    "price": [1.5, "", 2.5, 1.5, 2.5, 3.5, ""],
    "kind": ["b", "a", "", "b", "a", "c", "b"],
    "size": [9, 9, 9, 9, "", "", ""],
}


def test_what_is_known_ahead_reaches_beyond_the_last_value_and_what_is_past_does_not() -> None:
    _, found = reading(PLANNED, output="sold", input="kind", known=("price", "size"))
    (past,), (known,) = found.panel.past, found.panel.known
    assert found.panel.past_names == ("kind=a", "kind=b", "kind=c") and found.panel.known_names == ("price", "size")
    expected = [[0, 1, 0], [1, 0, 0], [NAN] * 3, [0, 1, 0], [1, 0, 0]]
    np.testing.assert_array_equal(past, expected)
    np.testing.assert_array_equal(known[:, 0], [1.5, NAN, 2.5, 1.5, 2.5, 3.5, NAN])
    assert known.shape == (7, 2)


def test_what_never_changed_in_any_series_lasts() -> None:
    columns = {"day": [day(k) for k in range(4)] * 2, "shop": [*"aaaabbbb"], "sold": [*range(8)]}
    more = {"size": [1] * 4 + [2] * 4, "once": [0, 0, 0, 1, 0, 0, 0, 0]}
    reader, _ = reading({**columns, **more}, output="sold", known=("size", "once"))
    assert reader.lasting == ("size",)
    assert Reader.from_json(reader.to_json()) == reader


def test_a_word_that_training_did_not_have_is_refused_and_an_empty_cell_is_not() -> None:
    reader, _ = reading(PLANNED, output="sold", input="kind")
    new: dict[str, list[Any]] = {"day": [day(7), day(8)], "sold": [6, 7], "kind": ["", "z"]}
    with pytest.raises(DataError, match='"z" is not among the values of training') as refused:
        reader.read(table(new))
    assert refused.value.place.row == 2 and refused.value.place.column == "kind"
    found = reader.read(table({**new, "kind": ["", "c"]})).panel
    np.testing.assert_array_equal(found.past[0], [[NAN] * 3, [0, 0, 1]])
    assert found.begins.tolist() == [7]


def test_new_rows_are_read_in_the_form_of_the_run() -> None:
    """The first of a month, month first: by the new rows alone it could be the other way round."""
    reader, _ = reading({"day": [f"{1 + k // 28:02}/{1 + k % 28:02}/2021" for k in range(27)], "x": [*range(27)]})
    assert reader.read(table({"day": ["02/03/2021"], "x": [1]})).panel.begins.tolist() == [33]
    with pytest.raises(DataError):
        reader.read(table({"day": ["30/03/2021"], "x": [1]}))


def test_rows_that_share_a_step_become_one() -> None:
    columns = {"day": [day(k // 2) for k in range(8)], "x": [1, 3, 5, None, 2, 2, 7, 8], "p": [*"abbbaaab"]}
    _, found = reading(columns, output="x", input="p", within="mean", step="1d")
    assert values(found.panel) == {"x": [2, 5, 2, 7.5]}
    np.testing.assert_array_equal(found.panel.past[0], [[0.5, 0.5], [0, 1], [1, 0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("times", "step"),
    [
        ([1950 + k for k in range(20)], "1 year"),
        ([f"{1950 + k // 12}-{k % 12 + 1:02}" for k in range(20)], "1 month"),
        ([day(7 * k) for k in range(20)], "1 week"),
        ([day(k) for k in range(28) if k % 7 < 5], "1 business day"),
        ([k * 10 for k in range(20)], "10 steps"),
        ([f"{date(2021, 1, 4)} {k // 4:02}:{k % 4 * 15:02}" for k in range(20)], "15 minutes"),
    ],
)
def test_the_distance_of_steps_is_found(times: list[Any], step: str) -> None:
    numbers = [float(k * k % 7) for k in range(20)]
    reader, found = reading({"year": times, "x": numbers}, time="year", output="x")
    assert str(reader.axis.step) == step and values(found.panel) == {"x": numbers}


AUTUMN = [datetime(2021, 10, 30, 20, tzinfo=UTC) + timedelta(hours=k) for k in range(10)]
SPRING = [datetime(2021, 3, 27, 21, tzinfo=UTC) + timedelta(hours=k) for k in range(10)]


@pytest.mark.parametrize("moments", [AUTUMN, SPRING])
def test_hours_go_on_while_clocks_are_changed(moments: list[datetime]) -> None:
    local = [moment.astimezone(ZoneInfo("Europe/Berlin")) for moment in moments]
    numbers = [float(k) for k in range(len(local))]
    forms: list[list[Any]] = [
        local,
        [moment.isoformat() for moment in local],
        [moment.isoformat().replace("+00:00", "Z") for moment in moments],
    ]
    for times in forms:
        _, found = reading({"at": times, "x": numbers}, zone="Europe/Berlin")
        assert values(found.panel) == {"x": numbers}
    shown = [moment.replace(tzinfo=None).isoformat(" ") for moment in local]
    two = {"at": shown * 2, "s": ["a"] * 10 + ["b"] * 10, "x": numbers * 2}
    _, found = reading(two, zone="Europe/Berlin", series="s")
    assert values(found.panel) == {"a": numbers, "b": numbers}


def test_many_series_share_their_times_and_mistakes_keep_their_rows() -> None:
    columns = {"day": [day(k) for k in range(5)] * 4, "s": [name for name in "abcd" for _ in range(5)]}
    columns |= {"x": [str(k) for k in range(20)]}
    _, found = reading(columns, series="s")
    assert values(found.panel)["c"] == [10, 11, 12, 13, 14]
    wrong = {**columns, "day": [*columns["day"][:12], "2021-02-30", *columns["day"][13:]]}
    with pytest.raises(DataError, match="does not exist") as refused:
        reading(wrong, series="s")
    assert refused.value.place.row == 13


def test_what_python_holds_is_read_as_a_file_is(tmp_path: Path) -> None:
    days = [date(2021, 1, 4) + timedelta(days=k) for k in range(12)]
    sold = [float(k * 5 % 7) for k in range(12)]
    file = tmp_path / "data.csv"
    file.write_text("day,sold\n" + "".join(f"{one},{number}\n" for one, number in zip(days, sold, strict=True)))
    stamps = [datetime.combine(one, datetime.min.time()) for one in days]
    ways: list[Any] = [
        file,
        {"day": days, "sold": sold},
        {"day": np.array(days, dtype="datetime64[D]"), "sold": np.array(sold, dtype=np.float32)},
        [{"day": one, "sold": number} for one, number in zip(stamps, sold, strict=True)],
        [{"day": str(one), "sold": str(number)} for one, number in zip(days, sold, strict=True)],
    ]
    try:
        import pandas
    except ImportError:
        pass
    else:
        frame = pandas.DataFrame({"day": pandas.to_datetime([str(one) for one in days]), "sold": sold})
        frame.loc[3, "sold"] = None
        ways += [frame.fillna({"sold": sold[3]}), frame.assign(sold=sold).astype({"sold": "Float64"})]
        assert values(reading(frame)[1].panel)["sold"][3] is None
    for way in ways:
        reader, found = reading(way)
        assert values(found.panel) == {"sold": sold}
        assert reader.axis.stamp(0) == "2021-01-04"


def test_an_hour_shown_twice_is_told_apart_within_each_series() -> None:
    """Both series have the hour once, so for both it is the first one: the rows stand by time, one series each."""
    hours = ["2021-10-31 00:00", "2021-10-31 01:00", "2021-10-31 02:00", "2021-10-31 03:00", "2021-10-31 04:00"]
    rows = [(hour, name, k) for k, hour in enumerate(hours) for name in ("a", "b")]
    when, names, sold = (list(column) for column in zip(*rows, strict=True))
    _, found = reading({"when": when, "who": names, "sold": sold}, zone="Europe/Berlin", output="sold", series="who")
    assert values(found.panel) == {name: [0, 1, 2, None, 3, 4] for name in ("a", "b")}
    assert any("2 times stand" in note and "but once" in note for note in found.notes)
