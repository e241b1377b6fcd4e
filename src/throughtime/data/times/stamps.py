"""A column of times as whole seconds: one form for all of it, offsets and zones made one, mistakes named."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from throughtime.data.times.clocks import localised, one_zone
from throughtime.data.times.forms import choose, commonest, finished, patterns_of, sample
from throughtime.data.times.pattern import directives
from throughtime.data.times.plain import COUNTS, EPOCHS, FRACTIONS, meaning, moments_of, whole
from throughtime.data.times.reading import Reading, read_all
from throughtime.data.times.style import Style
from throughtime.data.times.zones import known_zone, offset_in_words
from throughtime.data.values import is_empty, is_number, shown
from throughtime.errors import DataError, Place, UsageError

__all__ = ["Style", "Times", "says_when", "times_of"]

Where = Callable[[int], Place]
ONE_FORM = "write all times of the column in one form, such as 2016-07-31 18:00"


@dataclass(frozen=True)
class Times:
    """A column of times.

    ``moments`` (N,) int64: seconds since 1970-01-01, in UTC where a zone is known, else as written; or counts.
    ``notes``: what was decided, in sentences for the user.
    """

    moments: np.ndarray
    style: Style
    notes: tuple[str, ...] = ()


def says_when(values: Sequence[Any]) -> bool:
    """Whether a column holds times, by a sample of it; plain whole numbers do not count.

    >>> says_when(["01.07.2016", "02.07.2016"]), says_when([2016, 2017]), says_when(["Berlin", "Bonn"])
    (True, False, False)
    """
    texts = [_text(value) for value in sample(values) if not _is_missing(value)]
    patterns, share = commonest(texts)
    if not patterns or share < 0.8:
        return False
    fit = [text for text in texts if patterns_of(text) == patterns]
    return bool(choose(patterns, fit).reading.fits.mean() >= 0.8)


def times_of(values: Sequence[Any], where: Where, zone: str | None = None, style: Style | None = None) -> Times:
    """The times of a column, all in one form.

    ``zone``: in which stamps without an offset are meant, and all are written. ``style``: how a finished run writes its
    times, by which is read what could be read in several ways. Raises DataError where a time is missing, is none, does
    not exist or is written otherwise than the others, and UsageError for a zone that nobody knows.

    >>> times = times_of(["01.07.2016", "02.07.2016"], lambda i: Place("a.csv", i + 2, "day"))
    >>> times.moments, times.style.pattern
    (array([1467331200, 1467417600]), '%d.%m.%Y')
    >>> times_of(["2015-02-28", "2015-02-30"], lambda i: Place("a.csv", i + 2, "day"))
    Traceback (most recent call last):
    ...
    throughtime.errors.DataError: a.csv row 3, column "day": "2015-02-30" does not exist; fix the row
    """
    assert len(values), "a column without rows has no times"
    for i, value in enumerate(values):
        if _is_missing(value):
            raise DataError("the time is missing", place=where(i), mend="fill it in, or remove the row")
    known = known_zone(zone) if zone is not None else _zone_of_values(values)
    if style is not None and known is None:
        known = style.zone
    some = sample(values)
    if sum(whole(value) is not None for value in some) <= len(some) / 2:
        return _of_texts(_texts(values), where, known, style)
    times = _of_numbers(values, where, known, style)
    if zone is not None and times.style.counts:
        raise UsageError(f"--set zone={zone} does not fit: the times are whole numbers that count steps")
    return times


def _is_missing(value: Any) -> bool:
    return is_empty(value) or (isinstance(value, (date, np.datetime64)) and bool(value != value))  # NaT


def _zone_of_values(values: Sequence[Any]) -> str | None:
    """The zone that a date of Python knows by name."""
    rules = getattr(values[0], "tzinfo", None)
    name = getattr(rules, "key", None) or getattr(rules, "zone", None)
    return known_zone(name) if isinstance(name, str) else None


def _text(value: Any) -> str:
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, datetime):  # a pandas.Timestamp is one
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _texts(values: Sequence[Any]) -> list[str]:
    texts = [_text(value) for value in values]
    if all(
        not isinstance(value, str) and text.endswith(" 00:00:00") for value, text in zip(values, texts, strict=True)
    ):
        return [text[:10] for text in texts]  # the days of a data frame
    return texts


def _of_numbers(values: Sequence[Any], where: Where, zone: str | None, style: Style | None) -> Times:
    numbers: list[int] = []
    for i, value in enumerate(values):
        number = whole(value)
        if number is None:
            raise DataError(
                f"{shown(value)} is not a whole number, which most times of the column are",
                place=where(i),
                mend="fix the row: times are dates, or whole numbers that count steps",
            )
        numbers.append(number)
    pattern, notes = (style.pattern, ()) if style is not None and _is_plain(style.pattern) else meaning(numbers)
    if pattern not in EPOCHS and pattern != COUNTS:
        return _read([str(number) for number in numbers], where, zone, pattern, notes)
    moments, cut = moments_of(pattern, numbers)
    counts = pattern == COUNTS
    return Times(moments, Style(pattern, None if counts else zone or "+00:00", counts), notes + cut)


def _is_plain(pattern: str) -> bool:
    return pattern in EPOCHS or pattern in (COUNTS, "%Y", "%Y%m", "%Y%m%d")


def _of_texts(texts: list[str], where: Where, zone: str | None, style: Style | None) -> Times:
    if style is not None and not _is_plain(style.pattern) and read_all(style.pattern, texts[:1]).form.all():
        return _read(texts, where, zone, style.pattern)
    patterns, _ = commonest(texts)
    if not patterns:
        raise _no_time(texts[0], where(0))
    if style is not None:
        patterns = tuple(pattern for pattern in patterns if _order(pattern) == _order(style.pattern)) or patterns
    chosen = choose(patterns, texts)
    _check(texts, where, chosen.pattern, chosen.reading)
    pattern = finished(chosen.pattern, chosen.reading, texts[0])
    notes = chosen.notes
    if "%y" in pattern:
        notes += (f'years of two digits, as in "{texts[0]}", are read as 1969 to 2068',)
    return _placed(chosen.reading, texts, where, zone, pattern, notes)


def _order(pattern: str) -> list[str]:
    return [part[-1] for part in directives(pattern) if part[-1] in "dm" and len(part) > 1]


def _read(texts: list[str], where: Where, zone: str | None, pattern: str, notes: tuple[str, ...] = ()) -> Times:
    """The times of texts whose form is known."""
    reading = read_all(pattern, texts)
    _check(texts, where, pattern, reading)
    return _placed(reading, texts, where, zone, pattern, notes)


def _check(texts: Sequence[str], where: Where, pattern: str, reading: Reading) -> None:
    """Raise DataError for the first text that is not of this form, or means no time that exists."""
    if reading.fits.all():
        return
    i = int(np.argmin(reading.fits))
    text = texts[i]
    if reading.form[i]:
        raise DataError(f"{shown(text)} does not exist{_why_not(text)}", place=where(i), mend="fix the row")
    others = np.flatnonzero(reading.fits)
    if not others.size or (not patterns_of(text) and whole(text) is None):
        raise _no_time(text, where(i))
    other = int(others[0])
    like = f"{shown(texts[other])} in row {where(other).row or other + 1}"
    if ("%z" in pattern.lower()) != any("%z" in own for own in patterns_of(text)):
        found = "has an offset from UTC, unlike" if "%z" not in pattern.lower() else "has no offset from UTC, unlike"
        raise DataError(f"{shown(text)} {found} {like}", place=where(i), mend="write all with an offset, or none")
    raise DataError(f"{shown(text)} is written in another form than {like}", place=where(i), mend=ONE_FORM)


def _why_not(text: str) -> str:
    if re.search(r"[T ]24:", text):
        return ": hours go from 0 to 23, and a day ends with 00:00 of the next"
    return ", or day and month stand the other way round than in other rows" if len(patterns_of(text)) > 1 else ""


def _no_time(text: str, place: Place) -> DataError:
    mend = "write it such as 2016-07-31 or 2016-07-31 18:00, or name another column with --set time=COLUMN"
    if re.match(r"\d{1,2}([-/.])\d{1,2}\1\d{1,2}(\s|T|$)", text):
        mend = "write years with four digits, such as 2016-07-31"
    elif is_number(text):
        mend = "give dates, or whole numbers that count steps, or name another column with --set time=COLUMN"
    return DataError(f"{shown(text)} is not a time", place=place, mend=mend)


def _placed(
    reading: Reading, texts: Sequence[str], where: Where, zone: str | None, pattern: str, notes: tuple[str, ...]
) -> Times:
    """Local times to moments: by their offsets, by UTC in words, by the zone, or as they are written."""
    if reading.cut.any():
        notes += (FRACTIONS,)
    if reading.offset is not None:
        last = offset_in_words(int(reading.offset[-1]))
        if zone is None:
            notes += one_zone(reading.offset, where, texts)
        return Times(reading.local - reading.offset, Style(pattern, zone or last), notes)
    if pattern.endswith((" UTC", " GMT")):
        if zone not in (None, "+00:00"):
            pattern = pattern[:-4] + "%:z"
        return Times(reading.local, Style(pattern, zone or "+00:00"), notes)
    if zone is None:
        return Times(reading.local, Style(pattern), notes)
    style = Style(pattern, zone)
    moments, said = localised(reading.local, style, texts, where)
    return Times(moments, style, notes + said)
