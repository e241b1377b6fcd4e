"""Fields with a value for every step: words with letters and shapes, tags, numbers; mistakes name the step."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from throughtime.data.fields import fields, fields_from_json, fields_to_json
from throughtime.data.fields.numbers import Numbers
from throughtime.data.fields.tags import Tags
from throughtime.data.fields.words import Words, shape
from throughtime.data.settings import DataSettings
from throughtime.data.vocabulary import SPECIALS, UNK
from throughtime.errors import DataError, Place

PLACE = Place("data.csv", 7, "it")
FIRST, UNKNOWN = len(SPECIALS), SPECIALS.index(UNK)


def fitted(kind: str, values: list[Any], output: bool = False, **settings: Any) -> Any:
    """A field of column ``it``; row i stands in line 10 i + 10, and its step k in line 10 i + k + 10."""

    def where(i: int) -> Place:
        return Place("a.conll", 10 * i + 10, "it", lines=range(10 * i + 10, 10 * i + 20))

    return fields[kind].fit("it", values, where, DataSettings(**settings), output=output)


def through_json(field: Any) -> Any:
    return fields_from_json(json.loads(json.dumps(fields_to_json({"it": field}))))["it"]


# words

SENTENCES = [["The", "McDonald", "ate"], ["the", "B-52", "ate", "U.S."], ["a"]]


def words(**settings: Any) -> Words:
    return fitted("words", SENTENCES, **settings)


def letters_of(field: Words, row: np.ndarray) -> str:
    return "".join(field.letters.tokens[k] for k in row[2:] if k)


def test_a_word_is_its_id_its_shape_and_its_letters() -> None:
    field = words()
    found = field.encode(["the", "The", "ThE"], PLACE)
    assert found.shape == (3, 2 + 3) and found.dtype == np.int32
    the = field.vocabulary.ids["the"]
    assert found[:, 0].tolist() == [the] * 3, "words are lower-cased"
    assert [field.shapes.tokens[k] for k in found[:, 1]] == ["a", "Aa", UNK]
    assert [letters_of(field, row) for row in found] == ["the", "The", f"Th{UNK}"], "letters are not, and E is new"
    assert field.decode(found) == "the the the" and field.length(found) == 3


def test_lower_case_no_keeps_words_apart() -> None:
    field = words(lower_case="no")
    assert {"The", "the", "McDonald"} <= set(field.vocabulary.ids) and "mcdonald" not in field.vocabulary.ids
    assert len(set(field.encode(["the", "The"], PLACE)[:, 0])) == 2
    assert words(lower_case="yes") == words()


def test_an_unknown_word_is_known_by_its_letters_and_its_shape() -> None:
    field = words()
    old, new, other = field.encode(["McDonald", "McTedold", "cab"], PLACE)
    assert new[0] == other[0] == UNKNOWN != old[0]
    assert new[1] == old[1] != other[1], "the shape AaAa is known"
    assert letters_of(field, new) == "McTedold" and letters_of(field, other) == "ca<unk>"
    strange = field.encode(["é—9"], PLACE)[0]
    assert strange[:2].tolist() == [UNKNOWN, UNKNOWN] and strange[2:].tolist() == [UNKNOWN] * 3


@pytest.mark.parametrize(
    ("word", "expected"),
    [("dog", "a"), ("Dog", "Aa"), ("DOG", "A"), ("iPhone", "aAa"), ("B-52", "A-9"), ("3.14", "9.9"), ("...", "..."),
     ("U.S.", "A.A."), ("Ünïcode", "Aa"), ("東京", "a"), ("", ""), ("don't", "a'a"), ("--", "--")],
)  # fmt: skip
def test_shapes(word: str, expected: str) -> None:
    assert shape(word) == expected


def test_of_a_long_word_the_first_and_the_last_letters_are_kept() -> None:
    long = "abcdefghijkl" + "m" * 30 + "nopqrstuvwxy"
    field = fitted("words", [[long], ["z"]])
    (row,) = field.encode([long], PLACE)
    assert letters_of(field, row) == "abcdefghijklnopqrstuvwxy" and len(row) == 2 + 24
    exact = "abcdefghijklmmnopqrstuvw"
    assert letters_of(field, field.encode([exact], PLACE)[0]) == exact


def test_a_batch_of_words_is_padded_in_steps_and_in_letters() -> None:
    field = words()
    encoded = [field.encode(value, PLACE) for value in (["a"], [], ["McDonald", "ate"])]
    batch = field.collate(encoded)
    assert batch.data.shape == (3, 2, 2 + 8) and batch.lengths.tolist() == [1, 0, 2]
    assert batch.data[0, 0, :3].tolist() == encoded[0][0].tolist() and not batch.data[0, 0, 3:].any()
    assert not batch.data[0, 1].any() and not batch.data[1].any()
    assert batch.data[2, 1, :5].tolist() == encoded[2][1][:5].tolist()
    nothing = field.collate([field.encode([], PLACE)])
    assert nothing.data.shape == (1, 1, 2) and nothing.lengths.tolist() == [0]


def test_texts_are_cut_at_spaces_where_training_has_texts_and_as_words_where_it_has_lists() -> None:
    spaced, lists = fitted("words", ["do n't stop .", "a dog ."]), fitted("words", [["do", "n't"], ["it"]])
    assert (spaced.unit, lists.unit) == ("spaces", "words")
    assert spaced.words("so, it is.", PLACE) == ["so,", "it", "is."]
    assert lists.words("so, it is.", PLACE) == ["so", ",", "it", "is", "."]
    assert spaced.words(["so,", "it"], PLACE) == ["so,", "it"]
    assert spaced.words(None, PLACE) == spaced.words("  ", PLACE) == []


def test_rare_words_become_unknown_and_are_said() -> None:
    field = fitted("words", [["a", "A", "b"], ["a", "c"]], min_count=2)
    assert field.vocabulary.tokens[FIRST:] == ("a",)
    said = "1 in training; 2 rarer ones are <unk> (40.0% of the text), known by letters and shape"
    assert any(said in note for note in field.notes)
    assert fitted("words", [["a", "a", "b", "c"]], max_vocabulary=2).vocabulary.tokens[FIRST:] == ("a", "b")
    assert fitted("words", [["a", "a", "b"], ["x"] * 9], max_length=2).vocabulary.tokens[FIRST:] == ("a", "x")


@pytest.mark.parametrize("lower_case", ["auto", "no"])
@pytest.mark.parametrize("max_length", [None, 2])
def test_words_survive_json(lower_case: str, max_length: int | None) -> None:
    field = words(lower_case=lower_case, max_length=max_length)
    again = through_json(field)
    assert again == field
    for value in [*SENTENCES, "the MCDONALD", [], ["Zürich"] * 4]:
        assert np.array_equal(again.encode(value, PLACE), field.encode(value, PLACE))


@pytest.mark.parametrize("value", [["the", 3], ["the", ""], ["the", None], ["the", ["dog"]]])
def test_what_is_no_word_is_named_with_its_step(value: list[Any]) -> None:
    with pytest.raises(
        DataError, match='^data.csv row 7, column "it", step 2: ".*" is not a word; give a list of words$'
    ):
        words().encode(value, PLACE)
    with pytest.raises(DataError, match='^a.conll row 8, column "it": '):
        words().encode(value, Place("a.conll", 7, "it", lines=[7, 8]))


# tags


def tags(values: list[Any], **settings: Any) -> Tags:
    return fitted("tags", values, output=True, **settings)


@pytest.mark.parametrize(
    ("values", "unit", "same"),
    [
        ([["N", "V"], ["N"]], "list", ["N", "V"]),
        ([("N", "V"), None], "list", ["N", "V"]),
        (["N V", "N"], "spaces", "N  V "),
        (["NV", "N"], "characters", "NV "),
        ([["N", "V"], "N"], "list", ["N", "V"]),
    ],
)
def test_lists_names_between_spaces_and_letters_are_tags(values: list[Any], unit: str, same: Any) -> None:
    if values[-1] == "N" and unit == "list":
        with pytest.raises(DataError, match='^a.conll row 20, column "it": "N" is not a list of tags; '):
            tags(values)
        return
    field = tags(values)
    assert field.unit == unit and field.classes == ("N", "V") and field.scheme is None
    assert field.encode(same, PLACE).tolist() == [0, 1] and field.encode("" if unit != "list" else [], PLACE).size == 0
    assert field.decode(np.array([1, 0, 1])) == ["V", "N", "V"]
    assert through_json(field) == field
    assert through_json(field).encode(same, PLACE).tolist() == [0, 1]


def test_tags_in_their_order_and_counted() -> None:
    assert tags([[10, 9, "2"], [2.0]]).classes == ("2", "9", "10")
    assert tags([["b", "a", "b"]]).notes == ('column "it": 2 tags in training: b (2 steps), a (1)',)
    many = tags([[f"t{k:02}"] * (20 - k) for k in range(12)])
    assert many.notes == (
        'column "it": 12 tags in training: t00 (20 steps), t01 (19), t02 (18), t03 (17), t04 (16), t05 (15), '
        "t06 (14), ..., t11 (9)",
    )


@pytest.mark.parametrize(
    ("values", "scheme", "classes"),
    [
        ([["B-X", "I-X", "O", "B-Y"]], "IOB2", ("O", "B-X", "I-X", "B-Y", "I-Y")),
        ([["I-X", "I-X", "B-X", "O", "I-Y"]], "IOB1", ("O", "B-X", "I-X", "B-Y", "I-Y")),
        ([["S-X", "O", "B-X", "E-X"]], "BIOES", ("O", "B-X", "I-X", "E-X", "S-X")),
        ([["U-X", "O", "B-X", "L-X"]], "BIOES", ("O", "B-X", "I-X", "L-X", "U-X")),
        ([["B-X", "B-X"], ["B-Y"]], "IOB2", ("O", "B-X", "I-X", "B-Y", "I-Y")),  # no O, no I-: both may come
    ],
)  # fmt: skip
def test_tags_of_spans_are_completed_by_what_the_scheme_has(
    values: list[Any], scheme: str, classes: tuple[str, ...]
) -> None:
    field = tags(values)
    assert (field.scheme, field.classes) == (scheme, classes)
    for name in classes:
        assert field.decode(field.encode([name], PLACE)) == [name], "a tag that training lacks but the scheme has"
    assert any(f"spans are marked by {scheme}" in note and "break" not in note for note in field.notes)
    assert through_json(field) == field


def test_rows_that_break_the_scheme_are_counted_and_the_first_is_named_with_its_line() -> None:
    sound = [["B-X", "I-X"]] * 5
    field = tags([*sound, ["O", "O", "I-X"], ["I-X"]])
    assert field.scheme == "IOB2"
    assert field.notes[-1] == (
        'column "it": spans are marked by IOB2; 2 of 7 rows break it, the first: a.conll row 62, column "it"'
    )


def test_a_tag_outside_the_scheme_is_named_with_its_line() -> None:
    with pytest.raises(DataError) as refused:
        tags([["B-X", "O"], ["O", "B-X", "I-X"], ["O", "X", "O"]])
    assert str(refused.value) == (
        'a.conll row 31, column "it": the tag "X" is outside the IOB2 scheme of the other tags; '
        "write O, or a prefix and a name as in B-NAME"
    )
    field = tags([["B-X", "O"], ["O", "B-X", "I-X"]])
    with pytest.raises(DataError, match='^data.csv row 7, column "it", step 2: the tag "_" is outside the IOB2 scheme'):
        field.encode(["O", "_"], PLACE)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([["O", "X", "B-X"], ["X", "Y", "Z"]], ("B-X", "O", "X", "Y", "Z")),  # one with a prefix by chance
        ([["N", "V"], ["B-X", "I-X"]], ("B-X", "I-X", "N", "V")),  # no O: no scheme that one could be outside of
    ],
)
def test_where_few_tags_look_like_spans_none_are_refused(values: list[Any], classes: tuple[str, ...]) -> None:
    field = tags(values)
    assert field.scheme is None and field.classes == classes


def test_a_tag_that_training_lacks_is_named_with_its_own_line_and_the_nearest() -> None:
    field = tags([["NOUN", "VERB"], ["ADJ"]])
    sentence = Place("dev.conll", 7, "pos", lines=[7, 8, 10])
    with pytest.raises(DataError) as refused:
        field.encode(["ADJ", "VERB", "NOUM"], sentence)
    assert str(refused.value).startswith(
        'dev.conll row 10, column "pos": label "NOUM" was not seen in training; is it "NOUN"? '
    )
    with pytest.raises(DataError, match='^data.csv row 7, column "it", step 1: label "X" was not seen'):
        field.encode(["X", "ADJ"], PLACE)
    spans = tags([["B-X", "I-X", "O"]])
    with pytest.raises(DataError, match='^data.csv row 7, column "it", step 2: label "B-Y" was not seen in training'):
        spans.encode(["O", "B-Y"], PLACE)


@pytest.mark.parametrize("empty", [None, "", " "])
def test_a_tag_that_is_missing_is_no_class(empty: Any) -> None:
    with pytest.raises(DataError, match='^data.csv row 7, column "it", step 2: the tag is missing; fill it in'):
        tags([["N", "V"]]).encode(["N", empty], PLACE)
    with pytest.raises(DataError, match='^a.conll row 22, column "it": the tag is missing; fill it in'):
        tags([["N", "V"], ["N", "V", empty]])


def test_tags_are_cut_as_the_words_are() -> None:
    field = tags([["a", "b", "z"]], max_length=2)
    assert field.encode(["b", "a", "a"], PLACE).tolist() == [field.ids["b"], field.ids["a"]]
    assert through_json(field).max_length == 2


# numbers


def numbers(values: list[Any], output: bool = False, **settings: Any) -> Numbers:
    return fitted("numbers", values, output=output, **settings)


def test_each_number_of_a_step_is_scaled_by_itself() -> None:
    rows = [[[1.0, -20.0], [2.0, 0.0]], [], [[6.0, 50.0]]]
    field = numbers(rows)
    whole = np.concatenate([field.encode(row, PLACE) for row in rows])
    assert whole.shape == (3, 2) and whole.dtype == np.float32
    assert whole.mean(0) == pytest.approx([0, 0], abs=1e-6) and whole.std(0) == pytest.approx([1, 1], abs=1e-6)
    assert field.encode([[3.0, 10.0]], PLACE).tolist() == [[0.0, 0.0]]
    assert field.encode([], PLACE).shape == (0, 2)
    assert any("2 numbers a step, from -20 to 50" in note for note in field.notes)
    assert through_json(field) == field
    assert np.array_equal(through_json(field).encode(rows[0], PLACE), field.encode(rows[0], PLACE))


def test_numbers_are_read_from_lists_texts_and_single_ones() -> None:
    field = numbers([[1, "3"], "5  7", 4], output=True)
    assert field.decode(field.encode("1 3", PLACE)) == pytest.approx([1, 3])
    assert field.decode(field.encode([5.0, 7], PLACE)) == pytest.approx([5, 7])
    assert field.decode(field.encode(4, PLACE)) == [4] == field.decode(field.encode("4", PLACE))
    assert field.encode("", PLACE).shape == field.encode(None, PLACE).shape == (0, 1)
    batch = field.collate([field.encode(value, PLACE) for value in ([1, 3, 4], [], 4)])
    assert batch.data.shape == (3, 3, 1) and batch.lengths.tolist() == [3, 0, 1]


def test_a_missing_number_is_the_mean_of_its_own_where_that_is_allowed() -> None:
    field = numbers([[[1, 10], [None, 30]], [[3, "n/a"]]], missing=("n/a",))
    assert field.encode([["n/a", ""]], PLACE).tolist() == [[0.0, 0.0]]
    assert field.scalings[0].mean == 2 and field.scalings[1].mean == 20
    assert any("2 missing ones are taken as the training mean" in note for note in field.notes)
    assert through_json(field) == field


def test_numbers_are_cut() -> None:
    assert numbers([[1, 2, 3, 4]], max_length=2).encode([9, 8, 7], PLACE).shape == (2, 1)


@pytest.mark.parametrize(
    ("values", "output", "said"),
    [
        ([[[1, 2], [3]]], False, 'a.conll row 11, column "it": 1 number where the steps before have 2; '),
        ([[[1]], [[1, 2]]], False, 'a.conll row 20, column "it": 2 numbers a step where other rows have 1; '),
        ([[[1, 2]], [[3, 4]]], True, 'a.conll row 10, column "it": 2 numbers a step are to be learnt; '),
        ([[1, "x"]], False, 'a.conll row 11, column "it": "x" is not a number; '),
        ([[1], [2, None]], False, 'a.conll row 21, column "it": the number is missing; '),
        ([[1], [2, float("inf")]], False, 'a.conll row 21, column "it": "inf" is not a finite number; '),
        ([[], ""], False, 'a.conll, column "it": no row has a number; '),
        ([{"a": 1}], False, 'a.conll row 10, column "it": '),
    ],
)
def test_numbers_that_do_not_go_together_are_refused(values: list[Any], output: bool, said: str) -> None:
    with pytest.raises(DataError) as refused:
        numbers(values, output)
    assert str(refused.value).startswith(said), refused.value


def test_a_step_without_any_number_anywhere_is_refused() -> None:
    with pytest.raises(DataError, match="no step has a number"):
        numbers([[[1, "n/a"]], [[2, None]]], missing=("n/a",))


def test_a_row_of_another_width_than_training_is_refused() -> None:
    field = numbers([[[1, 2]], [[3, 4]]])
    with pytest.raises(DataError, match='^data.csv row 7, column "it": 3 numbers a step where training has 2; '):
        field.encode([[1, 2, 3]], PLACE)


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("words", [[], "", None], "all rows are empty"),
        ("tags", [[], None], "no row has a tag"),
        ("numbers", [[], None], "no row has a number"),
        ("tags", ["", None], "no row has a tag"),
    ],
)
def test_nothing_to_fit_on_is_refused(kind: str, values: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=f'^a.conll, column "it": {said}; '):
        fitted(kind, values, output=True)
