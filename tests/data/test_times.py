"""Times of a column: every form is read and written back, zones and offsets become one, every mistake is named."""

from __future__ import annotations

import datetime
import json
import random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas
import pytest

from throughtime.data.times import Style, Times, says_when, times_of
from throughtime.errors import DataError, Place, UsageError

SECOND = datetime.timedelta(seconds=1)
EPOCH = datetime.datetime(1970, 1, 1)


def where(i: int) -> Place:
    return Place("a.csv", i + 2, "when")


def read(*values: Any, zone: str | None = None, style: Style | None = None) -> Times:
    return times_of(list(values), where, zone, style)


def back(times: Times) -> list[str]:
    style = Style.from_json(json.loads(json.dumps(times.style.to_json())))
    assert style == times.style
    return [style.write(int(moment)) for moment in times.moments]


def seconds(*date: int) -> int:
    return int((datetime.datetime(*date) - EPOCH) / SECOND)


FORMS = [  # how it is written, its pattern, and when it is in UTC
    ("2016-07-31", "%Y-%m-%d", (2016, 7, 31)),
    ("2016-07-31 18:05", "%Y-%m-%d %H:%M", (2016, 7, 31, 18, 5)),
    ("2016-07-31T18:05:09", "%Y-%m-%dT%H:%M:%S", (2016, 7, 31, 18, 5, 9)),
    ("2016-07-31 18:05:09.000", "%Y-%m-%d %H:%M:%S%3f", (2016, 7, 31, 18, 5, 9)),
    ("2016-07-31 18:05:09,000000", "%Y-%m-%d %H:%M:%S%,6f", (2016, 7, 31, 18, 5, 9)),
    ("2016-07-31T18:05:09Z", "%Y-%m-%dT%H:%M:%S%Z", (2016, 7, 31, 18, 5, 9)),
    ("2016-07-31 18:05:09+02:00", "%Y-%m-%d %H:%M:%S%:z", (2016, 7, 31, 16, 5, 9)),
    ("2016-07-31 18:05 -0330", "%Y-%m-%d %H:%M %z", (2016, 7, 31, 21, 35)),
    ("2016-07-31 18:05:09+02", "%Y-%m-%d %H:%M:%S%#z", (2016, 7, 31, 16, 5, 9)),
    ("2016-07-31 18:05:09 UTC", "%Y-%m-%d %H:%M:%S UTC", (2016, 7, 31, 18, 5, 9)),
    ("20160731T180509", "%Y%m%dT%H%M%S", (2016, 7, 31, 18, 5, 9)),
    ("20160731", "%Y%m%d", (2016, 7, 31)),
    ("2016/07/31", "%Y/%m/%d", (2016, 7, 31)),
    ("2016/7/31 8:05", "%Y/%-m/%-d %-H:%M", (2016, 7, 31, 8, 5)),
    ("31.07.2016", "%d.%m.%Y", (2016, 7, 31)),
    ("1.7.2016 18:05", "%-d.%-m.%Y %H:%M", (2016, 7, 1, 18, 5)),
    ("7/31/2016", "%-m/%-d/%Y", (2016, 7, 31)),
    ("31/07/2016", "%d/%m/%Y", (2016, 7, 31)),
    ("07-31-2016", "%m-%d-%Y", (2016, 7, 31)),
    ("7/31/2016 6:05 PM", "%-m/%-d/%Y %-I:%M %p", (2016, 7, 31, 18, 5)),
    ("07/31/2016 06:05:09pm", "%m/%d/%Y %I:%M:%S%P", (2016, 7, 31, 18, 5, 9)),
    ("7/31/16", "%-m/%-d/%y", (2016, 7, 31)),
    ("2016-07", "%Y-%m", (2016, 7, 1)),
    ("2016-7", "%Y-%-m", (2016, 7, 1)),
    ("07/2016", "%m/%Y", (2016, 7, 1)),
    ("2016M07", "%YM%m", (2016, 7, 1)),
    ("201607", "%Y%m", (2016, 7, 1)),
    ("Jul 2016", "%b %Y", (2016, 7, 1)),
    ("July 2016", "%B %Y", (2016, 7, 1)),
    ("July 31, 2016", "%B %d, %Y", (2016, 7, 31)),
    ("31 Jul 2016", "%d %b %Y", (2016, 7, 31)),
    ("31-Jul-16", "%d-%b-%y", (2016, 7, 31)),
    ("Sun, 31 Jul 2016 18:05:09 +0000", "%a, %d %b %Y %H:%M:%S %z", (2016, 7, 31, 18, 5, 9)),
    ("2016", "%Y", (2016, 1, 1)),
    ("2016Q3", "%YQ%q", (2016, 7, 1)),
    ("2016-Q3", "%Y-Q%q", (2016, 7, 1)),
    ("Q3 2016", "Q%q %Y", (2016, 7, 1)),
    ("2016-W30", "%Y-W%V", (2016, 7, 25)),
    ("2016W30", "%YW%V", (2016, 7, 25)),
    ("2016-W30-7", "%Y-W%V-%u", (2016, 7, 31)),
    ("1469988309", "%s", (2016, 7, 31, 18, 5, 9)),
    ("1469988309000", "%3s", (2016, 7, 31, 18, 5, 9)),
    ("1469988309000000", "%6s", (2016, 7, 31, 18, 5, 9)),
    ("1469988309000000000", "%9s", (2016, 7, 31, 18, 5, 9)),
]


@pytest.mark.parametrize(("text", "pattern", "date"), FORMS)
def test_every_form_is_read_and_written_back(text: str, pattern: str, date: tuple[int, ...]) -> None:
    times = read(text, text)
    assert times.style.pattern == pattern and back(times) == [text, text]
    assert times.moments.dtype == np.int64 and times.moments.tolist() == [seconds(*date)] * 2


def test_all_days_of_forty_years_in_every_form_of_days() -> None:
    days = [datetime.date(1983, 12, 30) + k * datetime.timedelta(1) for k in range(0, 15000, 7)]
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%B %d, %Y", "%G-W%V-%u", "%d %b %Y"):
        texts = [day.strftime(form) for day in days]
        times = read(*texts)
        assert times.moments.tolist() == [seconds(day.year, day.month, day.day) for day in days]
        assert back(times) == texts


def test_day_or_month_first_is_decided_by_the_whole_column() -> None:
    month_first = read(*["7/1/2016"] * 300, "7/13/2016")
    assert month_first.moments[0] == seconds(2016, 7, 1) and not month_first.notes
    day_first = read(*["7/1/2016"] * 300, "13/7/2016")
    assert day_first.moments[0] == seconds(2016, 1, 7)
    assert read("01-07-2016", "07-31-2016").moments[0] == seconds(2016, 1, 7)


def test_day_or_month_first_is_decided_by_regular_steps() -> None:
    first_of_months = [f"01/{month:02}/{year}" for year in (2015, 2016) for month in range(1, 13)]
    times = read(*first_of_months)
    assert times.moments[1] == seconds(2015, 2, 1) and back(times) == first_of_months
    assert times.notes == (
        '"01/01/2015" and all others are read with the day first, which makes the more regular steps',
    )


def test_day_or_month_first_undecided_is_said() -> None:
    slashes, dashes = read("7/1/2016", "7/2/2016"), read("01-07-2016")
    assert slashes.moments[0] == seconds(2016, 7, 1) and dashes.moments[0] == seconds(2016, 7, 1)
    (note,) = slashes.notes
    assert note == (
        '"7/1/2016" and all others are read with the month first, which the numbers do not decide; if that is wrong, '
        "write the dates as 2016-07-31"
    )
    assert "with the day first" in dashes.notes[0]


def test_a_finished_run_decides_for_its_new_rows() -> None:
    style = read("13/7/2016").style
    assert read("1/7/2016", style=style).moments[0] == seconds(2016, 7, 1)
    assert read("1/7/2016 00:00", style=style).moments[0] == seconds(2016, 7, 1)
    assert read("2016-07-01", style=style).moments[0] == seconds(2016, 7, 1)
    counts = read(1, 2, 3).style
    assert read(2016, style=counts).style.counts and read(1469988309, style=counts).moments[0] == 1469988309
    assert read("2016-07-01", style=Style("%Y-%m-%d", "Europe/Berlin")).moments[0] == seconds(2016, 6, 30, 22)


def test_leading_zeros_as_in_the_column() -> None:
    assert back(read("7/1/2016 09:05", "12/31/2016 10:00")) == ["7/1/2016 09:05", "12/31/2016 10:00"]
    assert back(read("11/12/2016", "12/31/2016")) == ["11/12/2016", "12/31/2016"]
    assert read("7/30/2016").style.write(seconds(2016, 8, 1)) == "8/1/2016"
    assert read("7/30/2016", "7/05/2016").style.write(seconds(2016, 8, 1)) == "8/01/2016"


def test_two_digit_years_are_said() -> None:
    times = read("13/7/69", "13/7/68")
    assert times.moments.tolist() == [seconds(1969, 7, 13), seconds(2068, 7, 13)]
    assert times.notes == ('years of two digits, as in "13/7/69", are read as 1969 to 2068',)


def test_fractions_of_a_second_are_left_out_and_said() -> None:
    times = read("2016-07-01 00:00:01.250", "2016-07-01 00:00:02")
    assert times.moments.tolist() == [seconds(2016, 7, 1, 0, 0, 1), seconds(2016, 7, 1, 0, 0, 2)]
    assert times.notes == ("fractions of a second are left out: steps are whole seconds",)
    assert times.style.pattern == "%Y-%m-%d %H:%M:%S", "not all have one"
    assert read(1469988309250, 1469988309750).notes[1] == times.notes[0]


def test_plain_numbers_are_years_or_seconds_or_counts_and_said() -> None:
    assert read(2014, 2015).notes == ("2014 and all others are read as years, not as counts",)
    assert read("1469988309", "1469988369").notes == (
        "1469988309 and all others are read as seconds since 1970-01-01 UTC",
    )
    assert "milliseconds" in read(1469988309000).notes[0]
    counts = read(3, 4.0, "5")
    assert counts.style.counts and counts.moments.tolist() == [3, 4, 5] and counts.notes == ()
    assert read(2199, 2200, 2201).style.counts, "not all may be years"
    assert read(201612, 201613).style.counts, "there is no thirteenth month"
    assert read(-5, 3).moments.tolist() == [-5, 3]


def test_values_of_data_frames() -> None:
    hours = pandas.date_range("2016-07-01", periods=3, freq="h")
    days = pandas.date_range("2016-07-01", periods=3, freq="D")
    expected = [seconds(2016, 7, 1, hour) for hour in range(3)]
    assert read(*hours).moments.tolist() == expected
    assert read(*hours.to_pydatetime()).moments.tolist() == expected
    assert read(*hours.to_numpy()).moments.tolist() == expected
    assert times_of(hours.to_numpy(), where).moments.tolist() == expected
    assert read(*hours).style.pattern == "%Y-%m-%d %H:%M:%S"
    for values in (days, days.to_numpy(), [day.date() for day in days]):
        assert back(read(*values)) == ["2016-07-01", "2016-07-02", "2016-07-03"]
    aware = read(*pandas.date_range("2016-10-29", periods=3, freq="D", tz="Europe/Berlin"))
    assert aware.style.zone == "Europe/Berlin" and aware.notes == ()
    assert aware.moments.tolist() == [seconds(2016, 10, 28, 22), seconds(2016, 10, 29, 22), seconds(2016, 10, 30, 23)]
    fixed = datetime.datetime(2016, 7, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))
    assert read(fixed).moments.tolist() == [seconds(2016, 7, 1, 5)] and read(fixed).style.zone == "-05:00"


def test_missing_values_of_data_frames_are_named() -> None:
    for missing in (None, pandas.NaT, np.datetime64("NaT"), float("nan"), " "):
        with pytest.raises(DataError, match='^a.csv row 3, column "when": the time is missing; fill it in'):
            read(pandas.Timestamp("2016-07-01"), missing)


@pytest.mark.parametrize(
    ("values", "row", "words"),
    [
        (["2015-02-28", "2015-02-30"], 3, ['"2015-02-30" does not exist', "fix the row"]),
        (["2015-02-29"], 2, ['"2015-02-29" does not exist']),
        (["1900-02-29"], 2, ["does not exist"]),
        (["2016-07-01 24:00"], 2, ["hours go from 0 to 23", "00:00 of the next"]),
        (["2016-07-01 23:60"], 2, ["does not exist"]),
        (["2015-W53", "2016-W53"], 3, ['"2016-W53" does not exist']),
        (["7/1/2016 13:05 PM"], 2, ["does not exist"]),
        (["13/7/2016", "7/14/2016", "15/7/2016"], 3, ["day and month stand the other way round"]),
        (["2016-07-01", "01.07.2016"], 3, ['in another form than "2016-07-01" in row 2', "one form"]),
        (
            ["01.07.2016", *["2016-07-01"] * 3],
            2,
            ['"01.07.2016" is written in another form than "2016-07-01" in row 3'],
        ),
        (["2016-07-01 00:00", "2016-07-01T01:00"], 3, ["another form"]),
        (["2016-07-01", "2016-07-02 00:00"], 3, ["another form"]),
        (["2016-07-01", "42552"], 3, ["another form"]),
        (["2016-07-01", "20160702"], 3, ["another form"]),
        (["2016-07-01", "tomorrow"], 3, ['"tomorrow" is not a time', "--set time=COLUMN"]),
        (["2016-07-01", "2016-07-02 and more"], 3, ["is not a time"]),
        (["2016-07-01", "2016-07-02" + "x" * 5000], 3, ["is not a time"]),
        (["a", "b"], 2, ['"a" is not a time', "2016-07-31 18:00"]),
        (["16-07-01"], 2, ["years with four digits"]),
        ([0.5, 1.5], 2, ['"0.5" is not a time', "whole numbers that count steps"]),
        ([1, 2, 2.5], 4, ['"2.5" is not a whole number', "fix the row"]),
        ([1, 2, "2016-07-01"], 4, ['"2016-07-01" is not a whole number']),
        ([1, 2, True], 4, ["not a whole number"]),
        ([1, 2, 10**30], 4, ["not a whole number"]),
        (["2016-07-01", ["x"]], 3, ["is not a time"]),
        (["2016-07-01", ""], 3, ["the time is missing", "fill it in, or remove the row"]),
        (
            ["2016-07-01 00:00+02:00", "2016-07-01 01:00"],
            3,
            ['has no offset from UTC, unlike "2016-07-01 00:00+02:00" in row 2', "all with an offset, or none"],
        ),
        (["2016-07-01 00:00", "2016-07-01 01:00Z"], 3, ["has an offset from UTC, unlike"]),
        (
            ["2016-07-01 00:00+02:00", "2016-07-01 00:00+05:30"],
            3,
            ["another offset", "no daylight saving", "--set zone=Europe/Berlin"],
        ),
        (["2016-07-01 00:00+01:00", "2016-07-01 00:00+02:00", "2016-07-01 00:00+03:00"], 4, ["another offset"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_mend(values: list[Any], row: int, words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read(*values)
    assert str(caught.value).startswith(f'a.csv row {row}, column "when": ')
    assert all(word in str(caught.value) for word in words), caught.value


def test_the_mistake_is_found_wherever_it_stands() -> None:
    days = [(datetime.date(1600, 1, 1) + datetime.timedelta(k)).isoformat() for k in range(140_000)]
    for k in (0, 1, 65_535, 65_536, 139_999):
        wrong = [*days]
        wrong[k] = "31.12.1999"
        with pytest.raises(DataError, match=f'^a.csv row {k + 2}, .*"31.12.1999" is written in another form'):
            read(*wrong)


def test_offsets_of_summer_and_winter_are_one_zone() -> None:
    texts = ["2016-10-30T02:30:00+02:00", "2016-10-30T02:30:00+01:00"]
    times = read(*texts)
    assert times.moments.tolist() == [seconds(2016, 10, 30, 0, 30), seconds(2016, 10, 30, 1, 30)]
    assert times.style.zone == "+01:00" and back(times) == ["2016-10-30T01:30:00+01:00", texts[1]]
    (note,) = times.notes
    assert "the offsets +01:00 and +02:00, as with daylight saving" in note and "--set zone=Europe/Berlin" in note
    named = read(*texts, zone="Europe/Berlin")
    assert named.moments.tolist() == times.moments.tolist() and back(named) == texts and named.notes == ()
    london = ["2016-10-30T01:30:00+01:00", "2016-10-30T01:30:00Z"]
    assert read(*london).moments.tolist() == [seconds(2016, 10, 30, 0, 30), seconds(2016, 10, 30, 1, 30)]
    assert read("2016-07-01 00:00 UTC", zone="Asia/Tokyo").style.write(seconds(2016, 7, 1)) == "2016-07-01 09:00+09:00"


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "+05:30"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [1950, 2016, 2090])
def test_local_times_are_those_of_the_standard_library(zone: str, year: int) -> None:
    moments = [seconds(year, 1, 1) + 1800 * k for k in range(2 * 24 * 366)]
    rules = datetime.timezone(datetime.timedelta(hours=5, minutes=30)) if zone[0] == "+" else ZoneInfo(zone)
    utc = [datetime.datetime.fromtimestamp(moment, datetime.UTC) for moment in moments]
    texts = [time.astimezone(rules).strftime("%Y-%m-%d %H:%M") for time in utc]
    times = read(*texts, zone=zone)
    assert times.moments.tolist() == moments
    assert [times.style.write(moment) for moment in moments[::11]] == texts[::11]
    backwards = read(*texts[::-1], zone=zone)
    assert backwards.moments.tolist() == moments[::-1]
    assert len(times.notes) == (len(set(texts)) < len(texts))


def test_the_doubled_hour_in_several_series() -> None:
    hours = ["2016-10-30 01:00", "2016-10-30 02:00", "2016-10-30 02:00", "2016-10-30 03:00"]
    expected = [seconds(2016, 10, 29, 23) + 3600 * k for k in range(4)]
    assert read(*hours, *hours, zone="Europe/Berlin").moments.tolist() == expected * 2, "one after the other"
    mixed = [hour for hour in hours for _ in range(3)]
    assert read(*mixed, zone="Europe/Berlin").moments.tolist() == [hour for hour in expected for _ in range(3)]


def test_the_doubled_hour_that_stands_once_is_said() -> None:
    times = read("2016-10-30 01:00", "2016-10-30 02:00", "2016-10-30 03:00", zone="Europe/Berlin")
    assert times.moments[1] == seconds(2016, 10, 30, 0)
    assert times.notes == (
        "in an hour that the clocks of Europe/Berlin show twice, rows are told apart by their order, first "
        '"2016-10-30 02:00"',
        "1 time stands in an hour that the clocks of Europe/Berlin show twice but once in the rows: the first of the "
        "two is taken",
    )


def test_the_missing_hour_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        read("2016-03-27 01:00", "2016-03-27 02:00", zone="Europe/Berlin")
    assert str(caught.value) == (
        'a.csv row 3, column "when": "2016-03-27 02:00" does not exist in Europe/Berlin: clocks were put forward over '
        "it; fix the row, or leave out --set zone if the clocks of this data are never changed"
    )


def test_a_day_may_begin_an_hour_late() -> None:
    days = ["2018-11-03", "2018-11-04", "2018-11-05"]  # in Brazil clocks went from 00:00 to 01:00 on the 4th
    times = read(*days, zone="America/Sao_Paulo")
    assert times.moments[1] == seconds(2018, 11, 4, 3) and back(times) == days


@pytest.mark.parametrize(
    ("zone", "mend"),
    [
        ("Europe/Berln", "did you mean --set zone=Europe/Berlin?"),
        ("berlin", "did you mean --set zone=Europe/Berlin?"),
        ("New York", "did you mean --set zone=America/New_York?"),
        ("Gondor", "give a name such as Europe/Berlin or an offset as +02:00"),
        ("+25:00", "give a name"),
        ("../etc/passwd", "give a name"),
        ("", "give a name"),
    ],
)
def test_an_unknown_zone_gets_a_suggestion(zone: str, mend: str) -> None:
    with pytest.raises(UsageError) as caught:
        read("2016-07-01 00:00", zone=zone)
    assert str(caught.value).startswith(f'unknown zone "{zone}"; {mend}')


def test_a_machine_without_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("throughtime.data.times.zones.available_timezones", set)
    with pytest.raises(UsageError, match='^zone "Europe/Berlin": this machine knows no time zones; pip install tzdata'):
        read("2016-07-01 00:00", zone="Europe/Berlin")
    assert read("2016-07-01 00:00", zone="+02:00").moments.tolist() == [seconds(2016, 6, 30, 22)]


def test_counts_have_no_zone() -> None:
    with pytest.raises(
        UsageError, match="^--set zone=Europe/Berlin does not fit: the times are whole numbers that count"
    ):
        read(1, 2, 3, zone="Europe/Berlin")
    assert read(1469988309, zone="Europe/Berlin").style == Style("%s", "Europe/Berlin")


@pytest.mark.parametrize("text", [form[0] for form in FORMS])
def test_a_column_of_times_is_recognised(text: str) -> None:
    assert says_when([text] * 5) == (not text.isdigit())
    assert says_when([text, None, ""] * 5) == (not text.isdigit())


def test_other_columns_hold_no_times() -> None:
    random.seed(1)
    for values in (
        [random.random() for _ in range(50)],
        list(range(50)),
        [str(k / 100) for k in range(50)],
        ["yes", "no"] * 9,
        ["10.1", "10.2"],
        ["192.168.0.1"],
        ["12:30", "12:45"],
        ["1-2-3"],
        ["2016-45-99"] * 3,
        ["2016-07-01 was a Friday"],
        [["2016-07-01"], ["2016-07-02"]],
        [None, ""],
        [],
        [True, False],
    ):
        assert not says_when(values), values
    assert says_when(["2016-07-01"] * 9 + ["n/a"]), "one mistake among them will be named"
    assert says_when(list(pandas.date_range("2016-07-01", periods=3)))


def test_a_time_beyond_the_calendar_is_written_in_words() -> None:
    style = Style("%Y-%m-%d")
    assert style.write(seconds(9999, 12, 31)) == "9999-12-31" and style.write(10**15) == "after year 9999"
    assert style.write(-(10**15)) == "before year 1"


@pytest.mark.parametrize("seed", range(40))
def test_whatever_stands_there_is_read_or_named(seed: int) -> None:
    random.seed(seed)
    signs = "0123456789-/:. TZ+QWJulAPM,\u0661é\n"
    values: list[Any] = [random.choice(FORMS)[0]] * 5
    for k in range(random.randrange(4)):
        text = list(values[k])
        text[random.randrange(len(text))] = random.choice(signs)
        values[k] = "".join(text)
    values += random.sample([None, 3, 2.5, True, b"2016", ["a"], {"b": 1}, "2016-07-01", float("inf")], seed % 3)
    random.shuffle(values)
    assert says_when(values) in (True, False)
    try:
        times = read(*values, zone=random.choice([None, "Europe/Berlin"]))
    except DataError as error:
        assert str(error).startswith("a.csv row ") and error.mend
    else:
        assert len(times.moments) == len(back(times)) == len(values)


def test_columns_of_arrays_hold_no_times() -> None:
    assert not says_when([np.zeros((3, 3)), np.ones(2)])
