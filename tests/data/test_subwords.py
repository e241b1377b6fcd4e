"""Subwords: learnt from the training texts, the same each time, exact there and back, kept as plain JSON."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.fields import fields, fields_from_json, fields_to_json
from throughtime.data.settings import DataSettings
from throughtime.data.streams import read_streams
from throughtime.data.subwords import BYTES, Subwords, proposed_size, subwords_joined
from throughtime.data.vocabulary import SPECIALS
from throughtime.errors import Place, UsageError

CHANCE = random.Random(3)
STEMS = ["read", "writ", "sing", "walk", "größ", "läuf", "читат", "قرأ"]
ENDINGS = ["", "er", "ing", "est", "s", "e.", "en,", "ь"]
TEXTS = [" ".join(CHANCE.choice(STEMS) + CHANCE.choice(ENDINGS) for _ in range(7)) for _ in range(200)]


@cache
def learnt(size: int = 320) -> Subwords:
    return Subwords.fit(TEXTS, size)


def fitted(output: bool = False, values: list[Any] | None = None, **settings: Any) -> Any:
    chosen = DataSettings(**{"tokens": "subwords", "subwords": 320, **settings})
    values = TEXTS if values is None else values
    return fields["tokens"].fit("it", values, lambda i: Place("data.csv", i + 2, "it"), chosen, output=output)


def any_text(chance: random.Random) -> str:
    """Letters of all scripts, spaces of all kinds, signs, and what pieces and marks look like."""
    parts = [
        chance.choice(STEMS),
        " " * chance.randrange(4),
        chr(chance.choice([chance.randrange(1, 0xD800), chance.randrange(0xE000, 0x110000)])),
        chance.choice(["<0xE2>", "<unk>", "<eos>", "<pad>", "Ġ", "▁", "\ufffd", "\n", "\t", "e\u0301", "é", "￭"]),
        str(chance.randrange(10_000)),
    ]
    return "".join(chance.choices(parts, k=9))


@pytest.mark.parametrize("seed", range(100))
def test_any_text_comes_back_as_it_was(seed: int) -> None:
    text, subwords = any_text(random.Random(seed)), learnt()
    pieces = subwords.cut(text)
    assert subwords_joined(pieces) == text
    assert set(pieces) <= set(subwords.pieces)


@pytest.mark.parametrize("written", [False, True])
def test_any_text_comes_back_from_its_ids(written: bool) -> None:
    field = fitted(output=written)
    for seed in range(200):
        text = any_text(random.Random(seed))
        if text.strip():
            assert field.decode(field.encode(text, Place())) == text


def test_pieces_are_merged_in_order_of_frequency() -> None:
    subwords = Subwords.fit(["aaab aaab", "cd"] * 5, 259)
    assert subwords.merges == (("a", "a"), ("a", "b"), ("aa", "ab"))
    assert len(subwords.pieces) == 259
    assert subwords.cut("aaab aaaab cd") == ["aaab", " ", "aa", "aa", "b", " ", "c", "d"]


def test_a_piece_is_shown_as_its_text_or_as_its_bytes() -> None:
    assert learnt().cut("läuft €") == ["läuf", "t", " ", "<0xE2>", "<0x82>", "<0xAC>"]


def test_bytes_that_are_no_character_are_shown_as_such() -> None:
    assert subwords_joined(["a", "<0xE2>", "<0x82>", "b"]) == "a\ufffdb"


@pytest.mark.parametrize("size", [257, 300, 400])
def test_there_are_as_many_as_asked_for(size: int) -> None:
    subwords = learnt(size)
    assert len(subwords.pieces) == BYTES + len(subwords.merges) == size
    assert len(fitted(subwords=size).vocabulary) == size + len(SPECIALS)


def test_there_are_fewer_where_the_texts_hold_no_more() -> None:
    assert Subwords.fit(["ab", "cd cd"], 4_000).merges == (("c", "d"),)  # what stands once merges with nothing
    assert proposed_size(TEXTS) == 500


def test_the_same_texts_give_the_same_pieces_in_another_process() -> None:
    program = "import json, sys; from throughtime.data.subwords import Subwords; "
    program += "print(json.dumps(Subwords.fit(json.load(sys.stdin), 320).to_json()))"
    asked = json.dumps(TEXTS)
    said = subprocess.run([sys.executable, "-c", program], input=asked, capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == learnt().to_json()


def test_it_is_kept_as_plain_json() -> None:
    field = fitted()
    saved = json.loads(json.dumps(fields_to_json({"it": field})))
    again: Any = fields_from_json(saved)["it"]
    assert again == field and again.subwords.merges == field.subwords.merges
    for seed in range(50):
        text = any_text(random.Random(seed))
        assert again.encode(text, Place()).tolist() == field.encode(text, Place()).tolist()


def test_rows_that_are_lists_stay_as_they_are_cut() -> None:
    field = fitted(values=[*TEXTS, ["reader", "walker"]])
    assert field.tokens(["reader", "xyz"], Place()) == ["reader", "xyz"]


def test_texts_can_be_lower_cased() -> None:
    field = fitted(lower_case="yes", values=[text.upper() for text in TEXTS])
    assert field.decode(field.encode("READER", Place())) == "reader"
    assert field.tokens("READING", Place()) == ["read", "ing"]
    assert not fitted().lower


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"min_count": 3}, "--set min_count=3"),
        ({"max_vocabulary": 300}, "--set max_vocabulary=300"),
        ({"tokens": "words"}, "--set subwords=320: the texts are not cut into subwords; add --set tokens=subwords"),
        ({"tokens": "auto"}, "--set subwords=320"),
    ],
)
def test_what_would_act_on_nothing_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        fitted(**settings)
    assert said in str(caught.value) and "leave it out" in str(caught.value)


def test_lists_alone_are_refused() -> None:
    with pytest.raises(UsageError, match="lists of tokens already"):
        fitted(values=[["a", "b"], ["c"]], subwords=None)


def test_running_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plays.txt").write_text("\n".join(TEXTS))
    with pytest.raises(UsageError, match="--set tokens=subwords: running text is cut into characters, bytes or words"):
        read_streams(tmp_path / "plays.txt", DataSettings(tokens="subwords"), lambda said: None)


def test_without_the_library_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = fields_to_json({"it": fitted()})
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UsageError, match=r"pip install throughtime\[text\]"):
        fitted()
    field: Any = fields_from_json(saved)["it"]
    assert field.decode([field.vocabulary.ids["read"]]) == "read"  # to write needs no library
    with pytest.raises(UsageError, match=r"pip install throughtime\[text\]"):
        field.encode("reader", Place())
