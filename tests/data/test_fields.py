"""Fields: fitted on training values, to tensors and back, through JSON; a value that does not fit is named."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from throughtime.batch import Sequences
from throughtime.data.fields import fields, fields_from_json, fields_to_json
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

PLACE = Place("data.csv", 7, "it")
VALUES: dict[str, list[Any]] = {
    "tokens": ["a b, c", "B", "", "a a a a"],
    "category": ["x", "z", "x", "y"],
    "labels": [["x", "y"], [], ["z"], "y"],
    "number": [3, "4.5", -1.25, "1e2"],
    "words": [["The", "dog"], ["U.S.", "barks", "it"], [], ["the"]],
    "sentences": ["A b. C!", ["B a", "c."], "", "a a."],
    "tags": [["B-X", "O"], ["O", "B-Y", "I-Y"], [], ["O"]],
    "numbers": [[3, -1.5], "1e2 4", [], 7],
    "notes": [[[60, 64], [21]], [[60]], [], [[], [108, 64, 64], [62]]],
}


def fitted(kind: str, values: list[Any] | None = None, output: bool = False, **settings: Any) -> Any:
    values = VALUES[kind] if values is None else values
    return fields[kind].fit(
        "it", values, lambda i: Place("data.csv", i + 2, "it"), DataSettings(**settings), output=output
    )


def test_every_kind_has_values_here() -> None:
    assert set(VALUES) == set(fields)


@pytest.mark.parametrize("output", [False, True])
@pytest.mark.parametrize("kind", VALUES)
def test_a_field_survives_json_and_answers_as_before(kind: str, output: bool) -> None:
    field = fitted(kind, output=output)
    saved = json.loads(json.dumps(fields_to_json({"it": field})))
    again = fields_from_json(saved)["it"]
    assert again == field and again.kind == kind and again.column == "it"
    for value in VALUES[kind]:
        assert np.array_equal(field.encode(value, PLACE), again.encode(value, PLACE))


@pytest.mark.parametrize("kind", VALUES)
def test_a_batch_holds_each_row_in_its_place(kind: str) -> None:
    field = fitted(kind)
    encoded = [field.encode(value, PLACE) for value in VALUES[kind]]
    batch, backwards = field.collate(encoded), field.collate(encoded[::-1])
    for k in range(4):
        if isinstance(batch, Sequences):
            length = int(batch.lengths[k])
            assert length == field.length(encoded[k]) == len(encoded[k])
            features = [slice(size) for size in encoded[k].shape[1:]]  # words of unequal length have unequally many
            assert batch.data[k][(slice(length), *features)].tolist() == encoded[k].tolist()
            assert batch.data[k].count_nonzero() == np.count_nonzero(encoded[k]), "all the rest is 0"
            assert backwards.data[3 - k].tolist() == batch.data[k].tolist()
        else:
            assert torch.equal(batch[k], backwards[3 - k]) and field.length(encoded[k]) == 1


@pytest.mark.parametrize("kind", VALUES)
def test_notes_name_the_column(kind: str) -> None:
    notes = fitted(kind).notes
    assert notes and all(note.startswith('column "it": ') for note in notes)


def test_tokens_back_to_text_without_padding() -> None:
    field = fitted("tokens", tokens="words")
    ids = field.collate([field.encode("B, a, unknown", PLACE), field.encode("a", PLACE)]).data
    assert field.decode(ids[0]) == "b, a, <unk>" and field.decode(ids[1]) == "a"
    assert fitted("tokens", tokens="words", lower_case="no").encode("C c", PLACE).tolist()[0] == 1


def test_tokens_are_cut_and_counted_after_the_cut() -> None:
    field = fitted("tokens", ["abcde", "abz"], max_length=3)
    assert field.vocabulary.tokens[4:] == ("a", "b", "c", "z")
    assert len(field.encode("abcde", PLACE)) == 3 and len(field.encode("", PLACE)) == 0
    assert any("1 of 2 training texts are cut to their first 3 characters" in note for note in field.notes)


def test_lists_of_tokens_are_taken_as_they_are() -> None:
    field = fitted("tokens", [["New York", "is"], ["is"]], tokens="words", lower_case="no")
    assert set(field.vocabulary.tokens[4:]) == {"New York", "is"}


def test_rare_words_are_said() -> None:
    field = fitted("tokens", ["a a b c"] * 2 + ["d"], tokens="words", min_count=2)
    assert set(field.vocabulary.tokens[4:]) == {"a", "b", "c"}
    assert any(
        "3 different words in training; 1 rarer ones are <unk> (11.1% of the text)" in note for note in field.notes
    )


def test_classes_are_in_order_whatever_their_type() -> None:
    assert fitted("category", [10, "9", 2.0, True], output=True).classes == ("10", "2", "9", "true")
    assert fitted("category", [10, "9", 2.0], output=True).classes == ("2", "9", "10")


def test_an_unseen_class_is_unk_as_input_and_refused_as_output() -> None:
    assert fitted("category").encode("new", PLACE) == 0 == fitted("category").encode(None, PLACE)
    with pytest.raises(DataError, match='data.csv row 7, column "it": label "new" was not seen in training'):
        fitted("category", output=True).encode("new", PLACE)


def test_many_classes_are_said_with_the_most_frequent_and_the_rarest() -> None:
    values = [f"c{k:02}" for k in range(12) for _ in range(20 - k)]
    assert fitted("category", values, output=True).notes == (
        'column "it": 12 classes in training: c00 (20 rows), c01 (19), c02 (18), c03 (17), c04 (16), c05 (15), '
        "c06 (14), ..., c11 (9)",
    )


def test_labels_are_a_row_of_zeros_and_ones() -> None:
    field = fitted("labels", ["b;a", "", "c"], label_separator=";")
    assert field.classes == ("a", "b", "c")
    assert field.encode("c; b;c", PLACE).tolist() == [0, 1, 1] and field.encode("", PLACE).tolist() == [0, 0, 0]
    assert field.decode([0.2, 0.7, 0.9]) == ["b", "c"]


def test_numbers_are_scaled_by_the_training_mean() -> None:
    field = fitted("number")
    encoded = [field.encode(value, PLACE) for value in VALUES["number"]]
    assert np.mean(encoded) == pytest.approx(0, abs=1e-12) and np.std(encoded) == pytest.approx(1)
    assert [field.decode(x) for x in encoded] == pytest.approx([3, 4.5, -1.25, 100])


def test_a_missing_number_is_the_mean_where_that_is_allowed() -> None:
    field = fitted("number", [1, "n/a", 5, ""], missing=("n/a",))
    assert field.decode(field.encode("n/a", PLACE)) == 3 == field.decode(field.encode(None, PLACE))
    assert any("2 missing numbers" in note for note in field.notes)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("number", "n/a", ['"n/a" is not a number', "--set missing=n/a"]),
        ("number", "", ["the number is missing", "fill it in"]),
        ("number", "3,5", ["decimal point"]),
        ("number", "inf", ["not a finite number"]),
        ("number", 10**400, ["not a finite number"]),
        ("number", [1], ["not a number"]),
        ("category", ["x"], ["not one class", "labels"]),
        ("labels", {"x": 1}, ["object", "list of class names"]),
        ("labels", "w", ['label "w" was not seen']),
        ("tokens", {"a": 1}, ["not a text"]),
        ("tokens", ["a", 3], ["not a list of texts"]),
        ("tokens", b"a", ["not a text"]),
    ],
)
def test_a_value_that_does_not_fit_is_named(kind: str, value: Any, words: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        fitted(kind, output=kind != "tokens").encode(value, PLACE)
    assert str(caught.value).startswith('data.csv row 7, column "it": ')
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("tokens", ["", None, "  "], "all texts are empty"),
        ("number", ["", None], "missing"),
        ("labels", ["", []], "no row has a label"),
        ("category", ["x", ""], "row 3.*class is missing"),
    ],
)
def test_nothing_to_fit_on_is_refused(kind: str, values: list[Any], words: str) -> None:
    with pytest.raises(DataError, match=f'^data.csv.*column "it".*{words}|^data.csv {words}'):
        fitted(kind, values, output=True)
