"""Settings: typed once, checked everywhere, with messages that name the option and what it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
import pytest
from msgspec import Meta

from throughtime.errors import UsageError
from throughtime.settings import Group, as_dict, build, changed, declared


class Shape(Group, frozen=True):
    """How large."""

    hidden_size: Annotated[int, Meta(ge=1, description="units of a layer")] = 128
    dropout: Annotated[float, Meta(ge=0, lt=1, description="share of units left out")] = 0.25
    bidirectional: bool = False
    layers: int = 2


class Course(Group, frozen=True):
    """How long."""

    optimiser: Annotated[Literal["adamw", "sgd"], Meta(description="the rule of the update")] = "adamw"
    clip: Annotated[float | None, Meta(description="bound of the gradient's norm")] = 5.0
    inputs: tuple[str, ...] = ()
    title: str = "none yet"


def built(**values: object) -> dict[str, object]:
    groups = build([Shape, Course], values)
    return {**as_dict(groups[Shape]), **as_dict(groups[Course])}


def test_defaults() -> None:
    assert build([Shape, Course], {}) == {Shape: Shape(), Course: Course()}


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("hidden_size", 7, 7),
        ("hidden_size", "7", 7),
        ("dropout", "0.5", 0.5),
        ("dropout", 0, 0.0),
        ("bidirectional", True, True),
        ("bidirectional", "yes", True),
        ("bidirectional", "off", False),
        ("bidirectional", "true", True),
        ("optimiser", "sgd", "sgd"),
        ("clip", None, None),
        ("clip", "none", None),
        ("clip", "0.25", 0.25),
        ("inputs", "a, b", ("a", "b")),
        ("inputs", ["a", "b"], ("a", "b")),
        ("inputs", "", ()),
        ("title", "on", "on"),
        ("title", "none", "none"),
        ("title", "5", "5"),
    ],
)
def test_values_are_converted(name: str, given: object, value: object) -> None:
    result = built(**{name: given})[name]
    assert result == value and type(result) is type(value)


def test_a_value_reaches_its_own_group_alone() -> None:
    groups = build([Shape, Course], {"layers": 3, "title": "x"})
    assert groups == {Shape: Shape(layers=3), Course: Course(title="x")}


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("hidden_size", -3, "--hidden-size -3: it must be a whole number of at least 1"),
        ("hidden_size", "-3", "--hidden-size -3: it must be a whole number of at least 1"),
        ("hidden_size", "many", "--hidden-size many: it must be a whole number of at least 1"),
        ("hidden_size", 2.5, "--hidden-size 2.5: it must be a whole number of at least 1"),
        ("hidden_size", "", '--hidden-size "": it must be a whole number of at least 1'),
        ("hidden_size", None, "--hidden-size None: it must be a whole number of at least 1"),
        ("dropout", "1", "--dropout 1: it must be a number of at least 0 and below 1"),
        ("bidirectional", "perhaps", "--bidirectional perhaps: it must be yes or no"),
        ("optimiser", "adam", "--set optimiser=adam: it must be adamw | sgd"),
        ("clip", "tight", "--set clip=tight: it must be a number or none"),
        ("inputs", 5, "--set inputs=5: it must be a list, parted by commas"),
    ],
)
def test_a_value_out_of_bounds_is_refused_in_words(name: str, given: object, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        built(**{name: given})
    assert str(refused.value) == words


@pytest.mark.parametrize("given", ["nan", "inf", float("nan")])
def test_bounds_hold_for_what_is_no_number(given: object) -> None:
    with pytest.raises(UsageError, match="--dropout"):
        built(dropout=given)


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match='unknown setting "hiden_size"; did you mean "hidden_size"?'):
        built(hiden_size=3)


def test_changed_checks_too_and_leaves_the_group_alone() -> None:
    shape = Shape(layers=3)
    assert changed(shape, hidden_size="9") == Shape(layers=3, hidden_size=9)
    assert shape.hidden_size == 128
    with pytest.raises(UsageError, match="--hidden-size 0"):
        changed(shape, hidden_size=0)


def test_a_group_is_a_value() -> None:
    with pytest.raises(AttributeError):
        Shape().layers = 3  # type: ignore[misc]


def test_declared_tells_all_there_is_to_print() -> None:
    rows = {row.name: row for row in declared(Shape)}
    assert list(rows) == ["hidden_size", "dropout", "bidirectional", "layers"]
    assert rows["hidden_size"].values == "a whole number of at least 1"
    assert rows["hidden_size"].help == "units of a layer"
    assert (rows["dropout"].default, rows["layers"].default, rows["layers"].help) == (0.25, 2, "")


def test_declared_values_of_each_kind() -> None:
    values = {row.name: row.values for row in declared(Course)}
    assert values == {
        "optimiser": "adamw | sgd",
        "clip": "a number or none",
        "inputs": "a list, parted by commas",
        "title": "a text",
    }


def test_groups_go_through_json_and_back() -> None:
    course = Course(inputs=("a", "b"), clip=None)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(as_dict(course))), Course) == course


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("layers", np.int64(3), 3),
        ("dropout", np.float32(0.5), 0.5),
        ("title", 0.25, "0.25"),
        ("title", Path("some") / "file.csv", str(Path("some") / "file.csv")),
    ],
)
def test_what_python_hands_over_is_taken_as_plain_values(name: str, given: object, value: object) -> None:
    result = built(**{name: given})[name]
    assert result == value and type(result) is type(value)


@pytest.mark.parametrize("given", ["inf", "nan", float("inf")])
def test_a_number_without_an_upper_bound_is_finite_all_the_same(given: object) -> None:
    with pytest.raises(UsageError, match="--set clip"):
        built(clip=given)
