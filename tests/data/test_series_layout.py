"""Which columns say when, of which series, and what to forecast; and which tables are no series at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from throughtime.data.records import in_memory_records
from throughtime.data.series.layout import Layout, layout_of, looks_like_series
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, UsageError

N = 60
DAYS = [(date(2021, 1, 4) + timedelta(days=k)).isoformat() for k in range(N)]
HOURS = [f"2021-03-{1 + k // 24:02} {k % 24:02}:00" for k in range(N)]
NUMBERS = [k * 7 % 11 + 0.25 for k in range(N)]
TEXTS = [f"a fine film of no plot {k}" for k in range(N)]
Columns = dict[str, list[Any]]


def turns(*values: Any) -> list[Any]:
    return [values[k % len(values)] for k in range(N)]


def blocks(*values: Any) -> list[Any]:
    """Each value for an equal share of the rows, one after the other."""
    return [values[k * len(values) // N] for k in range(N)]


def long(series: int) -> list[str]:
    """The same days for each of several series."""
    return DAYS[: N // series] * series


# columns, settings, and (time, series, targets, past, known) with - for none
LAYOUTS: dict[str, tuple[Columns, dict[str, Any], str]] = {
    "one series": ({"day": DAYS, "sold": NUMBERS}, {}, "day - sold - -"),
    "no times": ({"x": NUMBERS, "y": turns(1, 2)}, {}, "- - x,y - -"),
    "several sensors": ({"at": HOURS, "a": NUMBERS, "b": turns(1.5, 2)}, {}, "at - a,b - -"),
    "one sensor asked for": ({"at": HOURS, "a": NUMBERS, "b": NUMBERS}, {"output": ("b",)}, "at - b - -"),
    "input": ({"at": HOURS, "a": NUMBERS, "b": NUMBERS}, {"input": ("b",)}, "at - a b -"),
    "known ahead": ({"at": HOURS, "a": NUMBERS, "b": NUMBERS}, {"output": ("a",), "known": ("b",)}, "at - a - b"),
    "read and known": (
        {"at": HOURS, "a": NUMBERS, "b": NUMBERS},
        {"output": ("a",), "input": ("b",), "known": ("b",)},
        "at - a - b",
    ),
    "names": ({"store": blocks("a", "b", "c"), "day": long(3), "sold": NUMBERS}, {}, "day store sold - -"),
    "names by turns": (
        {"day": sorted(long(3)), "store": turns("a", "b", "c"), "sold": NUMBERS},
        {},
        "day store sold - -",
    ),
    "numbers as names": ({"store": blocks(3, 1, 2), "day": long(3), "sold": NUMBERS}, {}, "day store sold - -"),
    "names of two columns": (
        {"item": turns(10, 20), "store": blocks("a", "b", "c"), "day": sorted(long(6)[:20]) * 3, "sold": NUMBERS},
        {"output": ("sold",)},
        "day item,store sold - -",
    ),
    "names as they are said": (
        {"a": turns("x", "y"), "b": blocks("a", "b", "c"), "day": sorted(long(6)[:20]) * 3, "sold": NUMBERS},
        {"series": "b, a"},
        "day b,a sold - -",
    ),
    "a class beside names": (
        {"kind": turns("a", "b"), "shop": blocks(1, 2, 3), "day": long(3), "sold": NUMBERS},
        {"output": ("sold",)},
        "day shop sold - -",
    ),
    "counted times": ({"t": [k * 10 for k in range(N)], "x": NUMBERS}, {}, "t - x - -"),
    "years": ({"year": list(range(1950, 1950 + N)), "x": NUMBERS}, {}, "year - x - -"),
    "months beside years": (
        {"year": [1950 + k // 12 for k in range(N)], "month": [k % 12 + 1 for k in range(N)], "x": NUMBERS},
        {"output": ("x",)},
        "- - x - -",
    ),
    "a count that is named": ({"n": list(range(N)), "x": NUMBERS}, {"time": "n"}, "n - x - -"),
    "two times": ({"sent": DAYS, "date": DAYS[::-1], "x": NUMBERS}, {}, "date - x - -"),
    "times in several forms": ({"at": DAYS[:30] + HOURS[:30], "x": NUMBERS}, {}, "at - x - -"),
    "an index": ({"1": list(range(N)), "day": DAYS, "x": NUMBERS}, {}, "day - x - -"),
    "an index with a name": ({"Unnamed: 0": list(range(N)), "day": DAYS, "x": NUMBERS}, {}, "day - x - -"),
    "a column of splits": ({"day": DAYS, "x": NUMBERS, "fold": blocks(0, 1)}, {"split": "fold"}, "day - x - -"),
}


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_the_columns_are_found(name: str) -> None:
    columns, said, expected = LAYOUTS[name]
    known = said.get("known", ())
    settings = DataSettings(**{key: value for key, value in said.items() if key != "known"})
    found, notes = layout_of(in_memory_records(columns), settings, known)
    time, *others = [tuple(part.split(",")) if part != "-" else () for part in expected.split()]
    assert found == Layout(time[0] if time else None, *others)
    assert notes[0].startswith("forecasting " + ", ".join(f'"{target}"' for target in found.targets))
    assert set(found.columns) <= set(columns)


def test_one_day_too_many_is_no_second_series() -> None:
    """A column that happens to differ on a day that stands twice does not name series."""
    columns = {"day": [*DAYS[:-1], DAYS[-2]], "promo": turns("a", "b"), "x": NUMBERS}
    assert layout_of(in_memory_records(columns), DataSettings(), ())[0].series == ()


def test_what_is_left_aside_is_said() -> None:
    columns = {"day": DAYS, "sold": NUMBERS, "price": NUMBERS}
    notes = layout_of(in_memory_records(columns), DataSettings(output=("sold",)), ())[1]
    assert any('left aside: "price"' in note for note in notes)


@pytest.mark.parametrize(
    ("columns", "said", "words"),
    [
        ({"a": DAYS, "b": DAYS, "x": NUMBERS}, {}, '"a", "b" all hold times; say which with --set time=a'),
        ({"day": DAYS, "x": [None] * N}, {"output": ("x",)}, '"x" holds no value at all'),
        ({"day": DAYS, "x": NUMBERS, "p": [""] * N}, {"input": ("p",)}, '"p" holds no value at all'),
        ({"day": DAYS, "x": NUMBERS}, {"series": " , "}, "names no column"),
        ({"day": DAYS, "x": NUMBERS}, {"output": ("x", "x")}, '--output: "x" is named twice'),
        ({"day": DAYS, "name": turns("a", "b")}, {}, "no column of numbers is left"),
        ({"day": DAYS, "x": NUMBERS}, {"output": ("day",)}, "--output day: the column says when"),
    ],
)
def test_columns_that_cannot_be_so_are_refused(columns: Columns, said: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        layout_of(in_memory_records(columns), DataSettings(**said), ())
    assert words in str(refused.value)


def test_names_are_not_forecast() -> None:
    columns = {"day": DAYS, "kind": ["", *turns("a", "b")[1:]]}
    with pytest.raises(DataError) as refused:
        layout_of(in_memory_records(columns), DataSettings(output=("kind",)), ())
    assert refused.value.place.row == 2 and refused.value.place.column == "kind"


SERIES: dict[str, tuple[Columns, dict[str, Any]]] = {
    "a day and a value": ({"date": DAYS, "value": NUMBERS}, {}),
    "whole numbers": ({"date": DAYS, "passengers": [int(x) * 3 for x in NUMBERS]}, {}),
    "few whole numbers": ({"ds": DAYS, "y": turns(0, 1, 2)}, {}),
    "sensors": ({"timestamp": HOURS, "temp": NUMBERS, "humidity": NUMBERS, "wind": NUMBERS}, {}),
    "stores": ({"date": long(3), "store": blocks("a", "b", "c"), "sales": NUMBERS}, {}),
    "stores by number": ({"date": long(3), "store": blocks(1, 2, 3), "sales": NUMBERS}, {}),
    "stores with categories": (
        {"date": long(3), "store": blocks("a", "b", "c"), "category": blocks("x", "y", "y"), "sales": NUMBERS},
        {},
    ),
    "a category that changes, and is not asked for": (
        {"date": DAYS, "category": turns("x", "y"), "sales": NUMBERS},
        {"output": ("sales",)},
    ),
    "a weather in words": ({"date": DAYS, "sky": turns("blue", "grey"), "temp": NUMBERS}, {}),
    "holes": ({"date": DAYS, "value": [None, *NUMBERS[1:]]}, {}),
}
OTHERS: dict[str, tuple[Columns, dict[str, Any]]] = {
    "reviews": ({"date": DAYS, "review": TEXTS, "label": turns("good", "bad")}, {}),
    "reviews with stars": ({"date": DAYS, "review": TEXTS, "stars": turns(1, 2, 3)}, {}),
    "stars by user": ({"date": long(3), "user": blocks("a", "b", "c"), "rating": turns(1, 2, 5)}, {}),
    "names and labels": ({"name": TEXTS, "label": turns("x", "y")}, {}),
    "a number and no times": ({"text": TEXTS, "price": NUMBERS}, {}),
    "numbers and no times": ({"size": NUMBERS, "price": [k * 3 for k in range(N)]}, {}),
    "plain counts": ({"n": list(range(N)), "price": NUMBERS}, {}),
    "times and nothing else": ({"date": DAYS, "delivered": DAYS}, {}),
    "a class in words": ({"date": DAYS, "temp": NUMBERS, "label": turns("rain", "sun")}, {}),
    "a class in numbers": ({"date": DAYS, "temp": NUMBERS, "label": turns(0, 1)}, {}),
    "a class asked for": ({"date": DAYS, "temp": NUMBERS, "sky": turns("x", "y")}, {"output": ("sky",)}),
    "dates to be learnt": ({"date": DAYS, "temp": NUMBERS}, {"output": ("date",)}),
    "dates as input": ({"date": DAYS, "temp": NUMBERS}, {"input": ("date",)}),
    "dates as texts to be written": ({"spoken": TEXTS, "written": DAYS}, {}),
    "many rows a day": ({"date": turns(*DAYS[:5]), "price": NUMBERS}, {}),
    "lists": ({"date": DAYS, "x": [[1.0, 2.0]] * N}, {}),
    "tokens": ({"tokens": [text.split() for text in TEXTS], "tags": [["x"] * 7] * N}, {}),
    "kinds are said": ({"date": DAYS, "x": NUMBERS}, {"kinds": ("x=number",)}),
    "a group is said": ({"date": DAYS, "x": NUMBERS, "who": turns("a", "b")}, {"group": "who"}),
    "two rows": ({"date": DAYS[:2], "x": NUMBERS[:2]}, {}),
}


@pytest.mark.parametrize("name", list(SERIES))
def test_series_are_recognised(name: str) -> None:
    columns, said = SERIES[name]
    assert looks_like_series(in_memory_records(columns), DataSettings(**said))


@pytest.mark.parametrize("name", list(OTHERS))
def test_other_tables_are_left_to_their_tasks(name: str) -> None:
    columns, said = OTHERS[name]
    assert not looks_like_series(in_memory_records(columns), DataSettings(**said))


def test_a_table_of_times_and_one_number_is_series_whatever_is_wrong_with_it() -> None:
    dates = [f"2021-01-{k:02}" for k in (*range(1, 20), 19, 20)]
    days = {"day": dates, "sold": list(range(len(dates)))}
    assert looks_like_series(in_memory_records(days), DataSettings())  # the day that stands twice is refused later
    commas = {"day": ["2021-01-01", "2021-01-02", "2021-01-03"], "sold": ["1.050,5", "20,0", "3,25"]}
    assert looks_like_series(in_memory_records(commas), DataSettings())
    with pytest.raises(DataError, match="write it with a decimal point"):
        layout_of(in_memory_records(commas), DataSettings(), ())


def test_a_column_of_yes_and_no_is_not_forecast_unless_it_is_all_there_is() -> None:
    days = [f"2021-01-{k:02}" for k in range(1, 9)]
    table = {"day": days, "sold": list(range(8)), "promo": [0, 1] * 4}
    layout, notes = layout_of(in_memory_records(table), DataSettings(), ())
    assert layout.targets == ("sold",) and any('left aside: "promo"' in note for note in notes)
    del table["sold"]
    assert layout_of(in_memory_records(table), DataSettings(), ())[0].targets == ("promo",)
