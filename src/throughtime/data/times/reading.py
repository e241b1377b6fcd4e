"""The reader of patterns: a whole column of texts at once, sign by sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from throughtime.data.times.pattern import MONTHS, WEEKDAYS, directives

BLOCK = 1 << 16  # rows read at once
WIDEST = 64  # characters of the longest time


@dataclass(frozen=True)
class Reading:
    """What a pattern makes of a column of N texts.

    ``form`` (N,): the text is written in the pattern; ``fits`` (N,): and means a time that exists. ``local`` (N,):
    seconds since 1970-01-01 as written; ``offset`` (N,): seconds east of UTC, or None where the pattern has none.
    ``narrow``: the directives that had one digit somewhere; ``zeros``: those that had a leading zero. ``fraction``:
    fewest and most digits of a fraction; ``cut`` (N,): whether the fraction was more than 0.
    """

    form: np.ndarray
    fits: np.ndarray
    local: np.ndarray
    offset: np.ndarray | None
    narrow: frozenset[str]
    zeros: frozenset[str]
    fraction: tuple[int, int]
    cut: np.ndarray


def read_all(pattern: str, texts: Sequence[str]) -> Reading:
    """Read texts in one pattern; none is refused here.

    >>> read_all("%Y-%m-%d", ["1970-01-02", "1970-02-30", "x"]).local[:1], read_all("%Y", ["1971", "x"]).form
    (array([86400]), array([ True, False]))
    """
    parts = [_read(pattern, texts[k : k + BLOCK]) for k in range(0, len(texts), BLOCK)]
    if len(parts) == 1:
        return parts[0]
    offsets = [part.offset for part in parts if part.offset is not None]
    return Reading(
        np.concatenate([part.form for part in parts]),
        np.concatenate([part.fits for part in parts]),
        np.concatenate([part.local for part in parts]),
        np.concatenate(offsets) if offsets else None,
        frozenset().union(*(part.narrow for part in parts)),
        frozenset().union(*(part.zeros for part in parts)),
        (min(part.fraction[0] for part in parts), max(part.fraction[1] for part in parts)),
        np.concatenate([part.cut for part in parts]),
    )


class _Cursor:
    """A place in each of n texts, which moves on as signs are read; ``good`` falls where a text is otherwise."""

    def __init__(self, texts: Sequence[str]) -> None:
        signs = np.array([text[: WIDEST + 1] for text in texts], dtype=np.str_)
        width = max(signs.dtype.itemsize // 4, 1)
        self.signs = np.zeros((len(texts), width + 1), dtype=np.uint32)
        self.signs[:, :width] = signs.view(np.uint32).reshape(len(texts), width)
        self.rows = np.arange(len(texts))
        self.at = np.zeros(len(texts), dtype=np.int64)
        self.good = np.ones(len(texts), dtype=bool)

    def here(self) -> np.ndarray:
        return self.signs[self.rows, self.at]

    def sign(self, sign: str) -> None:
        found = self.here() == ord(sign)
        self.at += found
        self.good &= found

    def maybe(self, signs: str) -> np.ndarray:
        """Go over one of these signs where it stands; (n,) where it does."""
        found = np.isin(self.here(), [ord(sign) for sign in signs])
        self.at += found
        return found

    def number(self, least: int, most: int, where: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """A number of so many digits, and how many it has; 0 of 0 digits where it is not asked for."""
        value = np.zeros(len(self.rows), dtype=np.int64)
        width = np.zeros(len(self.rows), dtype=np.int64)
        going = np.ones(len(self.rows), dtype=bool) if where is None else where.copy()
        for _ in range(most):
            digit = self.here().astype(np.int64) - ord("0")
            going &= (digit >= 0) & (digit <= 9)
            value[going] = 10 * value[going] + digit[going]
            self.at += going
            width += going
        self.good &= width >= least if where is None else ~where | (width >= least)
        return value, width

    def word(self, longest: int) -> tuple[np.ndarray, np.ndarray]:
        """A word of letters as a number (see ``_code``), and how many letters it has."""
        code = np.zeros(len(self.rows), dtype=np.int64)
        width = np.zeros(len(self.rows), dtype=np.int64)
        going = np.ones(len(self.rows), dtype=bool)
        for _ in range(longest):
            letter = (self.here().astype(np.int64) | 32) - ord("a") + 1
            going &= (letter >= 1) & (letter <= 26)
            code[going] = 27 * code[going] + letter[going]
            self.at += going
            width += going
        return code, width

    def end(self) -> None:
        self.good &= self.here() == 0


def _code(word: str) -> int:
    code = 0
    for letter in word.lower():
        code = 27 * code + ord(letter) - ord("a") + 1
    return code


@cache
def _codes(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the names and of their first three letters, sorted, and the number of each name from 1."""
    codes = {_code(spelling): k for k, name in enumerate(names, start=1) for spelling in (name, name[:3])}
    if "September" in names:
        codes[_code("Sept")] = 9
    return np.array(sorted(codes), dtype=np.int64), np.array([codes[code] for code in sorted(codes)])


def _named(cursor: _Cursor, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    code, width = cursor.word(9)
    codes, numbers = _codes(tuple(names))
    place = np.minimum(np.searchsorted(codes, code), len(codes) - 1)
    cursor.good &= codes[place] == code
    return numbers[place], width


SIZES = {"Y": (4, 4), "y": (2, 2), "q": (1, 1), "V": (2, 2), "u": (1, 1)}


def _read(pattern: str, texts: Sequence[str]) -> Reading:
    cursor = _Cursor(texts)
    held: dict[str, np.ndarray] = {}
    narrow: set[str] = set()
    zeros: set[str] = set()
    fraction, cut = (0, 0), np.zeros(len(texts), dtype=bool)
    for part in directives(pattern):
        letter = part[-1]
        if len(part) == 1:
            cursor.sign(part)
        elif letter == "b" or letter == "B":
            held["m"], width = _named(cursor, MONTHS)
            if (width[cursor.good] > 3).any():
                narrow.add("%B")  # at least one is written in full
        elif letter == "a" or letter == "A":
            _named(cursor, WEEKDAYS)
        elif letter == "p" or letter == "P":
            held["p"], _ = _named(cursor, ["AM", "PM"])
        elif letter == "f":
            point = cursor.maybe(".,")
            value, width = cursor.number(1, 9, point)
            cut = value > 0
            width = width[cursor.good]
            fraction = (int(width.min()), int(width.max())) if len(width) else (0, 0)
        elif letter in "zZ":
            held["z"] = _offset(cursor)
        else:
            least, most = SIZES.get(letter, (1 if "-" in part else 2, 2))
            held[letter], width = cursor.number(least, most)
            if (width[cursor.good] < most).any():
                narrow.add(part)
            if (held[letter][cursor.good & (width == 2)] < 10).any():
                zeros.add(part)
    cursor.end()
    local, fits = _moments(held, len(texts))
    fits &= cursor.good
    return Reading(cursor.good, fits, local, held.get("z"), frozenset(narrow), frozenset(zeros), fraction, cut)


def _offset(cursor: _Cursor) -> np.ndarray:
    """``Z``, ``+02:00``, ``+0200`` or ``+02``, in seconds."""
    zulu = cursor.maybe("Zz")
    negative = cursor.maybe("-\u2212")
    signed = negative | cursor.maybe("+")
    cursor.good &= zulu | signed
    hours, _ = cursor.number(2, 2, signed)
    colon = cursor.maybe(":") & signed
    minutes, width = cursor.number(0, 2, signed)
    cursor.good &= ((width == 2) | (width == 0) & ~colon) & (hours < 24) & (minutes < 60)
    return np.where(negative, -1, 1) * (3600 * hours + 60 * minutes)


def _moments(held: dict[str, np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since 1970-01-01 (N,), and whether there is such a time (N,)."""
    year = held["Y"] if "Y" in held else np.where(held["y"] < 69, 2000, 1900) + held["y"]
    fits = year >= 1
    if "V" in held:
        day, known = _week(year, held["V"], held.get("u"))
        fits &= known
    else:
        one = np.ones(count, dtype=np.int64)
        month = 3 * held["q"] - 2 if "q" in held else held.get("m", one)
        of_month = held.get("d", one)
        fits &= (month >= 1) & (month <= 12)
        begins = ((np.clip(year, 1, 9999) - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("datetime64[M]")
        first = begins.astype("datetime64[D]").astype(np.int64)
        length = (begins + 1).astype("datetime64[D]").astype(np.int64) - first
        fits &= (of_month >= 1) & (of_month <= length)
        day = first + of_month - 1
    hour = held.get("H", np.zeros(count, dtype=np.int64))
    if "I" in held:
        fits &= (held["I"] >= 1) & (held["I"] <= 12)
        hour = held["I"] % 12 + 12 * (held["p"] == 2)
    minute, second = held.get("M", np.zeros_like(hour)), held.get("S", np.zeros_like(hour))
    fits &= (hour < 24) & (minute < 60) & (second < 60)
    return 86400 * day + 3600 * hour + 60 * minute + second, fits


def _week(year: np.ndarray, week: np.ndarray, weekday: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970-01-01 of ISO weeks, by their Monday unless a day is given, and whether the year has that week."""
    fourth = (np.clip(year, 1, 9998) - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64) + 3
    monday = fourth - (fourth + 3) % 7 + 7 * (week - 1)  # 1970-01-01 was a Thursday
    thursday = (monday + 3).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    fits = (week >= 1) & (thursday == year)
    if weekday is None:
        return monday, fits
    return monday + weekday - 1, fits & (weekday >= 1) & (weekday <= 7)
