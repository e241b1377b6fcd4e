"""Stamps of time, steps between them, and the round places on an axis of time."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from throughtime.use.report.charts.dates import date_ticks
from throughtime.use.report.times import around
from throughtime.use.stamps import Stamp, at, axis_of, moments, said, seconds, shown, step_of

LOW = datetime(2016, 2, 27, 21, 40, 11)
SPANS = {
    "seconds": timedelta(seconds=47),
    "minutes": timedelta(minutes=50),
    "a morning": timedelta(hours=5),
    "two days": timedelta(days=2),
    "a fortnight": timedelta(days=14),
    "two months": timedelta(days=64),
    "a year": timedelta(days=366),
    "eight years": timedelta(days=2922),
    "a century": timedelta(days=36_524),
}


def written(low: datetime, high: datetime, about: int = 6) -> list[str]:
    return [f"{tick.text}|{tick.above}".rstrip("|") for tick in date_ticks(low, high, about)]


@pytest.mark.parametrize("about", [4, 6, 9])
@pytest.mark.parametrize("span", SPANS)
def test_ticks_are_few_inside_and_in_order(span: str, about: int) -> None:
    ticks = date_ticks(LOW, LOW + SPANS[span], about)
    places = [tick.at for tick in ticks]
    assert 2 <= len(ticks) <= about
    assert places == sorted(set(places)) and places[0] >= LOW and places[-1] <= LOW + SPANS[span]
    assert len({f"{tick.at:%Y-%m-%d}" for tick in ticks if tick.above}) == sum(bool(tick.above) for tick in ticks)


def test_ticks_are_round() -> None:
    assert written(LOW, LOW + SPANS["seconds"]) == ["21:40:20|27 Feb 2016", "21:40:30", "21:40:40", "21:40:50"]
    assert written(LOW, LOW + SPANS["minutes"]) == ["21:50|27 Feb 2016", "22:00", "22:10", "22:20", "22:30"]
    assert written(LOW, LOW + SPANS["two days"]) == [*("00:00|28 Feb 2016", "12:00", "00:00|29 Feb 2016", "12:00")]
    assert written(LOW, LOW + SPANS["two months"], 9) == [
        *("29 Feb|2016", "7 Mar", "14 Mar", "21 Mar", "28 Mar", "4 Apr", "11 Apr", "18 Apr", "25 Apr")
    ]
    assert written(LOW, LOW + SPANS["a year"]) == ["Mar|2016", "May", "Jul", "Sep", "Nov", "Jan|2017"]
    assert written(LOW, LOW + SPANS["a century"]) == ["2020", "2040", "2060", "2080", "2100"]


def test_every_second_day_is_an_odd_one_also_over_the_end_of_a_month() -> None:
    begin = datetime(2017, 1, 26)
    assert [tick.text for tick in date_ticks(begin, begin + timedelta(days=11), 6)] == [
        *("27 Jan", "29 Jan", "1 Feb", "3 Feb", "5 Feb")
    ]
    begin = datetime(2017, 4, 27)
    assert [tick.text for tick in date_ticks(begin, begin + timedelta(days=8), 6)] == [
        *("27 Apr", "29 Apr", "1 May", "3 May", "5 May")
    ]


def test_the_ends_are_ticks_where_they_are_round() -> None:
    assert written(datetime(2001, 1, 1), datetime(2006, 1, 1)) == ["2001", "2002", "2003", "2004", "2005", "2006"]


@pytest.mark.parametrize(("low", "high"), [(1, 3), (9997, 9999), (1, 9999)])
def test_the_ends_of_the_calendar(low: int, high: int) -> None:
    assert date_ticks(datetime(low, 1, 1), datetime(high, 12, 31, 23, 59))


def test_one_moment_has_one_tick_or_none() -> None:
    assert len(date_ticks(datetime(2016, 1, 1), datetime(2016, 1, 1))) == 1


@pytest.mark.parametrize("words", ["15 minutes", "1 hour", "1 day", "2 weeks", "1 business day", "1 month", "4 years"])
def test_steps_go_there_and_back(words: str) -> None:
    begin = round(seconds(datetime(2016, 2, 29, 13, 30)))  # a Monday
    axis = axis_of(begin, words)
    assert axis is not None
    steps = np.array([0, 1, 17, -5, 240])
    assert axis.indices(axis.moments(steps)).tolist() == steps.tolist()
    assert around(begin, 2, 3, words) == (axis.moments(np.arange(-2, 3)).tolist(), True)


def test_what_is_no_step() -> None:
    assert all(
        step_of(words) is None for words in (None, "", "0 hours", "1.5 hours", "1 step", "12 steps", "month of May")
    )
    assert axis_of(0, "1 step") is None


def read(stamps: list[Stamp], step: str | None) -> list[datetime] | None:
    found = moments(stamps, step)
    return None if found is None else [at(int(moment)) for moment in found]


def test_stamps_are_read_in_the_form_of_the_user() -> None:
    first, second = datetime(2017, 10, 24, 6, 30), datetime(2017, 10, 25, 6, 30)
    assert read(["2017-10-24T06:30:00+02:00", "2017-10-25T06:30:00+02:00"], "1 day") == [first, second]
    assert read(["24.10.2017 06:30", "25.10.2017 06:30"], "1 day") == [first, second]
    assert read(["10/24/2017 6:30 AM", "10/25/2017 6:30 AM"], None) == [first, second]
    assert read(["2016Q4"], "1 quarter") == [datetime(2016, 10, 1)]
    assert read(["1917", "1918"], "1 year") == [datetime(1917, 1, 1), datetime(1918, 1, 1)]
    assert read(["1467331200", "1467334800"], "1 hour") == [datetime(2016, 7, 1), datetime(2016, 7, 1, 1)]
    assert seconds(datetime(1969, 12, 31)) == -86_400


def test_what_is_no_date() -> None:
    nothing: list[tuple[list[Stamp], str | None]] = [
        ([], "1 day"),
        (["1917", "1918"], "1 step"),
        (["1917", "1918"], None),
        ([7, 8], "1 step"),
        (["2017-10-24", "n/a"], "1 day"),
        (["2017-10-24", None], "1 day"),
        (["2017-10-24", ""], None),
        (["Monday"], "1 day"),
    ]
    assert [moments(stamps, step) for stamps, step in nothing] == [None] * len(nothing)


def test_stamps_are_shown_as_short_as_they_can_be() -> None:
    assert [shown(stamp) for stamp in ("2017-10-24 06:30:05", "2017-10-24 06:00", "<b>", None, 7)] == [
        *("2017-10-24 06:30:05", "2017-10-24 06:00", "<b>", "", "7")
    ]
    assert said(7, "1 step") == said("7", None) == "step 7" and said("Jul 4", None) == "Jul 4"
