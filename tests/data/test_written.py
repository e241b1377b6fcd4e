"""Texts that are written: proposed only where they are asked for, marked at both ends, and decoded as they were."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import torch

from throughtime.batch import Sequences
from throughtime.data.columns import propose
from throughtime.data.fields import fields, fields_from_json, fields_to_json, fit_fields
from throughtime.data.records import Records, in_memory_records
from throughtime.data.settings import DataSettings
from throughtime.data.vocabulary import EOS, SOS
from throughtime.errors import Place, UsageError

TEXTS = ['He said: "No (not I), never"...', "3.14 is  a\tNUMBER,isn't it?", "<unk> - ￭ ￭x a￭", "Größe: 1,5 m", "A B C"]
PHONEMES = [["AE1", "B"], ["B"], ["T", "AE1", "T"]]


def written(values: list[Any], **settings: Any) -> Any:
    return fields["tokens"].fit(
        "it", values, lambda i: Place("data.csv", i + 2, "it"), DataSettings(**settings), output=True
    )


def one_space(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("tokens", ["characters", "bytes", "words", "subwords"])
def test_a_text_comes_back_as_it_was(tokens: str) -> None:
    field = written(TEXTS, tokens=tokens)
    for text in TEXTS:
        ids = field.encode(text, Place())
        assert field.vocabulary.decode(ids[[0, -1]]) == [SOS, EOS]
        assert field.decode(ids) == (one_space(text) if tokens == "words" else text)


def test_any_words_come_back() -> None:
    chance = random.Random(5)
    texts = ["".join(chance.choices("ab.,'-’￭\"( )15é  ", k=30)) for _ in range(300)]
    field = written(texts, tokens="words")
    assert [field.decode(field.encode(text, Place())) for text in texts] == [one_space(text) for text in texts]


def test_words_that_stand_apart_already_are_parted_by_spaces() -> None:
    texts = ["so it is , he said ."] * 20
    field = written(texts, tokens="words")
    assert field.unit == "spaces" and field.decode(field.encode(texts[0], Place())) == texts[0]


def test_symbols_come_back_between_blanks() -> None:
    field = written(PHONEMES)
    assert [field.decode(field.encode(row, Place())) for row in PHONEMES] == ["AE1 B", "B", "T AE1 T"]
    assert field.decoded(field.encode(PHONEMES[2], Place())) == PHONEMES[2]


def test_capitals_are_written_unless_said_otherwise() -> None:
    assert written(["Ab Cd e"] * 3, tokens="words").decode([2, 4, 5, 3]) == "Ab Cd"
    assert written(["Ab Cd e"] * 3, tokens="words", lower_case="yes").decode([2, 4, 5, 3]) == "ab cd"


def test_nothing_is_read_behind_the_end() -> None:
    field = written(["ab"], tokens="characters")
    a, b = field.vocabulary.ids["a"], field.vocabulary.ids["b"]
    assert field.decode([2, a, 3, b, b, 0]) == field.decode([a, 3]) == field.decode(torch.tensor([a])) == "a"
    assert field.decode([2, 3, a]) == field.decode([]) == ""


def test_a_text_that_is_cut_has_no_end() -> None:
    field = written(["abc", "ab"], tokens="characters", max_length=2)
    assert [len(field.encode(text, Place())) for text in ("abc", "ab", "a", "")] == [3, 4, 3, 2]
    assert field.vocabulary.decode(field.encode("abc", Place())) == [SOS, "a", "b"]


def test_marks_in_the_texts_themselves_end_nothing() -> None:
    field = written([["a", "<eos>", "b"], ["<pad>", "<sos>"]])
    assert field.decode(field.encode(["a", "<eos>", "b"], Place())) == "a <unk> b"


def test_a_batch_is_padded_behind_the_end() -> None:
    field = written(["abc", "a"], tokens="characters")
    batch = field.collate([field.encode(text, Place()) for text in ("a", "abc")])
    assert isinstance(batch, Sequences) and batch.data.shape == (2, 5) and batch.lengths.tolist() == [3, 5]
    assert batch.data[0].tolist() == [2, field.vocabulary.ids["a"], 3, 0, 0]


@pytest.mark.parametrize("tokens", ["characters", "words", "subwords"])
def test_it_is_saved_and_read_back(tokens: str) -> None:
    field = written(TEXTS, tokens=tokens)
    again = fields_from_json(json.loads(json.dumps(fields_to_json({"it": field}))))["it"]
    assert again == field and again.encode("A B", Place()).tolist() == field.encode("A B", Place()).tolist()


def pairs(**more: list[Any]) -> Records:
    """Rows whose output has as many letters as the input, few of them, and repeats: a class or tags, if guessed."""
    return in_memory_records({"name": ["ab", "bc", "cd", "de"] * 9, "sound": ["xy", "xz", "zy", "xy"] * 9, **more})


def test_a_table_is_proposed_as_before() -> None:
    assert propose(pairs(), DataSettings()).kinds["sound"] in ("category", "tags")
    assert propose(pairs(), DataSettings(), ("category", "labels")).kinds == propose(pairs(), DataSettings()).kinds


@pytest.mark.parametrize(
    ("settings", "learnt"), [({}, ("tokens",)), ({"kinds": ("sound=tokens",)}, ()), ({"kinds": ("sound=tokens",)}, "x")]
)
def test_a_text_to_be_written_is_asked_for(settings: dict[str, Any], learnt: tuple[str, ...]) -> None:
    proposal = propose(pairs(), DataSettings(**settings), learnt)
    assert (proposal.inputs, proposal.output, proposal.unit) == (("name",), "sound", None)
    assert proposal.kinds == {"name": "tokens", "sound": "tokens"}


def test_numbers_are_read_digit_by_digit_where_they_are_to_be_spelt_out() -> None:
    years = in_memory_records({"year": [1900 + k for k in range(30)], "spoken": [f"nineteen {k}" for k in range(30)]})
    assert propose(years, DataSettings(), ("tokens",)).kinds == {"year": "tokens", "spoken": "tokens"}


def test_what_was_said_of_a_column_stands_above_the_task() -> None:
    proposal = propose(pairs(), DataSettings(kinds=("sound=category",)), ("tokens",))
    assert proposal.kinds["sound"] == "category" and "was said" in proposal.reason


def fit(columns: dict[str, list[Any]], **settings: Any) -> Any:
    records = in_memory_records(columns)
    kinds = dict.fromkeys(columns, "tokens")
    last = list(columns)[-1]
    return fit_fields(records, kinds, {last}, DataSettings(shared_vocabulary=True, **settings))


@pytest.mark.parametrize("tokens", ["characters", "words", "subwords"])
def test_one_vocabulary_holds_both_sides(tokens: str) -> None:
    both = fit({"de": ["ab cd ef", "cd"], "en": ["gh ab kl", "mn"]}, tokens=tokens)
    assert both["de"].vocabulary == both["en"].vocabulary and both["de"].subwords == both["en"].subwords
    read, write = (both[side].encode("mn ab", Place()).tolist() for side in ("de", "en"))
    assert write == [2, *read, 3] and 1 not in read
    assert (both["de"].column, both["en"].column) == ("de", "en")
    assert 'columns "de" and "en", one vocabulary: cut into' in both["de"].notes[0] and both["en"].notes == ()
    again = fields_from_json(json.loads(json.dumps(fields_to_json(both))))
    assert again == both


def test_two_vocabularies_are_the_default() -> None:
    records = in_memory_records({"de": ["ab", "cd"], "en": ["gh", "kl"]})
    apart: Any = fit_fields(records, {"de": "tokens", "en": "tokens"}, {"en"}, DataSettings())
    assert set(apart["de"].vocabulary.tokens) & set(apart["en"].vocabulary.tokens) == {"<pad>", "<unk>", SOS, EOS}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"word": ["ab", "b"], "sounds": [["A", "B"], ["B"]]},
            '"word" is cut into characters, "sounds" is cut into',
        ),
        (
            {"text": ["one two three four"] * 3, "name": ["ab", "c", "d"]},
            '"text" is cut into words, "name" is cut',
        ),
    ],
)
def test_sides_that_are_cut_differently_are_refused(columns: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        fit(columns)
    assert f"--set shared_vocabulary=yes: {said}" in str(caught.value) and "leave it out" in str(caught.value)


def test_a_vocabulary_is_not_shared_with_what_is_no_text() -> None:
    records = in_memory_records({"text": ["ab", "cd"], "label": ["x", "y"]})
    with pytest.raises(UsageError, match="no texts are both read and written; leave it out"):
        fit_fields(records, {"text": "tokens", "label": "category"}, {"label"}, DataSettings(shared_vocabulary=True))


def test_a_broken_text_of_either_side_is_named_with_its_row() -> None:
    with pytest.raises(Exception, match=r'the records row 2, column "en": .* is not a text'):
        fit({"de": ["ab", "cd"], "en": ["gh", {"a": 1}]}, tokens="characters")
