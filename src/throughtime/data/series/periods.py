"""Splits in time: what was first is learnt from, what came then is for choosing, what came last for measuring."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from throughtime.data.files.folders import split_name
from throughtime.data.records import Records
from throughtime.data.series.arrays import names_of
from throughtime.data.settings import DataSettings
from throughtime.data.splits import fraction
from throughtime.data.times.grid import NOWHERE
from throughtime.data.values import shown
from throughtime.errors import DataError, Place, UsageError

ROWS = re.compile(r"(\d+)\s*:\s*(\d+)")
NAMES = ("train", "valid", "test")


@dataclass(frozen=True)
class Periods:
    """Steps of the axis: training ends before ``valid[0]``; valid and test go from their first step to before their
    last. What lies before a split is what its forecasts look back on."""

    valid: tuple[int, int]
    test: tuple[int, int]

    @property
    def train(self) -> tuple[int, int]:
        return (np.iinfo(np.int64).min // 2, self.valid[0])

    def of(self, split: str) -> tuple[int, int]:
        found: tuple[int, int] = getattr(self, split)
        return found


def is_rows(value: str) -> bool:
    """Whether a split is given by rows, as in 8640:11520.

    >>> is_rows("8640:11520"), is_rows("0.1"), is_rows("valid.csv")
    (True, False, False)
    """
    return ROWS.fullmatch(value.strip()) is not None


def periods_of(occupied: np.ndarray, settings: DataSettings, given: Mapping[str, tuple[int, int]]) -> Periods:
    """The periods over the steps of the axis at which rows stand, ``occupied``, in order.

    ``given`` are those of splits that have rows of their own. A fraction is one of the steps; the fractions of what is
    left lie at the end of it, valid before test. Raises UsageError for periods that overlap or are empty, and for a
    split that is given in two ways.
    """
    said = {name: getattr(settings, name) for name in ("valid", "test")}
    usual = {name: said[name] == getattr(DataSettings(), name) for name in said}
    for name in [name for name in said if name in given and not usual[name]]:
        if is_rows(said[name]) or fraction(name, said[name]) is not None:
            raise UsageError(f"--{name} {said[name]}: the material says which rows are {name}; leave one out")
    found = {name: _rows(name, said[name], occupied) for name in said if name not in given and is_rows(said[name])}
    found |= given
    shares = {name: fraction(name, said[name]) or 0.0 for name in ("test", "valid") if name not in found}
    if sum(shares.values()) >= 1:
        raise UsageError(f"{_in_words(said, shares)} leave nothing to train on; give smaller fractions")
    free = occupied
    if "test" in found:
        free = occupied[occupied < found["test"][0]]
    elif "valid" in found and usual["test"]:
        behind = occupied[occupied >= found["valid"][1]]
        if not len(behind):
            raise UsageError(f"--valid {said['valid']}: no rows are left behind it for the test; give --test too")
        found["test"] = (int(behind[0]), int(occupied[-1]) + 1)
    for name in [name for name in ("test", "valid") if name not in found]:
        count = max(1, round(shares[name] * len(occupied)))
        if count >= len(free):
            raise UsageError(f"{len(occupied):,} steps are too few to be split into train, valid and test; give more")
        found[name] = (int(free[len(free) - count]), int(free[-1]) + 1)
        free = free[: len(free) - count]
    periods = Periods(found["valid"], found["test"])
    if periods.valid[1] > periods.test[0]:
        raise UsageError(
            f"{_in_words(said, said)}: the validation split must lie before the test split, and not overlap it; "
            "mend one of them"
        )
    if not (occupied < periods.valid[0]).any():
        raise UsageError(f"{_in_words(said, ['valid'])}: nothing lies before it, so there is nothing to learn from")
    return periods


def _in_words(said: Mapping[str, str], names: Iterable[str]) -> str:
    return " and ".join(f"--{name} {said[name]}" for name in sorted(names, reverse=True))


def given_periods(
    records: Records, settings: DataSettings, steps: np.ndarray, time: str | None = None
) -> dict[str, tuple[int, int]]:
    """The periods that the material itself tells, by a split for each row; ``steps (N,)`` are those of the rows.

    ``time`` is the column that says when.

    Raises DataError where the parts do not follow each other in time.
    """
    said = records.column(settings.split) if settings.split is not None else records.split
    if said is None:
        return {}
    words, of = names_of(said)
    for k, word in enumerate(words):
        if split_name(word) is None:
            place = records.where(int(np.argmax(of == k)), settings.split)
            raise DataError(f"{shown(word)} is not train, valid or test", place=place, mend="correct the word")
    part_of = np.array([split_name(word) for word in words])[of]
    found: dict[str, tuple[int, int]] = {}
    before, last = -np.inf, "train"
    for name in NAMES:
        own = steps[(part_of == name) & (steps != NOWHERE)]
        if not len(own):
            continue
        if own.min() <= before:
            row = int(np.flatnonzero((part_of == name) & (steps != NOWHERE))[own.argmin()])
            raise DataError(
                f"the {name} split begins before the {last} split ends",
                place=records.where(row, time or settings.time),
                mend="split in time: train first, then valid, then test",
            )
        before, last = float(own.max()), name
        if name != "train":
            found[name] = (int(own.min()), int(own.max()) + 1)
    if not found:
        raise DataError(
            "the rows say only train", place=Place(records.source, None, settings.split), mend="say valid or test too"
        )
    return found


def _rows(name: str, value: str, occupied: np.ndarray) -> tuple[int, int]:
    """Rows counted from 0, the end left out, as steps of the axis."""
    matched = ROWS.fullmatch(value.strip())
    assert matched is not None
    begin, end = map(int, matched.groups())
    if begin >= end:
        raise UsageError(f"--{name} {value}: rows begin:end, the end left out, must hold one row at least")
    if end > len(occupied):
        raise UsageError(
            f"--{name} {value}: rows are counted by their times, from 0, and there are {len(occupied):,}; end at "
            f"{len(occupied)} at most"
        )
    return int(occupied[begin]), int(occupied[end - 1]) + 1
