"""Stories as sentences: cut, numbered, padded and written back."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from throughtime.data.columns import propose
from throughtime.data.fields.sentences import Sentences, sentences_of
from throughtime.data.records import in_memory_records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

STORIES: list[Any] = ["Ada ran. Bo sat down!\nAda sat.", ["Bo ran.", "", "Ada?"], "", None]


def fitted(**settings: Any) -> Sentences:
    return Sentences.fit("story", STORIES, lambda i: Place("a.csv", i + 1), DataSettings(tokens="words", **settings))


def test_texts_are_cut_at_sentences_and_lines_and_lists_are_taken_as_they_are() -> None:
    assert sentences_of(" One, 2.5 m. Two?  Three\n\nfour ") == ["One, 2.5 m.", "Two?", "Three", "four"]
    field = fitted()
    assert field.sentences(STORIES[1], Place()) == ["Bo ran.", "Ada?"]
    assert field.sentences(None, Place()) == field.sentences("  ", Place()) == []
    assert fitted(max_length=2).sentences(STORIES[0], Place()) == ["Ada ran.", "Bo sat down!"]


def test_encoded_collated_and_decoded() -> None:
    field = fitted()
    encoded = [field.encode(value, Place()) for value in STORIES]
    assert [field.length(value) for value in encoded] == [3, 2, 0, 0]
    assert encoded[0].shape == (3, 4) and (encoded[0][0, 3:] == 0).all() and (encoded[0][1] > 0).all()
    column = field.collate(encoded)
    assert column.data.shape == (4, 3, 4) and column.lengths.tolist() == [3, 2, 0, 0]
    assert field.decode(encoded[0]) == "ada ran. bo sat down! ada sat."
    again = Sentences.from_json(field.to_json())
    assert torch.equal(again.collate([again.encode(STORIES[0], Place())]).data[0], column.data[0])


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, b"Ada ran."])
def test_what_is_no_story_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(DataError, match='^b.csv row 4, column "story": .* is not a'):
        fitted().encode(value, Place("b.csv", 4, "story"))


def test_where_a_question_is_asked_texts_of_several_sentences_are_read_so() -> None:
    told = ["Ada ran. Bo sat.", "Bo ran. Ada ran.", "Ada sat. Bo sat.", "Bo sat. Bo ran."]
    columns: dict[str, list[Any]] = {
        "question": ["who?"] * 4,
        "story": told,
        "note": ["a b"] * 4,
        "answer": list("xyxy"),
    }
    found = propose(in_memory_records(columns), DataSettings(), asks=True)
    assert found.inputs == ("story", "note", "question")
    assert found.kinds == {"story": "sentences", "note": "tokens", "question": "tokens", "answer": "category"}
    said = propose(in_memory_records(columns), DataSettings(kinds=("story=tokens",)), asks=True)
    assert said.kinds["story"] == "tokens"
