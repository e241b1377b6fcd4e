"""Which column is to be learnt, and what each column holds, proposed from many small tables."""

from __future__ import annotations

import random
from typing import Any

import pytest

from throughtime.data.columns import propose
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, ThroughtimeError, UsageError

CHANCE = random.Random(5)
N = 60


def sentences(words: int = 6) -> list[str]:
    return [
        " ".join(CHANCE.choice("a fine film of no plot and dull".split()) for _ in range(words)) + f" {k}"
        for k in range(N)
    ]


def repeated(*values: Any) -> list[Any]:
    return [values[k % len(values)] for k in range(N)]


def numbers() -> list[float]:
    return [round(CHANCE.gauss(3, 2), 4) for _ in range(N)]


LISTS = [["a", "b"], ["a"], [], ["c", "a"]]

# table: (columns, settings, output, its kind, kinds of the inputs)
TABLES: dict[str, tuple[dict[str, list[Any]], dict[str, Any], str, str, dict[str, str]]] = {
    "text and label": ({"text": sentences(), "label": repeated("x", "y")}, {}, "label", "category", {"text": "tokens"}),
    "label first": ({"sentiment": repeated("x", "y"), "review": sentences()}, {}, "sentiment", "category", {"review": "tokens"}),
    "a name in capitals": ({"Label": repeated("x", "y"), "Text": sentences()}, {}, "Label", "category", {"Text": "tokens"}),
    "likeliest name": ({"stars": repeated(1, 2), "text": sentences(), "label": repeated("x", "y")}, {}, "label", "category", {"stars": "number", "text": "tokens"}),
    "no header": ({"1": repeated("good", "bad"), "2": sentences()}, {}, "1", "category", {"2": "tokens"}),
    "a number last": ({"text": sentences(), "size": numbers()}, {}, "size", "number", {"text": "tokens"}),
    "texts of numbers": ({"text": sentences(), "weight": [str(x) for x in numbers()]}, {}, "weight", "number", {"text": "tokens"}),
    "whole numbers, few": ({"text": sentences(), "stars": repeated(1, 2, 3, 4, 5)}, {}, "stars", "category", {"text": "tokens"}),
    "whole numbers, many": ({"text": sentences(), "price": [k * 7 for k in range(N)]}, {}, "price", "number", {"text": "tokens"}),
    "truth values": ({"text": sentences(), "spam": repeated(True, False)}, {}, "spam", "category", {"text": "tokens"}),
    "mostly whole numbers": ({"text": sentences(), "stars": [*repeated(1, 2)[1:], "n/a"]}, {}, "stars", "category", {"text": "tokens"}),
    "one column of classes": ({"kind": repeated("x", "y", "z"), "a": sentences(), "b": sentences()}, {}, "kind", "category", {"a": "tokens", "b": "tokens"}),
    "lists of labels": ({"text": sentences(), "tags": repeated(*LISTS)}, {}, "tags", "labels", {"text": "tokens"}),
    "labels in one cell": ({"text": sentences(), "tags": repeated("a;b", "c", "")}, {"label_separator": ";"}, "tags", "labels", {"text": "tokens"}),
    "lists of tokens": ({"words": [text.split() for text in sentences()], "label": repeated("x", "y")}, {}, "label", "category", {"words": "tokens"}),
    "several inputs": ({"title": sentences(3), "size": numbers(), "shop": repeated("A", "B"), "label": repeated("x", "y")}, {}, "label", "category", {"title": "tokens", "size": "number", "shop": "category"}),
    "an input of few texts": ({"code": repeated("A1", "B2", "C3", "D4"), "label": repeated("x", "y", "z")}, {}, "label", "category", {"code": "tokens"}),
    "an id": ({"id": list(range(N)), "text": sentences(), "label": repeated("x", "y")}, {}, "label", "category", {"text": "tokens"}),
    "an index without a name": ({"1": list(range(N)), "text": sentences(), "label": repeated("x", "y")}, {}, "label", "category", {"text": "tokens"}),
    "an empty column": ({"text": sentences(), "note": [None, ""] * (N // 2), "label": repeated("x", "y")}, {}, "label", "category", {"text": "tokens"}),
    "a split column, not asked for": ({"text": sentences(), "label": repeated("x", "y"), "split": repeated("train", "test")}, {}, "label", "category", {"text": "tokens"}),
    "a split column, asked for": ({"text": sentences(), "label": repeated("x", "y"), "part": repeated("train", "dev")}, {"split": "part"}, "label", "category", {"text": "tokens"}),
    "a group column": ({"who": repeated("p", "q"), "text": sentences(), "label": repeated("x", "y")}, {"group": "who"}, "label", "category", {"text": "tokens"}),
    "output asked for": ({"text": sentences(), "label": repeated("x", "y"), "size": numbers()}, {"output": ("size",), "input": ("text",)}, "size", "number", {"text": "tokens"}),
    "an id asked for": ({"id": [f"r{k}" for k in range(N)], "label": repeated("x", "y")}, {"input": ("id",)}, "label", "category", {"id": "tokens"}),
    "kinds said": ({"text": sentences(), "stars": repeated(1, 2)}, {"kinds": ("stars=number",)}, "stars", "number", {"text": "tokens"}),
    "an input twice": ({"text": sentences(), "label": repeated("x", "y")}, {"input": ("text", "text")}, "label", "category", {"text": "tokens"}),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_understood(name: str) -> None:
    columns, settings, output, kind, inputs = TABLES[name]
    found = propose(read(columns, DataSettings()), DataSettings(**settings))
    assert (found.output, found.kinds[output]) == (output, kind)
    assert {column: found.kinds[column] for column in found.inputs} == inputs
    assert list(found.kinds) == [*found.inputs, output], "the output comes last"
    assert found.notes[0].startswith(f'learning "{output}" ({kind}) from ') and output in found.reason


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"id": list(range(N))}, '"id" numbers the rows'),
        ({"note": [None] * N}, '"note" is empty'),
        ({"split": repeated("train", "test")}, "--split split"),
        ({"label": repeated("a;b", "b;a", "a", "b")}, 'say --set label_separator=";"'),
    ],
)
def test_what_is_left_aside_or_looks_odd_is_said(column: dict[str, list[Any]], words: str) -> None:
    found = propose(read({"text": sentences(), "label": repeated("x", "y"), **column}, DataSettings()), DataSettings())
    assert any(words in note for note in found.notes), found.notes


MIXED = {"text": sentences(), "size": numbers(), "label": repeated("x", "y")}


@pytest.mark.parametrize(
    ("columns", "settings", "words"),
    [
        (MIXED, {"output": ("lable",)}, ['"lable"', 'did you mean "label"']),
        (MIXED, {"input": ("txt",)}, ['"txt"', 'did you mean "text"']),
        (MIXED, {"output": ("label", "size")}, ["one column", "label_separator"]),
        (MIXED, {"input": ("label",), "output": ("label",)}, ["both --input and --output"]),
        (MIXED, {"kinds": ("text=word",)}, ["kind of column", '"word"', "tokens"]),
        (MIXED, {"kinds": ("text",)}, ["column=kind"]),
        (MIXED, {"kinds": ("txet=tokens",)}, ['did you mean "text"']),
        (MIXED, {"kinds": ("size=tokens",), "input": ("text",)}, ['"size" is neither input nor output']),
        ({"text": sentences()}, {}, ["no column to learn", "--input"]),
        ({"text": [""] * N, "label": repeated("x", "y")}, {}, ["no column to learn", '"text" is empty']),
        (
            {"title": sentences(3), "body": sentences()},
            {},
            ['"body"', "all 60 values differ", "--output (title, body)"],
        ),
        ({"part": repeated("x", "y")}, {"split": "part"}, ["no column to learn", "--output"]),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_mend(
    columns: dict[str, list[Any]], settings: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ThroughtimeError) as caught:
        propose(read(columns, DataSettings()), DataSettings(**settings))
    assert isinstance(caught.value, (DataError, UsageError))
    assert all(word in str(caught.value) for word in words), caught.value
