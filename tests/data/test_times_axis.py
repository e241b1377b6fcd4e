"""Steps and axes: numbers of steps to times and back, by clocks and calendars; the calendar as numbers; seasons."""

from __future__ import annotations

import datetime
import json

import numpy as np
import pytest

from throughtime.data.times import Axis, Step, Style
from throughtime.errors import UsageError

STEPS = ("1s", "10s", "1min", "15min", "1h", "2h", "6h", "7h", "12h", "1d", "2d", "1w", "2w", "1mo", "1q", "1y", "1b")
ZONES = (None, "+05:30", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo")
FORM = "%Y-%m-%d %H:%M:%S"


def seconds(*date: int) -> int:
    return int((datetime.datetime(*date) - datetime.datetime(1970, 1, 1)).total_seconds())


def axis_of(step: str, *date: int, zone: str | None = None, form: str = FORM) -> Axis:
    return Axis(seconds(*date), Step.parse(step), Style(form, zone))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("origin", [(2016, 1, 29, 23), (2015, 12, 31, 0), (2000, 2, 29, 6, 30), (1996, 10, 30, 2, 45)])
def test_steps_to_times_and_back(step: str, zone: str | None, origin: tuple[int, ...]) -> None:
    day = np.datetime64(datetime.date(*origin[:3]))
    if step == "1b" and not np.is_busday(day):
        origin = (2016, 1, 29, 23)
    axis = axis_of(step, *origin, zone=zone)
    assert Axis.from_json(json.loads(json.dumps(axis.to_json()))) == axis
    ahead = min(20_000, int(50 * 365 * 86400 / axis.step.seconds))
    indices = np.unique(np.random.default_rng(0).integers(-ahead, ahead, 500))
    moments = axis.moments(indices)
    assert (np.diff(moments) > 0).all() and axis.exact(moments).all()
    assert (axis.indices(moments) == indices).all()
    assert (axis.indices(moments - 1) == indices - 1).all(), "until the next begins, a step goes on"
    if step != "1s":
        assert not axis.exact(moments + 1).any()
        assert (axis.indices(moments + 1) == indices).all()


@pytest.mark.parametrize("step", STEPS)
def test_stamps_are_read_as_the_same_steps(step: str) -> None:
    axis = axis_of(step, 2016, 2, 29, 6)
    for index in (-3, 0, 1, 12, 61):
        read = datetime.datetime.strptime(axis.stamp(index), FORM)
        assert axis.indices(np.array([seconds(*read.timetuple()[:6])])).tolist() == [index]


def test_months_are_on_their_day_or_their_last() -> None:
    ends = axis_of("1mo", 2016, 1, 31, form="%Y-%m-%d")
    assert [ends.stamp(k) for k in (-2, 0, 1, 2, 13)] == [
        "2015-11-30",
        "2016-01-31",
        "2016-02-29",
        "2016-03-31",
        "2017-02-28",
    ]
    leap = axis_of("1y", 2016, 2, 29, form="%Y-%m-%d")
    assert [leap.stamp(k) for k in (1, 4)] == ["2017-02-28", "2020-02-29"]
    assert ends.indices(np.array([seconds(2016, 2, 28), seconds(2016, 2, 29)])).tolist() == [0, 1]
    assert axis_of("1q", 2016, 7, 1, form="%YQ%q").stamp(3) == "2017Q2"


def test_days_are_days_of_the_calendar_where_clocks_are_changed() -> None:
    days = axis_of("1d", 2016, 10, 29, 22, zone="Europe/Berlin")
    assert np.diff(days.moments(np.arange(3))).tolist() == [25 * 3600, 24 * 3600]
    assert days.stamp(2) == "2016-11-01 00:00:00"
    hours = axis_of("1h", 2016, 10, 30, 0, zone="Europe/Berlin")
    assert [hours.stamp(k)[11:13] for k in range(3)] == ["02", "02", "03"]
    naive = axis_of("6h", 2016, 10, 29, 22, zone="Europe/Berlin", form="%Y-%m-%d %H:%M")
    assert [naive.stamp(k)[11:] for k in range(5)] == ["00:00", "06:00", "12:00", "18:00", "00:00"]
    with_offset = axis_of("6h", 2016, 10, 29, 22, zone="Europe/Berlin", form="%H:%M%:z")
    assert [with_offset.stamp(k) for k in range(2)] == ["00:00+02:00", "05:00+01:00"], "six hours later"


def test_business_days_pass_over_weekends() -> None:
    axis = axis_of("1b", 2016, 7, 1, form="%a, %d %b")
    assert [axis.stamp(k) for k in (-1, 0, 1, 5, 6)] == [
        "Thu, 30 Jun",
        "Fri, 01 Jul",
        "Mon, 04 Jul",
        "Fri, 08 Jul",
        "Mon, 11 Jul",
    ]
    saturday = np.array([seconds(2016, 7, 2)])
    assert axis.indices(saturday).tolist() == [0] and not axis.exact(saturday).any()


def test_counts() -> None:
    axis = Axis(10, Step(5, "count"), Style("%i", counts=True))
    assert axis.stamp(3) == "25" and axis.indices(np.array([24, 25, 9])).tolist() == [2, 3, -1]
    assert axis.exact(np.array([24, 25])).tolist() == [False, True]
    assert axis.calendar_names == () and axis.seasons == () and axis.calendar(0, 4).shape == (4, 0)


@pytest.mark.parametrize(
    ("text", "words", "setting", "seasons"),
    [
        ("1s", "1 second", "1s", (86400, 604800, 31557600)),
        ("15min", "15 minutes", "15min", (96, 672, 35064)),
        ("1h", "1 hour", "1h", (24, 168, 8766)),
        ("90 minutes", "90 minutes", "90min", (16, 112, 5844)),
        ("7h", "7 hours", "7h", (24, 1252)),
        ("24 hours", "1 day", "1d", (7, 365)),
        ("1d", "1 day", "1d", (7, 365)),
        ("b", "1 business day", "1b", (5, 261)),
        ("7d", "1 week", "1w", (52,)),
        ("1 Week", "1 week", "1w", (52,)),
        ("month", "1 month", "1mo", (12,)),
        ("3mo", "1 quarter", "1q", (4,)),
        ("12mo", "1 year", "1y", ()),
        ("5y", "5 years", "5y", ()),
        ("1", "1 step", "1", ()),
        ("10", "10 steps", "10", ()),
    ],
)
def test_steps_in_words_and_their_seasons(text: str, words: str, setting: str, seasons: tuple[int, ...]) -> None:
    step = Step.parse(text)
    assert str(step) == words and step.setting == setting
    assert Step.parse(words) == step == Step.parse(setting) == Step.from_json(step.to_json())
    assert Axis(seconds(2016, 7, 1), step, Style(FORM)).seasons == seasons


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("1 huor", "did you mean --set step=1h?"),
        ("2wks", "did you mean --set step=2w?"),
        ("0h", "did you mean --set step=1h?"),
        ("1.5h", "--set step=15min, 1h, 1d"),
        ("", "--set step=15min"),
        ("-1d", "--set step=15min"),
        ("fortnight", "--set step=15min"),
        ("1m", "say 1min or 1mo"),
    ],
)
def test_what_is_no_step_gets_a_mend(text: str, mend: str) -> None:
    with pytest.raises(UsageError) as caught:
        Step.parse(text)
    assert str(caught.value).startswith(f'--set step="{text}" ') and mend in str(caught.value)


DAY, WEEK, YEAR = (
    ["hour sin", "hour cos"],
    ["day of week sin", "day of week cos"],
    ["day of year sin", "day of year cos"],
)


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("1min", [*DAY, *WEEK, *YEAR]),
        ("12h", [*DAY, *WEEK, *YEAR]),
        ("1d", [*WEEK, *YEAR]),
        ("1b", [*WEEK, *YEAR]),
        ("2d", YEAR),
        ("1w", YEAR),
        ("1mo", ["month sin", "month cos"]),
        ("1q", ["quarter sin", "quarter cos"]),
        ("1y", []),
        ("1", []),
    ],
)
def test_the_calendar_is_as_fine_as_the_step(step: str, names: list[str]) -> None:
    axis = axis_of(step, 2016, 7, 1)
    features = axis.calendar(-40, 100)
    assert list(axis.calendar_names) == names and features.shape == (100, len(names))
    assert features.dtype == np.float64 and (np.abs(features) <= 1).all()
    assert np.allclose(features[:, ::2] ** 2 + features[:, 1::2] ** 2, 1)
    assert np.array_equal(axis.calendar(-20, 7), features[20:27]), "a function of the step alone"


def turns(axis: Axis, index: int) -> dict[str, float]:
    """Where on its circle each part of the calendar stands, from 0 to 1."""
    features = axis.calendar(index, 1)[0]
    angles = np.arctan2(features[::2], features[1::2]) / (2 * np.pi) % 1
    return dict(zip([name[:-4] for name in axis.calendar_names[::2]], angles.round(9).tolist(), strict=True))


def test_the_calendar_in_numbers() -> None:
    friday = axis_of("1h", 2016, 12, 30, 18)
    assert turns(friday, 0) == pytest.approx({"hour": 0.75, "day of week": 4 / 7, "day of year": 364 / 366})
    assert turns(friday, 30) == pytest.approx({"hour": 0, "day of week": 6 / 7, "day of year": 0}), "a new year"
    months = axis_of("1mo", 2016, 1, 31)
    assert [turns(months, k)["month"] for k in (0, 3, 12)] == pytest.approx([0, 0.25, 0])
    assert turns(axis_of("1q", 2016, 7, 1), 0)["quarter"] == pytest.approx(0.5)


def test_the_calendar_is_that_of_the_place() -> None:
    noon = seconds(2016, 7, 1, 22)
    tokyo = Axis(noon, Step.parse("1h"), Style(FORM, "Asia/Tokyo"))
    assert turns(tokyo, 0) == pytest.approx({"hour": 7 / 24, "day of week": 5 / 7, "day of year": 183 / 366})
    berlin = Axis(seconds(2016, 10, 30, 0), Step.parse("1h"), Style(FORM, "Europe/Berlin"))
    assert [round(24 * turns(berlin, k)["hour"]) for k in range(3)] == [2, 2, 3]
