"""What can go wrong, sorted by whose turn it is to act; the exit code follows from the class."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

MOST_NAMED = 60  # of what is known, in an error


class ThroughtimeError(Exception):
    """Base of every error that the library raises on purpose; left alone it means a defect of ours."""

    exit_code = 1


class UsageError(ThroughtimeError):
    """The user's call or setting cannot work as given."""

    exit_code = 2


@dataclass(frozen=True)
class Place:
    """Where in the user's data something stands; every part may be missing.

    ``row`` counts as the user does: the line of a text file, the record of a list, from 1. ``step`` counts the tokens
    of a sequence, from 1. Where each step of a row has a line of its own, ``lines`` holds them.

    >>> str(Place(file="train.csv", row=418, column="temp"))
    'train.csv row 418, column "temp"'
    >>> sentence = Place("a.conll", 7, "tag", lines=(7, 8, 10))
    >>> str(sentence.at(2)), str(Place("a.csv", 7, "tag").at(2))
    ('a.conll row 10, column "tag"', 'a.csv row 7, column "tag", step 3')
    """

    file: str | None = None
    row: int | None = None
    column: str | None = None
    step: int | None = None
    lines: Sequence[int] | None = field(default=None, compare=False, repr=False)

    def at(self, step: int) -> Place:
        """The place of one step of a sequence (from 0)."""
        if self.lines is not None and step < len(self.lines):
            return Place(self.file, self.lines[step], self.column)
        return replace(self, step=step + 1, lines=None)

    def __str__(self) -> str:
        where = " ".join(part for part in (self.file or "", "" if self.row is None else f"row {self.row}") if part)
        column = "" if self.column is None else f'column "{self.column}"'
        step = "" if self.step is None else f"step {self.step}"
        return ", ".join(part for part in (where, column, step) if part)


class DataError(ThroughtimeError):
    """The user's data does not hold what it must: says where, what was found, and the mend.

    >>> print(DataError('"n/a" is not a number', mend="fix the row", place=Place("train.csv", 418, "temp")))
    train.csv row 418, column "temp": "n/a" is not a number; fix the row
    """

    exit_code = 2

    def __init__(self, problem: str, *, mend: str, place: Place | None = None) -> None:
        self.problem, self.mend, self.place = problem, mend, place or Place()
        where = str(self.place)
        super().__init__(f"{where}: {problem}; {mend}" if where else f"{problem}; {mend}")


class NonFiniteError(ThroughtimeError):
    """Training met a NaN or an infinity and stopped; the message names tensor, layer, time step and sample."""

    exit_code = 3


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name nobody has registered, with the nearest known one as a suggestion.

    >>> print(unknown("cell", "ltsm", ["lstm", "gru"]))
    unknown cell "ltsm"; did you mean "lstm"?
    >>> print(unknown("cell", "xyz", ["lstm", "gru"]))
    unknown cell "xyz"; known: gru, lstm
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    more = f" and {len(known) - MOST_NAMED:,} more" if len(known) > MOST_NAMED else ""
    named = ", ".join(known[:MOST_NAMED] if more else known) + more
    return UsageError(f'unknown {kind} "{name}"; ' + (f'did you mean "{near[0]}"?' if near else f"known: {named}"))
