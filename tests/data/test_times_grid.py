"""Grids: the step is found, each row has its place, holes and shared steps are said, and what fits none is named."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from throughtime.data.times import WITHIN, Axis, Grid, Step, Style, grid_of, spread, times_of
from throughtime.errors import DataError, Place, UsageError


def where(i: int) -> Place:
    return Place("a.csv", i + 2, "when")


def grid(values: list[Any], series: Mapping[str, Any] | None = None, zone: str | None = None, **settings: Any) -> Grid:
    of = {name: np.array(rows) for name, rows in (series or {"": range(len(values))}).items()}
    return grid_of(times_of(values, where, zone), of, where, **settings)


def days(count: int, first: str = "2016-07-01", every: int = 1) -> list[str]:
    day = datetime.date.fromisoformat(first)
    return [(day + datetime.timedelta(every * k)).isoformat() for k in range(count)]


def hours(count: int, minutes: int = 60) -> list[str]:
    first = datetime.datetime(2016, 7, 1)
    return [(first + datetime.timedelta(minutes=minutes * k)).isoformat(" ", "minutes") for k in range(count)]


REGULAR: list[tuple[list[Any], str]] = [
    (hours(50, 15), "15 minutes"),
    (hours(50), "1 hour"),
    (days(50), "1 day"),
    (days(50, every=7), "1 week"),
    ([f"2016-{month:02}" for month in range(1, 13)], "1 month"),
    ([f"{month:02}/01/2016" for month in range(1, 13)], "1 month"),
    (["2015-01-31", "2015-02-28", "2015-03-31", "2015-04-30"], "1 month"),
    (["2016-02-29", "2016-03-31", "2016-04-30"], "1 month"),
    (["2015-01-30", "2015-02-28", "2015-03-30"], "1 month"),
    (["2015-12-15", "2016-01-15", "2016-02-15"], "1 month"),
    (["2015-03-31", "2015-06-30", "2015-09-30", "2015-12-31"], "1 quarter"),
    (["2016Q3", "2016Q4", "2017Q1"], "1 quarter"),
    (["2014-02-28", "2015-02-28", "2016-02-29", "2017-02-28"], "1 year"),
    ([2014, 2015, 2016], "1 year"),
    (["2015-W52", "2015-W53", "2016-W01"], "1 week"),
    ([0, 1, 2], "1 step"),
    ([10, 20, 30], "10 steps"),
    (["2016-07-01", "2016-07-04", "2016-07-05", "2016-07-06"], "1 business day"),
    ([1469988309 + 10 * k for k in range(5)], "10 seconds"),
]


@pytest.mark.parametrize(("values", "step"), REGULAR)
def test_the_regular_step_is_found(values: list[Any], step: str) -> None:
    found = grid(values)
    assert str(found.axis.step) == step and found.steps == (len(values),)
    begin = int(found.begins[0])
    assert [found.axis.stamp(begin + k) for k in range(len(values))] == [str(value) for value in values]
    assert found.index[0].tolist() == found.rows[0].tolist() == list(range(len(values)))
    again = grid(values, step=found.axis.step.setting)
    assert again.axis == found.axis and again.steps == found.steps


@pytest.mark.parametrize(("values", "step"), REGULAR)
def test_new_rows_stand_on_the_axis_of_a_run(values: list[Any], step: str) -> None:
    run = grid(values)
    new = grid(values[2:3], axis=run.axis)
    assert new.axis == run.axis and new.steps == (1,) and new.notes == ()
    assert new.begins.tolist() == [run.begins[0] + 2]


def test_month_ends_go_on_as_month_ends() -> None:
    found = grid(["2015-02-28", "2015-03-31", "2015-04-30"])
    assert [found.axis.stamp(int(found.begins[0]) + k) for k in (3, 4, 12)] == [
        "2015-05-31",
        "2015-06-30",
        "2016-02-29",
    ]
    quarters = grid(["2015-06-30", "2015-09-30"])
    assert quarters.axis.stamp(int(quarters.begins[0]) + 2) == "2015-12-31"


def test_several_series_share_an_axis() -> None:
    values = [*days(5), *days(3, "2016-06-20"), *days(4, "2016-07-03")]
    found = grid(values, {"a": range(5), "b": range(5, 8), "c": range(8, 12)})
    assert found.axis.stamp(0) == "2016-06-20" and found.begins.tolist() == [11, 0, 13] and found.steps == (5, 3, 4)
    assert [rows.tolist() for rows in found.rows] == [[0, 1, 2, 3, 4], [5, 6, 7], [8, 9, 10, 11]]
    assert found.notes == ("each step is 1 day, from 2016-06-20 to 2016-07-06",)
    mixed = grid(days(2) * 2, {"a": [0, 1], "b": [2]})
    assert mixed.steps == (2, 1), "one row is enough where the step is known from others"


def test_missing_steps_are_counted_and_left_as_holes() -> None:
    values = [*days(5)[:2], *days(5)[3:]]
    found = grid(values)
    assert found.steps == (5,) and found.index[0].tolist() == [0, 1, 3, 4]
    assert found.notes[-1] == "1 of 5 days is missing: 2016-07-03"
    hole = spread(np.arange(4.0)[:, None], found.index[0], 5, "refuse")
    assert np.isnan(hole[2]) and hole[[0, 1, 3, 4], 0].tolist() == [0, 1, 2, 3]
    many = grid([*hours(2), *hours(30)[20:]])
    assert many.notes[-1] == "18 of 30 hours are missing, first 2016-07-01 02:00"
    assert grid([0, 5, 10, 25]).notes == ("each step adds 5, from 0 to 25", "2 of 6 steps are missing, first 15")
    quarters = grid([*hours(4, 15), *hours(9, 15)[6:]])
    assert quarters.notes[-1] == "2 of 9 steps of 15 minutes are missing, first 2016-07-01 01:00"


def test_business_days_are_said_and_holidays_are_holes() -> None:
    year = [day for day in days(366, "2016-01-01") if np.is_busday(np.datetime64(day)) and day != "2016-12-26"]
    found = grid(year)
    assert found.axis.step == Step(1, "weekday")
    assert found.notes == (
        "no row stands on a weekend: steps are business days, Monday to Friday; --set step=1d counts all days",
        "each step is 1 business day, from 2016-01-01 to 2016-12-30",
        "1 of 261 business days is missing: 2016-12-26",
    )
    daily = grid(year, step="1d")
    assert str(daily.axis.step) == "1 day" and daily.notes[-1] == "105 of 365 days are missing, first 2016-01-02"
    with pytest.raises(DataError, match='"2016-07-02" lies between the steps "2016-07-01" and "2016-07-04" of the run'):
        grid(["2016-07-02"], axis=found.axis)


def test_a_single_week_is_no_business_calendar() -> None:
    assert str(grid(days(5, "2016-07-04")).axis.step) == "1 day"


def test_rows_that_run_backwards_are_turned_round() -> None:
    found = grid(days(4)[::-1])
    assert found.rows[0].tolist() == [3, 2, 1, 0] and found.index[0].tolist() == [0, 1, 2, 3]
    assert found.notes[0] == "the rows run from the last time to the first, and are turned round"
    two = grid([*days(4)[::-1], *days(4)], {"x": range(4), "y": range(4, 8)})
    assert two.notes[0] == "the rows of series x run from the last time to the first, and are turned round"
    assert two.rows[0].tolist() == [3, 2, 1, 0] and two.rows[1].tolist() == [4, 5, 6, 7]
    both = grid([*days(4)[::-1], *days(4)[::-1]], {"x": range(4), "y": range(4, 8)})
    assert both.notes[0].startswith("the rows of 2 of 2 series run")


def test_disorder_is_sorted_where_it_is_said_how_rows_become_one() -> None:
    found = grid(["2016-07-01", "2016-07-03", "2016-07-02"], within="mean")
    assert found.rows[0].tolist() == [0, 2, 1] and found.index[0].tolist() == [0, 1, 2]
    assert found.notes[0] == "the rows are not in the order of time, and are sorted"


@pytest.mark.parametrize(
    ("within", "words", "expected"),
    [
        ("mean", "their mean is taken", 6.0),
        ("sum", "they are added up", 18.0),
        ("first", "the first is taken", 4.0),
        ("last", "the last is taken", 8.0),
    ],
)
def test_rows_of_one_time_become_one(within: str, words: str, expected: float) -> None:
    found = grid(["2016-07-01", *["2016-07-02"] * 3, "2016-07-03"], within=within)
    assert found.steps == (3,) and found.index[0].tolist() == [0, 1, 1, 1, 2]
    assert found.notes[-1] == f"2 rows share a step with one before: {words}"
    values = np.array([[1.0], [4.0], [6.0], [8.0], [3.0]])
    assert spread(values[found.rows[0]], found.index[0], 3, within).tolist() == [[1.0], [expected], [3.0]]


def test_a_way_that_changes_nothing_is_said() -> None:
    assert grid(days(3), within="mean").notes[-1] == "no two rows share a step, so that within=mean changes nothing"


def test_values_that_are_missing_are_left_aside() -> None:
    nan = np.nan
    values = np.array([[1.0, nan], [nan, nan], [4.0, 7.0]])
    index = np.array([0, 0, 0])
    expected = {"mean": [2.5, 7.0], "sum": [5.0, 7.0], "first": [1.0, 7.0], "last": [4.0, 7.0]}
    for within in WITHIN[1:]:
        result = spread(values, index, 2, within)
        assert result[0].tolist() == expected[within] and np.isnan(result[1]).all()
    assert np.isnan(spread(values[:2, 1:], index[:2], 1, "sum")).all(), "nothing is known, and no sum"


def test_a_longer_step_gathers_rows() -> None:
    found = grid(hours(60), step="1d", within="mean")
    assert found.steps == (3,) and found.axis.stamp(0) == "2016-07-01 00:00"
    assert np.bincount(found.index[0]).tolist() == [24, 24, 12]
    assert found.notes == (
        "times lie within steps of 1 day, which begin as 2016-07-01 00:00",
        "each step is 1 day, from 2016-07-01 00:00 to 2016-07-03 11:00",
        "57 rows share a step with one before: their mean is taken",
    )
    assert grid(days(30), step="1w", within="sum").axis.stamp(0) == "2016-06-27", "a Monday"
    assert grid(days(30), step="1mo", within="sum").axis.stamp(1) == "2016-08-01"
    assert grid(days(30, "2016-08-20"), step="1q", within="sum").axis.stamp(0) == "2016-07-01"
    assert grid(days(30, "2016-07-02"), step="1b", within="last").axis.stamp(0) == "2016-07-01"
    assert grid([3, 4, 5, 9], step="5", within="sum").index[0].tolist() == [0, 0, 0, 1]
    local = grid(hours(60), step="1d", within="mean", zone="America/New_York")
    assert np.bincount(local.index[0]).tolist() == [24, 24, 12]


def test_months_whose_last_working_day_is_given() -> None:
    ends = ["2016-01-29", "2016-02-29", "2016-03-31", "2016-04-29"]
    with pytest.raises(DataError, match="--set step=1mo, for times that stand anywhere within one"):
        grid(ends)
    found = grid(ends, step="1mo")
    assert found.steps == (4,) and found.axis.stamp(0) == "2016-01-01"
    assert grid(["2016-05-31"], step="1mo", axis=found.axis).begins.tolist() == [4]


def test_a_shorter_step_leaves_holes() -> None:
    assert grid(hours(3, 120), step="1h").notes[-1] == "2 of 5 hours are missing, first 2016-07-01 01:00"


def test_clocks_that_are_changed_leave_no_holes() -> None:
    local = [f"2016-10-{day} {hour:02}:00" for day in (29, 30, 31) for hour in range(24)]
    local.insert(24 + 3, "2016-10-30 02:00")
    found = grid(local, zone="Europe/Berlin")
    assert found.steps == (73,) and str(found.axis.step) == "1 hour" and "missing" not in str(found.notes)
    daily = grid(days(5, "2016-10-28"), zone="Europe/Berlin")
    assert str(daily.axis.step) == "1 day" and daily.steps == (5,)
    six = grid([stamp for stamp in local if stamp[11:13] in ("00", "06", "12", "18")], zone="Europe/Berlin")
    assert str(six.axis.step) == "6 hours" and six.steps == (12,)
    offsets = [f"{day}T00:00{'+02:00' if day < '2016-10-31' else '+01:00'}" for day in days(5, "2016-10-28")]
    assert grid(offsets, zone="Europe/Berlin").steps == (5,)
    with pytest.raises(DataError, match="--set zone=Europe/Berlin .or where it is. if the offsets are those of summer"):
        grid(offsets)


@pytest.mark.parametrize(
    ("values", "settings", "row", "words"),
    [
        (
            ["2016-07-01", "2016-07-03", "2016-07-02"],
            {},
            4,
            ['"2016-07-02" stands after "2016-07-03" of row 3', "sort the rows by time", "--set series=COLUMN"],
        ),
        ([*days(3), *days(3)], {}, 5, ['"2016-07-01" stands after "2016-07-03" of row 4']),
        (
            ["2016-07-01", "2016-07-02", "2016-07-02"],
            {},
            4,
            ['"2016-07-02" stands in row 3 already', "--set within=mean", "--set series=COLUMN"],
        ),
        (
            ["2016-07-01 00:00:00.0", "2016-07-01 00:00:00.5"],
            {},
            3,
            ["already (fractions of a second are left out: steps are whole seconds)", "--set within=mean"],
        ),
        (
            [f"2016-07-01 {k:02}:{k * k % 60:02}" for k in range(12)],
            {},
            2,
            ['"2016-07-01 00:00" and others do not stand at equal steps', "--set step=1h --set within=mean"],
        ),
        (["2016-07-03", "2016-07-02", "2016-07-02"], {}, 4, ['"2016-07-02" stands in row 3 already']),
        (
            ["2016-10-30 01:00", "2016-10-30 02:00", "2016-10-30 02:00"],
            {},
            4,
            ["--set zone=Europe/Berlin", "if clocks were put back"],
        ),
        (
            [*hours(5), "2016-07-01 04:20", "2016-07-01 05:00"],
            {},
            7,
            [
                '"2016-07-01 04:20" lies between the steps "2016-07-01 04:00" and "2016-07-01 05:00"',
                "1 hour (4 times), 20 minutes (once), 40 minutes (once)",
                "--set step=1h --set within=mean",
            ],
        ),
        (["2016-07-01 00:20", *hours(9)[1:]], {}, 2, ['"2016-07-01 00:20" lies between']),
        (
            [0, 2, 4, 6, 7, 9],
            {},
            6,
            ['"7" lies between the steps "6" and "8"', "--set step=1, where some steps have no"],
        ),
        (days(3), {"step": "1w"}, 3, ['and "2016-07-01" of row 2 lie in the same step of 1 week', "--set within=mean"]),
        (["2016-07-01"], {}, 2, ["there is one time only", "two times at least"]),
        (["2016-07-01"] * 2, {"within": "mean"}, 2, ["there is one time only"]),
        (
            ["2016-07-01", "2016-07-02", "2116-07-03"],
            {},
            4,
            ["would have no row", 'between "2016-07-02" and "2116-07-03"', "fix the row"],
        ),
        (
            [f"{year}-{month}" for year in (2015, 2016) for month in ("07-01", "07-02")],
            {"step": "auto"},
            4,
            ["364 of 368 days would have no row", "fix the row"],
        ),
        ([1, 2, 3, 10**12], {}, 5, ["999,999,999,996 of 1,000,000,000,000 steps would have no row"]),
        (days(9, every=100), {"step": "1d"}, 3, ["792 of 801 days would have no row", "--set step=1q"]),
    ],
)
def test_what_fits_no_grid_is_named(values: list[Any], settings: dict[str, str], row: int, words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        grid(values, **settings)
    assert str(caught.value).startswith(f'a.csv row {row}, column "when": ')
    assert all(word in str(caught.value) for word in words), caught.value


def test_series_of_one_row_each_are_refused() -> None:
    with pytest.raises(DataError, match='^a.csv row 2, column "when": every series has one time only.*series=COLUMN'):
        grid(days(3), {"a": [0], "b": [1], "c": [2]})


def test_series_that_stand_between_each_other_are_refused() -> None:
    values = [*hours(9), *(stamp[:-2] + "30" for stamp in hours(5))]
    with pytest.raises(DataError, match='^a.csv row 11, column "when": "2016-07-01 00:30" lies between the steps'):
        grid(values, {"a": range(9), "b": range(9, 14)})


@pytest.mark.parametrize(
    ("values", "settings", "words"),
    [
        (
            days(3),
            {"within": "maen"},
            ['--set within=maen: unknown way for rows to become one "maen"; did you mean "mean"'],
        ),
        (days(3), {"step": "1"}, ["--set step=1 does not fit: the times are dates; give a step such as 1d, 1h or 1mo"]),
        ([1, 2], {"step": "1h"}, ["--set step=1h does not fit: the times are whole numbers that count steps"]),
        (days(3), {"step": "1h"}, ['--set step=1h is finer than the times are written, as in "1970-01-01"']),
        (["2016-07", "2016-08"], {"step": "1d"}, ["finer than the times are written"]),
        ([2015, 2016], {"step": "1mo"}, ["finer than the times are written"]),
        (days(3), {"step": "1 dya"}, ["did you mean --set step=1d?"]),
    ],
)
def test_settings_that_cannot_work(values: list[Any], settings: dict[str, str], words: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        grid(values, **settings)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 2], 'the times are counts, those of the run dates; write them as in the run, such as "2016-07-01 00:00"'),
        (
            ["2016-07-01 00:00Z", "2016-07-01 01:00Z"],
            "the times are in a zone, those of the run without a zone or an offset",
        ),
        (["2016-07-02 00:30"], 'lies between the steps "2016-07-02 00:00" and "2016-07-02 01:00" of the run'),
    ],
)
def test_new_rows_that_do_not_belong_to_a_run(values: list[Any], words: str) -> None:
    with pytest.raises(DataError) as caught:
        grid(values, axis=grid(hours(5)).axis)
    assert str(caught.value).startswith('a.csv row 2, column "when": ') and words in str(caught.value), caught.value


def test_new_rows_may_stand_before_and_after_the_run() -> None:
    axis = Axis(0, Step(86400, "second"), Style("%Y-%m-%d"))
    found = grid(["1969-12-31", "1970-01-02"], axis=axis)
    assert found.begins.tolist() == [-1] and found.notes == ("1 of 3 days is missing: 1970-01-01",)


def test_many_rows() -> None:
    stamps = [str(stamp).replace("T", " ") for stamp in np.datetime64("1990-01-01T00:00") + np.arange(200_000) * 10]
    found = grid(stamps)
    assert found.steps == (200_000,) and str(found.axis.step) == "10 minutes"


@pytest.mark.parametrize("seed", range(60))
def test_any_times_make_a_grid_or_a_mistake_with_a_place(seed: int) -> None:
    random = np.random.default_rng(seed)
    zone = [None, "Europe/Berlin", "America/Sao_Paulo", "+05:30"][seed % 4]
    form = ["%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S%:z", "%Y-%m"][seed // 4 % 4]
    if zone is None:
        form = form.replace("%:z", "")
    step = int(random.choice([900, 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 1]))
    moments = 1477000000 // step * step + step * np.sort(random.integers(0, 60, 40))
    style = Style(form, zone)
    values = [style.write(int(moment)) for moment in moments]
    settings: dict[str, Any] = {"within": str(random.choice(WITHIN)), "step": str(random.choice(["auto", "1d", "2h"]))}
    try:
        found = grid(values, {"a": range(20), "b": range(20, 40)}, zone, **settings)
    except (DataError, UsageError) as error:
        assert isinstance(error, UsageError) or str(error).startswith("a.csv row "), error
        return
    times = times_of(values, where, zone)
    for begin, steps, index, rows in zip(found.begins, found.steps, found.index, found.rows, strict=True):
        assert index[0] == 0 and index[-1] == steps - 1 and (np.diff(index) >= 0).all()
        assert (found.axis.indices(times.moments[rows]) == begin + index).all()
        assert sorted(rows.tolist()) == sorted(set(rows.tolist())) and len(rows) == 20


def test_messages_name_the_series_where_there_are_several() -> None:
    values = [*days(3), "2016-07-01", "2016-07-03", "2016-07-02"]
    with pytest.raises(
        DataError, match='^a.csv row 7.*stands after "2016-07-03" of row 6, in series "b"; .*sort the rows'
    ):
        grid(values, {"a": range(3), "b": range(3, 6)})
    with pytest.raises(DataError, match='^a.csv row 3.*stands in row 2 already, in series "a"; remove one, or say how'):
        grid(["2016-07-01"] * 2 + days(3), {"a": range(2), "b": range(2, 5)})
    found = grid([*days(3), *days(4)[::3]], {"a": range(3), "b": range(3, 5)})
    assert found.notes[-1] == "2 of 7 days are missing, first 2016-07-02 of b"


def test_an_hour_shown_twice_is_no_step_of_days() -> None:
    found = grid(["2016-10-30 02:00", "2016-10-30 02:00"], zone="Europe/Berlin")
    assert str(found.axis.step) == "1 hour" and found.steps == (2,)
