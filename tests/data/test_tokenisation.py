"""Texts to tokens and back, and which unit is proposed for which texts."""

from __future__ import annotations

import random

import pytest

from throughtime.data.tokenisation import cut, joined, proposed_unit


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        (" \t\n", []),
        ("It's a well-known don’t.", ["It's", "a", "well-known", "don’t", "."]),
        ("3.14 costs 1,000.5!", ["3.14", "costs", "1,000.5", "!"]),
        ("v2.0: ok...", ["v2", ".", "0", ":", "ok", ".", ".", "."]),
        ("the <unk> dog", ["the", "<unk>", "dog"]),
        ("Größe, naïve 日本語", ["Größe", ",", "naïve", "日本語"]),
        ("a\u00a0b", ["a", "b"]),
        ("😀!", ["😀", "!"]),
    ],
)
def test_words(text: str, tokens: list[str]) -> None:
    assert cut(text, "words") == tokens


def test_lower_case_and_characters() -> None:
    assert cut("ÄB c", "characters", lower=True) == ["ä", "b", " ", "c"]
    assert cut("The END", "words", lower=True) == ["the", "end"]
    assert cut(" as  it\tstands .", "spaces") == ["as", "it", "stands", "."]


def test_characters_and_spaced_words_come_back_exactly() -> None:
    chance = random.Random(3)
    for _ in range(50):
        text = "".join(chance.choice("ab ,.\n\u00e9😀") for _ in range(chance.randint(0, 20)))
        assert joined(cut(text, "characters"), "characters") == text
        assert cut(joined(cut(text, "spaces"), "spaces"), "spaces") == text.split()
        assert cut(joined(cut(text, "words"), "words"), "words") == cut(text, "words")


@pytest.mark.parametrize(
    ("texts", "wanted", "unit"),
    [
        (["Khoury", "Van der Berg", "O'Neill"] * 30, "auto", "characters"),
        (["A good film.", "Not a good film, really!"] * 30, "auto", "words"),
        (["a good film , really .", "not so , no ."] * 30, "auto", "spaces"),
        (["a good film , really .", "not so , no ."] * 30, "words", "spaces"),
        (["a good film ."] * 30, "characters", "characters"),
        (["Khoury"] * 30, "words", "words"),
        (["acgtgcatgcaatgcatgcatgcatgacg aaa ttt"] * 30, "auto", "words"),
        (["acgtgcatgcaatgcatgcatgcatgacgtacgtacgtgactgcatgcatgcatgcatgcatg"] * 30, "auto", "characters"),
        (["我喜欢这部电影，因为它很好看。"] * 30, "auto", "characters"),
        (["", "  "], "auto", "words"),
        ([], "words", "words"),
    ],
)
def test_a_unit_is_proposed_with_its_reason(texts: list[str], wanted: str, unit: str) -> None:
    found, reason = proposed_unit(texts, wanted)  # type: ignore[arg-type]
    assert found == unit and reason
