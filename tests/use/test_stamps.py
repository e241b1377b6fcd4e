"""Stamps of time, steps between them, and the round places on an axis of time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from throughtime.use.report.charts.dates import date_ticks
from throughtime.use.stamps import Stride, moment, moments, seconds, shown, stride

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


@pytest.mark.parametrize(
    "words", ["1 second", "15 minutes", "1 hour", "day", "2 weeks", "1 month", "1 quarter", "4 years"]
)
def test_steps_go_there_and_back(words: str) -> None:
    step, begin = stride(words), datetime(2016, 2, 29, 13, 30)
    assert step is not None
    for count in (0, 1, 17, -5, 240):
        assert step.between(begin, step.after(begin, count)) == count


def test_what_is_no_step() -> None:
    assert all(stride(words) is None for words in (None, "", "business day", "0 hours", "1.5 hours", "step"))


def test_months_keep_to_the_calendar() -> None:
    end = datetime(2015, 10, 31, 7)
    assert [Stride(months=1).after(end, k).day for k in range(6)] == [31, 30, 31, 31, 29, 31]
    with pytest.raises(OverflowError):
        Stride(months=12).after(end, 9000)


def test_stamps_are_read() -> None:
    assert moment("2017-10-24T06:30:00+02:00") == datetime(2017, 10, 24, 6, 30)
    assert moment("2020-W05-1") == datetime(2020, 1, 27) and moment("2016-Q4") == datetime(2016, 10, 1)
    assert all(moment(stamp) is None for stamp in ("", "n/a", "24.10.2017", "1234", "20171024", None, 3, 2.5))
    assert moments(["2017-10-24", "n/a"]) is None and moments([]) is None
    assert moments(["1917", "1918"], "1 year") == [datetime(1917, 1, 1), datetime(1918, 1, 1)]
    assert seconds(datetime(1969, 12, 31)) == -86_400


def test_stamps_are_shown_as_short_as_they_can_be() -> None:
    assert [shown(stamp) for stamp in ("2017-10-24 06:30:05", "2017-10-24 06:00", "<b>", None, 7)] == [
        *("2017-10-24 06:30:05", "2017-10-24 06:00", "<b>", "", "7")
    ]
