"""Which column is to be learnt, and what each column holds, proposed from many small tables."""

from __future__ import annotations

import random
from typing import Any

import pytest

from throughtime.data.columns import propose
from throughtime.data.files import read
from throughtime.data.records import in_memory_records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, ThroughtimeError, UsageError

WORDS = ("a", "fine", "film", "of", "no", "plot", "and", "dull")
CHANCE = random.Random(5)
N = 60


def sentences(words: int = 6) -> list[str]:
    return [" ".join(CHANCE.choice(WORDS) for _ in range(words)) + f" {k}" for k in range(N)]


def repeated(*values: Any) -> list[Any]:
    return [values[k % len(values)] for k in range(N)]


def numbers() -> list[float]:
    return [round(CHANCE.gauss(3, 2), 4) for _ in range(N)]


TEXTS, CLASSES, NUMBERS = sentences(), repeated("x", "y"), numbers()
BASE: dict[str, list[Any]] = {"text": TEXTS, "label": CLASSES}
LISTS = [["a", "b"], ["a"], [], ["c", "a"]]

# table: its columns, the output and its kind, the inputs and theirs, what is set
TABLES: dict[str, tuple[dict[str, list[Any]], str, str, dict[str, Any]]] = {
    "text and label": (BASE, "label=category", "text=tokens", {}),
    "label first": ({"sentiment": CLASSES, "review": TEXTS}, "sentiment=category", "review=tokens", {}),
    "a name in capitals": ({"Label": CLASSES, "Text": TEXTS}, "Label=category", "Text=tokens", {}),
    "likeliest name": ({"stars": repeated(1, 2), **BASE}, "label=category", "stars=number text=tokens", {}),
    "no header": ({"1": repeated("good", "bad"), "2": TEXTS}, "1=category", "2=tokens", {}),
    "a number last": ({"text": TEXTS, "size": NUMBERS}, "size=number", "text=tokens", {}),
    "texts of numbers": ({"text": TEXTS, "weight": [str(x) for x in NUMBERS]}, "weight=number", "text=tokens", {}),
    "few whole numbers": ({"text": TEXTS, "stars": repeated(1, 2, 3, 4, 5)}, "stars=category", "text=tokens", {}),
    "many whole numbers": ({"text": TEXTS, "price": [k * 7 for k in range(N)]}, "price=number", "text=tokens", {}),
    "truth values": ({"text": TEXTS, "spam": repeated(True, False)}, "spam=category", "text=tokens", {}),
    "mostly whole": ({"text": TEXTS, "stars": [*repeated(1, 2)[1:], "n/a"]}, "stars=category", "text=tokens", {}),
    "one column of classes": (
        {"kind": repeated("x", "y", "z"), "a": TEXTS, "b": sentences()}, "kind=category", "a=tokens b=tokens", {},
    ),
    "lists of labels": ({"text": TEXTS, "tags": repeated(*LISTS)}, "tags=labels", "text=tokens", {}),
    "labels in one cell": (
        {"text": TEXTS, "tags": repeated("a;b", "c", "")}, "tags=labels", "text=tokens", {"label_separator": ";"},
    ),
    "lists of tokens": (
        {"words": [text.split() for text in TEXTS], "label": CLASSES}, "label=category", "words=tokens", {},
    ),
    "several inputs": (
        {"title": sentences(3), "size": NUMBERS, "shop": repeated("A", "B"), "label": CLASSES},
        "label=category", "title=tokens size=number shop=category", {},
    ),
    "an input of few texts": (
        {"code": repeated("A1", "B2", "C3", "D4"), "label": repeated("x", "y", "z")},
        "label=category", "code=tokens", {},
    ),
    "an id": ({"id": list(range(N)), **BASE}, "label=category", "text=tokens", {}),
    "an index without a name": ({"1": list(range(N)), **BASE}, "label=category", "text=tokens", {}),
    "an empty column": ({"note": [None, ""] * (N // 2), **BASE}, "label=category", "text=tokens", {}),
    "a split column": ({**BASE, "split": repeated("train", "test")}, "label=category", "text=tokens", {}),
    "a split asked for": (
        {**BASE, "part": repeated("train", "dev")}, "label=category", "text=tokens", {"split": "part"},
    ),
    "a group column": ({"who": CLASSES, **BASE}, "label=category", "text=tokens", {"group": "who"}),
    "output asked for": (
        {**BASE, "size": NUMBERS}, "size=number", "text=tokens", {"output": ("size",), "input": ("text",)},
    ),
    "an id asked for": (
        {"id": [f"r{k}" for k in range(N)], "label": CLASSES}, "label=category", "id=tokens", {"input": ("id",)},
    ),
    "kinds said": (
        {"text": TEXTS, "stars": repeated(1, 2)}, "stars=number", "text=tokens", {"kinds": ("stars=number",)},
    ),
    "an input twice": (BASE, "label=category", "text=tokens", {"input": ("text", "text")}),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_understood(name: str) -> None:
    columns, learnt, read_from, settings = TABLES[name]
    found = propose(read(columns, DataSettings()), DataSettings(**settings))
    output, _, kind = learnt.partition("=")
    assert (found.output, found.kinds[output]) == (output, kind)
    assert " ".join(f"{column}={found.kinds[column]}" for column in found.inputs) == read_from
    assert list(found.kinds) == [*found.inputs, output], "the output comes last"
    assert found.notes[0].startswith(f'learning "{output}" ({kind}) from ') and output in found.reason


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"id": list(range(N))}, '"id" numbers the rows'),
        ({"note": [None] * N}, '"note" is empty'),
        ({"split": repeated("train", "test")}, "--split split"),
        ({"label": repeated("a;b", "b;a", "a", "b")}, 'say --set label_separator=";"'),
        ({"label": repeated("a;b", "b;a", "a", "")}, '2 of the 3 classes of "label" hold ";"'),
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
        (MIXED, {"kinds": ("text=token",)}, ["kind of column", '"token"', 'did you mean "tokens"']),
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


def test_numbers_written_with_decimals_are_no_classes() -> None:
    texts = [f"text {k}" for k in range(60)]
    whole, written = [str(k % 5) for k in range(60)], [f"{k % 5}.0" for k in range(60)]
    for values, kind in ((whole, "category"), (written, "number")):
        records = in_memory_records({"text": list(texts), "score": list(values)})
        assert propose(records, DataSettings(output=("score",))).kinds["score"] == kind


def test_two_columns_named_in_one_option_are_told_apart() -> None:
    records = in_memory_records({"a": ["x y"] * 4, "b": ["y z"] * 4, "label": ["p", "q"] * 2})
    with pytest.raises(UsageError, match="there is no column named a,b; say --input a --input b"):
        propose(records, DataSettings(input=("a,b",), output=("label",)))
