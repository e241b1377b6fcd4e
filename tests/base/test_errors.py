"""Errors carry the exit code and speak to a person with a file."""

from __future__ import annotations

import pytest

from throughtime.errors import DataError, NonFiniteError, Place, ThroughtimeError, UsageError, unknown


@pytest.mark.parametrize(
    ("error", "code"), [(ThroughtimeError, 1), (UsageError, 2), (DataError, 2), (NonFiniteError, 3)]
)
def test_exit_codes(error: type[ThroughtimeError], code: int) -> None:
    assert issubclass(error, ThroughtimeError) and error.exit_code == code


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place(), ""),
        (Place(file="a.csv"), "a.csv"),
        (Place(row=3), "row 3"),
        (Place(column="temp"), 'column "temp"'),
        (Place(file="a.csv", row=3), "a.csv row 3"),
        (Place(file="a.csv", column="temp"), 'a.csv, column "temp"'),
        (Place("a.csv", 3, "temp"), 'a.csv row 3, column "temp"'),
    ],
)
def test_a_place_says_what_is_known(place: Place, words: str) -> None:
    assert str(place) == words


def test_a_row_of_zero_is_said_too() -> None:
    assert str(Place(row=0)) == "row 0"


def test_data_error_is_place_problem_mend() -> None:
    error = DataError("empty", mend="fill it", place=Place("a.csv", 7, None))
    assert str(error) == "a.csv row 7: empty; fill it"
    assert (error.problem, error.mend, error.place) == ("empty", "fill it", Place("a.csv", 7))


def test_data_error_without_a_place_has_no_stray_colon() -> None:
    assert str(DataError("empty", mend="fill it")) == "empty; fill it"


def test_unknown_suggests_the_nearest() -> None:
    assert str(unknown("cell", "gur", ["lstm", "gru", "rnn"])) == 'unknown cell "gur"; did you mean "gru"?'


def test_unknown_lists_all_in_order_when_nothing_is_near() -> None:
    assert str(unknown("cell", "transformer", iter(["rnn", "gru"]))) == 'unknown cell "transformer"; known: gru, rnn'
