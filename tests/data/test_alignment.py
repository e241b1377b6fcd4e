"""Columns that go step by step together: what is recognised as such, and what is refused, with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime as tt
from throughtime.data.alignment import aligned_cut, require_aligned
from throughtime.data.columns import propose
from throughtime.data.dataset import Dataset
from throughtime.data.fields import fit_fields
from throughtime.data.files import read
from throughtime.data.records import Places, Records
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError

LISTS = [["the", "dog"], ["a", "cat", "sat"], ["it"]]
TEXTS = ["the dog", "a cat sat", "it"]
PROTEINS = ["MKVLA", "GGA", "PQRSTV", "MK"]
FOLDS = ["HHHEE", "CCH", "EEEECC", "HC"]

ALIGNED: dict[str, tuple[list[Any], list[Any], str]] = {
    "lists": (LISTS, [["D", "N"], ["D", "N", "V"], ["P"]], "list"),
    "tuples": (LISTS, [("D", "N"), ("D", "N", "V"), ("P",)], "list"),
    "lists of numbers": (LISTS, [[1, 2.5], [0, 1, -3], [7]], "list"),
    "numbers and numbers": ([[0.5, 1], [2, 3, 4], [5]], [[1, 2.5], [0, 1, -3], [7]], "list"),
    "vectors a step": ([[[1, 2], [3, 4]], [[5, 6]]], [["x", "y"], ["x"]], "list"),
    "words between spaces": (TEXTS, ["D N", "D N V", "P"], "spaces"),
    "numbers between spaces": (TEXTS, ["1 2.5", "0 1 -3", "7"], "spaces"),
    "more than one space": (TEXTS, ["D  N", " D N V ", "P"], "spaces"),
    "lists, and tags between spaces": (LISTS, ["D N", "D N V", "P"], "spaces"),
    "letters": (PROTEINS, FOLDS, "characters"),
    "lists of letters, and letters": ([list(text) for text in PROTEINS], FOLDS, "characters"),
    "letters, and lists": (PROTEINS, [list(text) for text in FOLDS], "list"),
    "letters with space around": ([f" {text}\t" for text in PROTEINS], FOLDS, "characters"),
    "empty in both": ([*TEXTS, "", None], ["D N", "D N V", "P", None, " "], "spaces"),
    "empty lists": ([*LISTS, []], [["D", "N"], ["D", "N", "V"], ["P"], []], "list"),
}

APART: dict[str, tuple[list[Any], list[Any]]] = {
    "a tag too few": (LISTS, [["D", "N"], ["D", "N"], ["P"]]),
    "a tag too many": (TEXTS, ["D N", "D N V X", "P"]),
    "a class a row": (TEXTS, ["pos", "neg", "pos"]),
    "classes as long as the text": (["good", "evil", "good", "dull"], ["hope", "fear", "hope", "fear"]),
    "one word each": (["a", "b", "c"], ["X", "Y", "X"]),
    "one letter each": (["a", "b", "c", "d"], ["X", "Y", "Z", "W"]),
    "codes of digits": (["abc", "defg", "hi"], ["123", "4567", "89"]),
    "labels of a row": (TEXTS, [["x"], ["y", "z"], []]),
    "a list among texts": (TEXTS, [["D", "N"], "D N V", "P"]),
    "a value without a partner": ([*TEXTS, None], ["D N", "D N V", "P", "X"]),
    "a partner without a value": ([*TEXTS, "more of it"], ["D N", "D N V", "P", None]),
    "numbers beside": ([1, 2, 3], ["a b", "c d", "e f"]),
    "a number a row": (TEXTS, [1, 2, 3]),
    "objects": (TEXTS, [{"a": 1}, {"b": 2}, {"c": 3}]),
    "nothing": ([], []),
    "only empty": (["", None], [None, ""]),
}


@pytest.mark.parametrize("name", ALIGNED)
def test_columns_that_go_together_are_recognised(name: str) -> None:
    first, second, cut = ALIGNED[name]
    assert aligned_cut(first, second) == cut


@pytest.mark.parametrize("name", APART)
def test_columns_that_do_not_are_left_alone(name: str) -> None:
    assert aligned_cut(*APART[name]) is None


def test_many_different_letters_are_texts_of_equal_length_by_chance() -> None:
    letters = [chr(0x4E00 + k) for k in range(60)]
    texts = ["".join(letters[k : k + 4]) for k in range(40)]
    assert aligned_cut(["abcd"] * 40, texts) is None
    assert aligned_cut(["abcd"] * 40, [text.replace(text[0], "a")[:4] for text in texts]) is None
    few = ["".join("HEC"[(k >> 2 * i) % 3] for i in range(4)) for k in range(40)]
    assert aligned_cut(["abcd"] * 40, few) == "characters"


def encoded(records: Records, kinds: dict[str, str], output: str, **settings: Any) -> tuple[Any, Any]:
    fitted = fit_fields(records, kinds, {output}, DataSettings(**settings))
    return fitted, Dataset(records, fitted).columns


def require(records: Records, kinds: dict[str, str], output: str, **settings: Any) -> None:
    require_aligned(records, *encoded(records, kinds, output, **settings), output)


KINDS = {"words": "words", "tags": "tags"}


def table(words: list[Any], tags: list[Any], lines: list[list[int]] | None = None) -> Records:
    rows = [10 * (k + 1) for k in range(len(words))]
    return Records({"words": words, "tags": tags}, "data.csv", Places(("data.csv",), [0] * len(words), rows, lines))


def test_equal_numbers_of_steps_pass() -> None:
    require(table([["a", "b"], [], ["c"]], [["X", "Y"], [], ["Y"]]), KINDS, "tags")


@pytest.mark.parametrize(
    ("words", "tags", "said"),
    [
        (["a"], ["X", "Y"], '2 steps, but column "words" has 1'),
        (["a", "b", "c"], ["X"], '1 step, but column "words" has 3'),
        ([], ["X"], '1 step, but column "words" has 0'),
        (["a"], [], '0 steps, but column "words" has 1'),
    ],
)
def test_unequal_numbers_name_the_row_both_columns_and_the_mend(words: list[str], tags: list[str], said: str) -> None:
    records = table([["a", "b"], words, ["c"]], [["X", "Y"], tags, ["Y"]])
    with pytest.raises(DataError) as refused:
        require(records, KINDS, "tags")
    assert str(refused.value).startswith(f'data.csv row 20, column "tags": {said}; ')
    assert refused.value.exit_code == 2 and "--input" in refused.value.mend
    assert refused.value.place.step is None


def test_where_a_row_stands_over_several_lines_its_first_is_named() -> None:
    records = table([["a", "b"], ["c"]], [["X", "Y"], ["X", "Y"]], [[3, 4], [6, 7]])
    with pytest.raises(DataError, match='^data.csv row 20, column "tags": 2 steps, but column "words" has 1; '):
        require(records, KINDS, "tags")


def test_columns_without_time_and_the_cut_do_not_matter() -> None:
    columns = {"words": [["a", "b", "c"], ["d"]], "size": [1, 2], "shop": ["A", "B"], "tags": [["X"] * 3, ["Y"]]}
    records = read(columns, DataSettings())
    kinds = {"words": "words", "size": "number", "shop": "category", "tags": "tags"}
    require(records, kinds, "tags")
    require(records, kinds, "tags", max_length=2)
    fitted, found = encoded(records, kinds, "tags", max_length=2)
    assert [len(steps) for steps in found["tags"]] == [len(steps) for steps in found["words"]] == [2, 1]
    assert fitted["tags"].classes == ("X", "Y") and np.array_equal(found["tags"][0], [0, 0])


def test_every_input_with_steps_is_compared() -> None:
    columns = {"words": [["a", "b"]], "heat": [[1.0, 2.0, 3.0]], "tags": [["X", "Y"]]}
    records = read(columns, DataSettings())
    with pytest.raises(DataError, match='2 steps, but column "heat" has 3'):
        require(records, {"words": "words", "heat": "numbers", "tags": "tags"}, "tags")


# table: its columns, the output and its kind, the inputs and theirs, what texts are cut into, what is set
TABLES: dict[str, tuple[dict[str, list[Any]], str, str, str | None, dict[str, Any]]] = {
    "lists of words and of tags": (
        {"tokens": LISTS, "tags": [["D", "N"], ["D", "N", "V"], ["P"]]}, "tags=tags", "tokens=words", None, {},
    ),
    "texts and tags": (
        {"sentence": TEXTS, "pos": ["D N", "D N V", "P"]}, "pos=tags", "sentence=words", None, {},
    ),
    "letters and letters": (
        {"sequence": PROTEINS, "structure": FOLDS}, "structure=tags", "sequence=tokens", "characters", {},
    ),
    "lists of letters": (
        {"letters": [list(text) for text in PROTEINS], "tags": [list(text) for text in FOLDS]},
        "tags=tags", "letters=tokens", None, {},
    ),
    "numbers to numbers": (
        {"signal": [[0.5, 1.25], [2.5, 3, 4.75]], "target": [[1.5, 2.5], [0.25, 1, -3]]},
        "target=numbers", "signal=numbers", None, {},
    ),
    "numbers to classes": (
        {"signal": [[0.5, 1.25], [2.5, 3, 4.75]], "state": [[0, 1], [1, 1, 0]]},
        "state=tags", "signal=numbers", None, {},
    ),
    "vectors to tags": (
        {"signal": [[[1, 2], [3, 4]], [[5, 6]]], "tags": [["x", "y"], ["x"]]}, "tags=tags", "signal=numbers", None, {},
    ),
    "whole numbers said to be numbers": (
        {"signal": [[0.5, 1.25], [2.5, 3, 4.75]], "state": [[0, 1], [1, 1, 0]]},
        "state=numbers", "signal=numbers", None, {"kinds": ("state=numbers",)},
    ),
    "tags said where lengths differ": (
        {"tokens": LISTS, "tags": [["D", "N"], ["D", "N"], ["P"]]},
        "tags=tags", "tokens=words", None, {"kinds": ("tags=tags",)},
    ),
    "lists of other lengths are labels": (
        {"text": TEXTS, "tags": [["x"], ["y", "z"], []]}, "tags=labels", "text=tokens", None, {},
    ),
    "labels said": (
        {"tokens": LISTS, "tags": [["D", "N"], ["D", "N", "V"], ["P"]]},
        "tags=labels", "tokens=tokens", None, {"kinds": ("tags=labels",)},
    ),
    "labels by a separator": (
        {"text": TEXTS, "tags": ["D N", "D N V", "P"]}, "tags=labels", "text=tokens", None, {"label_separator": " "},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_with_a_value_for_every_step_is_understood(name: str) -> None:
    columns, learnt, read_from, unit, settings = TABLES[name]
    found = propose(read(columns, DataSettings()), DataSettings(**settings))
    output, _, kind = learnt.partition("=")
    assert (found.output, found.kinds[output]) == (output, kind)
    assert " ".join(f"{column}={found.kinds[column]}" for column in found.inputs) == read_from
    assert found.unit == unit
    if not settings and kind in ("tags", "numbers"):
        (partner,) = found.inputs
        assert found.reason == f'"{output}" holds a value for every step of "{partner}"'


def test_a_list_of_labels_that_is_one_too_short_is_named_and_not_taken_for_several_labels(tmp_path: Path) -> None:
    steps = [[float(k + t) for t in range(3 + k % 5)] for k in range(60)]
    labels = [["p" if value % 2 else "n" for value in row] for row in steps]
    labels[5] = labels[5][:-1]
    with pytest.raises(DataError, match=r'row 6, column "y": 2 steps, but column "x" has 3'):
        tt.train({"x": steps, "y": labels}, tmp_path / "run", output="y", epochs=1)
    chance = np.random.default_rng(2)
    proteins = ["".join(chance.choice(list("MKVL"), 8 + k % 4)) for k in range(40)]
    tags = ["".join(chance.choice(list("HE"), len(one) + (k == 7))) for k, one in enumerate(proteins)]
    assert aligned_cut(proteins, tags) == "characters"


def test_lists_of_one_length_are_aligned_only_if_all_are() -> None:
    assert aligned_cut([["a", "b"]] * 40, [["x", "y"]] * 39 + [["x"]]) is None
    uneven = [["a"] * (1 + k % 3) for k in range(40)]
    assert aligned_cut(uneven, [[*row, *["x"] * (k % 9 == 0)] for k, row in enumerate(uneven)]) is None
