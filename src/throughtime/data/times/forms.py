"""In which form a time is written: the patterns that one text may stand for, and the one pattern of a whole column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from throughtime.data.times.distinct import distinct
from throughtime.data.times.pattern import MONTHS, WEEKDAYS, directives
from throughtime.data.times.reading import Reading, read_all

SAMPLE = 200

CLOCK = re.compile(
    r"(?P<between>T|t|,? +)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?P<second>:\d{2}(?P<fraction>[.,]\d{1,9})?)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<zone> ?(?:Z|z|UTC|GMT|[+\-\u2212]\d{2}(?::?\d{2})?))?"
)
BASIC_CLOCK = re.compile(r"T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<zone>Z|[+-]\d{4}|[+-]\d{2})?")

_MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS) + "|Sept"
_WEEKDAY = "|".join(f"{name}|{name[:3]}" for name in WEEKDAYS)
# Each date with the patterns it may stand for; {s} is the sign between its numbers, as it is found.
DATES = tuple(
    (re.compile(expression, re.IGNORECASE | re.ASCII), patterns)
    for expression, patterns in (
        (r"\d{4}(?P<s>[-/.])\d{1,2}(?P=s)\d{1,2}", ("%Y{s}%-m{s}%-d",)),
        (r"\d{1,2}(?P<s>[.])\d{1,2}(?P=s)\d{4}", ("%-d{s}%-m{s}%Y",)),
        (r"\d{1,2}(?P<s>/)\d{1,2}(?P=s)\d{4}", ("%-m{s}%-d{s}%Y", "%-d{s}%-m{s}%Y")),
        (r"\d{1,2}(?P<s>-)\d{1,2}(?P=s)\d{4}", ("%-d{s}%-m{s}%Y", "%-m{s}%-d{s}%Y")),
        (r"\d{1,2}(?P<s>[.])\d{1,2}(?P=s)\d{2}", ("%-d{s}%-m{s}%y",)),
        (r"\d{1,2}(?P<s>/)\d{1,2}(?P=s)\d{2}", ("%-m{s}%-d{s}%y", "%-d{s}%-m{s}%y")),
        (r"\d{4}(?P<s>[-/])\d{1,2}", ("%Y{s}%-m",)),
        (r"\d{1,2}(?P<s>[/-])\d{4}", ("%-m{s}%Y",)),
        (r"\d{4}(?P<s>M)\d{2}", ("%Y{s}%m",)),
        (rf"(?:{_MONTH})(?P<s>[ -])\d{{4}}", ("%b{s}%Y",)),
        (rf"\d{{4}}(?P<s>[ -])(?:{_MONTH})", ("%Y{s}%b",)),
        (rf"(?:{_MONTH})(?P<s>) \d{{1,2}}, \d{{4}}", ("%b %-d, %Y",)),
        (rf"(?:{_MONTH})(?P<s>) \d{{1,2}} \d{{4}}", ("%b %-d %Y",)),
        (rf"\d{{1,2}}(?P<s>[ -])(?:{_MONTH})(?P=s)\d{{4}}", ("%-d{s}%b{s}%Y",)),
        (rf"\d{{1,2}}(?P<s>-)(?:{_MONTH})(?P=s)\d{{2}}", ("%-d{s}%b{s}%y",)),
        (rf"(?:{_WEEKDAY})(?P<s>), \d{{1,2}} (?:{_MONTH}) \d{{4}}", ("%a, %-d %b %Y",)),
        (rf"(?:{_WEEKDAY})(?P<s>), (?:{_MONTH}) \d{{1,2}}, \d{{4}}", ("%a, %b %-d, %Y",)),
        (r"\d{4}(?P<s>[- /]?)Q[1-4]", ("%Y{s}Q%q",)),
        (r"Q[1-4](?P<s>[- /])\d{4}", ("Q%q{s}%Y",)),
        (r"\d{4}(?P<s>-?)W\d{2}", ("%Y{s}W%V",)),
        (r"\d{4}(?P<s>-?)W\d{2}(?P=s)[1-7]", ("%Y{s}W%V{s}%u",)),
        (r"\d{8}(?P<s>)(?=[T ]\d)", ("%Y%m%d",)),
    )
)


def patterns_of(text: str) -> tuple[str, ...]:
    """The patterns that a text may be written in, the likelier first; none if it is no time, or a plain number.

    Every ``%-m`` may turn out to be a ``%m`` once the whole column has been read, and every ``%b`` a ``%B``.

    >>> patterns_of("7/1/2016 9:30 PM"), patterns_of("2016-07-01T09:30:00Z"), patterns_of("7.5")
    (('%-m/%-d/%Y %-I:%M %p', '%-d/%-m/%Y %-I:%M %p'), ('%Y-%-m-%-dT%-H:%M:%S%f%z',), ())
    """
    for expression, patterns in DATES:
        date = expression.match(text)
        if date is None:
            continue
        clock = _clock(text[date.end() :])
        if clock is not None:
            return tuple(pattern.format(s=date["s"]) + clock for pattern in patterns)
    return ()


def _clock(rest: str) -> str | None:
    """The pattern of what follows a date; None if it is no time of day."""
    if not rest:
        return ""
    basic = BASIC_CLOCK.fullmatch(rest)
    if basic:
        return "T%H%M" + ("%S" if basic["second"] else "") + ("%z" if basic["zone"] else "")
    match = CLOCK.fullmatch(rest)
    if match is None:
        return None
    half = match["half"] or ""
    hour = "%-I" if half else "%-H"
    zone = match["zone"] or ""
    if zone.strip() not in ("UTC", "GMT", ""):
        zone = zone[: len(zone) - len(zone.strip())] + "%z"
    second = ":%S%f" if match["second"] else ""
    return match["between"] + hour + ":%M" + second + half[:-2] + ("%p" if half else "") + zone


def commonest(texts: Sequence[str]) -> tuple[tuple[str, ...], float]:
    """The patterns that most of a sample of the texts may be written in, the first's if there are ties, and how many.

    >>> commonest(["2016-07-01", "n/a", "2016-07-02", ""])
    (('%Y-%-m-%-d',), 0.5)
    """
    texts = sample(texts)
    found = Counter(patterns_of(text) for text in texts)
    told = {patterns: count for patterns, count in found.items() if patterns}
    if not told:
        return (), 0.0
    patterns = max(told, key=lambda patterns: told[patterns])
    return patterns, told[patterns] / len(texts)


def sample(values: Sequence[str]) -> Sequence[str]:
    """The first values and some from all over the column."""
    if len(values) <= SAMPLE:
        return values
    return [*values[: SAMPLE // 2], *values[SAMPLE // 2 :: -(-2 * len(values) // SAMPLE)]]


@dataclass(frozen=True)
class Chosen:
    """One pattern of several for a whole column, what it reads, and what there is to say about the choice."""

    pattern: str
    reading: Reading
    notes: tuple[str, ...] = ()


def choose(patterns: Sequence[str], texts: Sequence[str]) -> Chosen:
    """The pattern in which all texts can be read; where there are several, that of the more regular distances.

    If none reads all, the one that goes furthest: its first row that does not fit is the mistake to name.
    """
    readings = {pattern: read_all(pattern, texts) for pattern in patterns}
    whole = [pattern for pattern, reading in readings.items() if reading.fits.all()]
    if not whole:
        furthest = max(patterns, key=lambda pattern: int(np.argmin(readings[pattern].fits)))
        return Chosen(furthest, readings[furthest])
    if len(whole) == 1:
        return Chosen(whole[0], readings[whole[0]])
    distances = {pattern: _distances(readings[pattern].local) for pattern in whole}
    best = min(whole, key=lambda pattern: distances[pattern])
    first = "the month" if directives(best)[0] == "%-m" else "the day"
    if min(distances.values()) < max(distances.values()):
        why = "which makes the more regular steps"
    else:
        why = "which the numbers do not decide; if that is wrong, write the dates as 2016-07-31"
    note = f'"{texts[0]}" and all others are read with {first} first, {why}'
    return Chosen(best, readings[best], (note,))


def _distances(local: np.ndarray) -> int:
    """How many different distances there are between neighbouring times, in months if all are on one day of them."""
    times = distinct(local)
    months = times.astype("datetime64[s]").astype("datetime64[M]")
    within = times - months.astype("datetime64[s]").astype(np.int64)
    if (within == within[:1]).all():
        times = months.astype(np.int64)
    return len(distinct(np.diff(times)))


def finished(pattern: str, reading: Reading, first: str) -> str:
    """The pattern as the column is really written: leading zeros, months in full, digits of a fraction, the offset.

    ``first`` is the text that shows what the pattern leaves open.
    """
    return "".join(_finished(part, reading, first) for part in directives(pattern))


def _finished(part: str, reading: Reading, first: str) -> str:
    if part in ("%-m", "%-d", "%-H", "%-I"):
        like_the_other = part in ("%-m", "%-d") and part not in reading.zeros and reading.narrow & {"%-m", "%-d"}
        return part if part in reading.narrow or like_the_other else part.replace("-", "")
    if part == "%b":
        return "%B" if "%B" in reading.narrow else part
    if part == "%a":
        return "%A" if re.match(_full(WEEKDAYS), first, re.IGNORECASE) else part
    if part == "%p":
        return "%P" if re.search("[ap]m", first) else part
    if part == "%f":
        least, most = reading.fraction
        comma = "," if re.search(r":\d{2},\d", first) else ""
        return f"%{comma}{most}f" if least else ""
    if part == "%z":
        if re.search("[zZ]$", first):
            return "%Z"
        return "%:z" if re.search(r":\d{2}$", first) else "%z" if re.search(r"[+\-\u2212]\d{4}$", first) else "%#z"
    return part


def _full(names: Sequence[str]) -> str:
    return "(?:" + "|".join(names) + ")"
