"""Splits in time, by fraction, by rows, by a column, by files; and what a run's rows go on with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from throughtime.data.records import Records, in_memory_records
from throughtime.data.series.future import after_the_last, ahead_of
from throughtime.data.series.panel import Panel
from throughtime.data.series.periods import given_periods, is_rows, periods_of
from throughtime.data.series.recent import behind, from_json, going_on, recent, to_json
from throughtime.data.settings import DataSettings
from throughtime.data.times.axis import Axis, Step
from throughtime.data.times.style import Style
from throughtime.errors import DataError, UsageError

NAN = np.nan
WHOLE = np.arange(100)
HOLES = np.delete(np.arange(100), [10, 11, 30, 95])  # steps at which rows stand
AXIS = Axis(0, Step(86400, "second"), Style("%Y-%m-%d"))


# the steps at which rows stand, what is set, and (valid, test)
PERIODS: dict[str, tuple[np.ndarray, dict[str, str], tuple[int, int, int, int]]] = {
    "usual": (WHOLE, {}, (80, 90, 90, 100)),
    "fractions": (WHOLE, {"valid": "0.2", "test": "0.3"}, (50, 70, 70, 100)),
    "fractions with holes": (HOLES, {"valid": "0.1", "test": "0.1"}, (79, 89, 89, 100)),
    "rows": (WHOLE, {"valid": "60:70", "test": "80:100"}, (60, 70, 80, 100)),
    "rows with holes": (HOLES, {"valid": "9:28", "test": "28:96"}, (9, 30, 31, 100)),
    "rows of valid": (WHOLE, {"valid": "60:70"}, (60, 70, 70, 100)),
    "rows of valid, a share for test": (WHOLE, {"valid": "60:70", "test": "0.2"}, (60, 70, 80, 100)),
    "rows of test": (WHOLE, {"test": "60:90"}, (50, 60, 60, 90)),
    "few": (np.arange(3), {}, (1, 2, 2, 3)),
    "later than 0": (WHOLE + 7, {}, (87, 97, 97, 107)),
}


@pytest.mark.parametrize("name", list(PERIODS))
def test_periods_follow_each_other(name: str) -> None:
    occupied, said, expected = PERIODS[name]
    found = periods_of(occupied, DataSettings(**said), {})
    assert (*found.valid, *found.test) == expected
    assert found.train[1] == found.valid[0] and found.of("test") == found.test


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"valid": "60:70", "test": "65:90"}, "--valid 60:70 and --test 65:90"),
        ({"valid": "70:80", "test": "50:60"}, "before the test split"),
        ({"valid": "0:50"}, "nothing lies before it"),
        ({"valid": "90:100"}, "no rows are left behind it"),
        ({"valid": "50:101"}, "end at 100 at most"),
        ({"valid": "50:50"}, "one row at least"),
        ({"valid": "0.5", "test": "0.5"}, "leave nothing to train on"),
        ({"valid": "0.2", "test": "5:100"}, "too few to be split"),
        ({"valid": "95:97", "test": "0.2"}, "before the test split"),
    ],
)
def test_periods_that_cannot_be_are_refused(said: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        periods_of(WHOLE, DataSettings(**said), {})
    assert words in str(refused.value)


def test_two_steps_are_too_few() -> None:
    with pytest.raises(UsageError, match="too few"):
        periods_of(np.arange(2), DataSettings(), {})


def test_rows_are_told_from_fractions_and_files() -> None:
    assert is_rows(" 5 : 10 ") and not is_rows("0.1") and not is_rows("a:b") and not is_rows("5:")


def parted(words: list[Any]) -> Records:
    return in_memory_records({"day": list(range(len(words))), "part": words})


def test_a_column_says_which_rows_are_which() -> None:
    words = ["train"] * 5 + ["dev", "Validation"] + ["test"] * 3
    found = given_periods(parted(words), DataSettings(split="part"), np.arange(10))
    assert found == {"valid": (5, 7), "test": (7, 10)}
    steps = np.tile(np.arange(5), 2)  # two series
    both = given_periods(parted(["train", "train", "train", "valid", "test"] * 2), DataSettings(split="part"), steps)
    assert both == {"valid": (3, 4), "test": (4, 5)}
    only = given_periods(parted(["train"] * 8 + ["test"] * 2), DataSettings(split="part"), np.arange(10))
    assert only == {"test": (8, 10)} and periods_of(np.arange(10), DataSettings(), only).valid == (7, 8)
    assert given_periods(parted(["x"]), DataSettings(), np.arange(1)) == {}


@pytest.mark.parametrize(
    ("words", "row", "said"),
    [
        (["train", "test", "train", "valid"], 2, "begins before"),
        (["train", "valid", "train", "test"], 2, "begins before"),
        (["train", "trian", "valid", "test"], 2, '"trian" is not train'),
        (["train", "train", "valid", None], 4, "is not train"),
        (["train"] * 4, None, "only train"),
    ],
)
def test_a_column_that_says_otherwise_is_refused(words: list[Any], row: int | None, said: str) -> None:
    with pytest.raises(DataError, match=said) as refused:
        given_periods(parted(words), DataSettings(split="part"), np.arange(4), "day")
    assert refused.value.place.row == row


def test_two_ways_to_split_are_refused() -> None:
    for said in ("0.3", "5:9"):
        with pytest.raises(UsageError, match=f"--valid {said}: the material says"):
            periods_of(WHOLE, DataSettings(valid=said), {"valid": (80, 90)})


def panel(
    numbers: dict[str, list[float]], known: dict[str, list[float]] | None = None, begins: tuple[int, ...] = (0,)
) -> Panel:
    ahead = known or numbers
    return Panel(
        AXIS,
        tuple(numbers),
        np.array(begins * (len(numbers) if len(begins) == 1 else 1), dtype=np.int64),
        tuple(np.array(one, dtype=np.float64) for one in numbers.values()),
        tuple(np.array(one, dtype=np.float64)[:, None] * 10 for one in numbers.values()),
        tuple(np.array(ahead[name], dtype=np.float64)[:, None] for name in numbers),
        ("p",),
        ("k",),
    )


def joined(before: Panel, new: Panel) -> tuple[int, list[Any], list[Any]]:
    """The first step, the values and what is known of the one series, -1 for NaN."""
    found = going_on(before, new)
    assert len(found) == 1 and len(found.past[0]) == len(found.values[0])
    values, known = (np.nan_to_num(part, nan=-1).tolist() for part in (found.values[0], found.known[0][:, 0]))
    return int(found.begins[0]), values, known


OLD = panel({"a": [1, 2, 3]}, {"a": [1, 2, 3, 4, 5]}, (10,))


def test_new_rows_stand_behind_the_old_ones() -> None:
    assert joined(OLD, panel({"a": [7, 8]}, begins=(13,))) == (10, [1, 2, 3, 7, 8], [1, 2, 3, 7, 8])
    assert joined(OLD, panel({"a": [7]}, begins=(14,))) == (10, [1, 2, 3, -1, 7], [1, 2, 3, 4, 7])


def test_what_is_given_again_counts_and_what_is_not_given_stays() -> None:
    assert joined(OLD, panel({"a": [7, NAN, 8]}, begins=(11,)))[1] == [1, 7, 3, 8]
    assert joined(OLD, panel({"a": [7]}, begins=(11,)))[1] == [1, 7]  # what came later is not known to who asks so
    assert joined(OLD, panel({"a": [5, 6, 7, 8]}, begins=(9,)))[:2] == (9, [5, 6, 7, 8])


def test_rows_of_what_is_planned_alone_go_on_from_the_last_value() -> None:
    nothing = panel({"a": []}, {"a": [7, 8, 9]}, (13,))
    assert joined(OLD, nothing) == (10, [1, 2, 3], [1, 2, 3, 7, 8, 9])
    assert joined(OLD, replace(nothing, begins=np.array([12]))) == (10, [1, 2, 3], [1, 2, 7, 8, 9])
    assert joined(OLD, replace(nothing, begins=np.array([15]))) == (10, [1, 2, 3], [1, 2, 3, 4, 5, 7, 8, 9])
    assert joined(OLD, behind(OLD, replace(nothing, begins=np.array([0]))))[2] == [1, 2, 3, 7, 8, 9]


def test_rows_far_behind_stand_alone() -> None:
    assert joined(OLD, panel({"a": [7, 8]}, begins=(10**7,))) == (10**7, [7, 8], [7, 8])
    assert joined(OLD, panel({"a": []}, {"a": [7]}, (10**9,)))[1] == [1, 2, 3]


def test_a_series_that_a_run_does_not_know_is_taken_as_it_is() -> None:
    found = going_on(OLD, panel({"b": [5], "a": [4]}, begins=(0, 13)))
    assert found.names == ("b", "a") and found.begins.tolist() == [0, 10]
    assert [one.tolist() for one in found.values] == [[5], [1, 2, 3, 4]]


def test_the_last_steps_are_kept_and_come_back() -> None:
    kept = recent(panel({"a": [1, 2, NAN, 3], "b": [4]}, {"a": [1, 2, 3, 4, NAN], "b": [5]}), 2)
    assert kept.begins.tolist() == [1, 0] and kept.steps.tolist() == [3, 1]  # 2 stands for what is missing after it
    again = from_json(to_json(kept), AXIS)
    for name in ("values", "past", "known"):
        for one, other in zip(getattr(kept, name), getattr(again, name), strict=True):
            np.testing.assert_array_equal(one, other)
    assert again.names == kept.names and again.axis == AXIS


def test_what_lasts_goes_on_and_what_only_happened_not_to_change_must_be_given() -> None:
    of = panel({"a": [1, 2, 3]}, {"a": [7, 7, 7]})
    assert ahead_of(of, 2, 0, ("k",)).known[0][:, 0].tolist() == [7, 7, 7, 7, 7]
    with pytest.raises(DataError, match='"k" of series "a" is not given for 1970-01-04') as refused:
        ahead_of(of, 2, 0)
    assert "next 2 steps" in str(refused.value)
    given = panel({"a": [1, 2, 3]}, {"a": [7, 7, 7, 8, NAN]})
    with pytest.raises(DataError, match="1970-01-05"):
        ahead_of(given, 2, 0)
    assert ahead_of(given, 1, 0).known[0][:, 0].tolist() == [7, 7, 7, 8]
    assert ahead_of(given, 2, 0, ("k",)).known[0][:, 0].tolist() == [7, 7, 7, 8, 8]


def test_the_future_begins_behind_the_last_value() -> None:
    asked = after_the_last(panel({"a": [1, 2, 3], "b": [4]}), 2)
    assert asked.first.tolist() == [3, 1] and asked.series.tolist() == [0, 1] and asked.horizon == 2
