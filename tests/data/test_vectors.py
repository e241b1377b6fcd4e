"""Pretrained vectors from GloVe and word2vec text files, and what is wrong with a file that is none."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.vectors import read_vectors
from throughtime.data.vocabulary import Vocabulary
from throughtime.errors import DataError, UsageError

VOCABULARY = Vocabulary.fit([["the", "the", "Paris", "gréve", "absent", "in spite"]])
CHANCE = random.Random(2)
NUMBERS = {token: [round(CHANCE.gauss(0, 1), 5) for _ in range(3)] for token in ("the", "paris", "gréve", "other", "5")}


def lines(numbers: dict[str, list[float]]) -> str:
    return "".join(f"{token} {' '.join(map(str, values))}\n" for token, values in numbers.items())


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "vectors.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("header", ["", "5 3\n"], ids=["glove", "word2vec"])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"])
def test_each_token_gets_its_own_vector(header: str, end: str, tmp_path: Path) -> None:
    found = read_vectors(file(tmp_path, (header + lines(NUMBERS)).replace("\n", end)), VOCABULARY)
    assert found.matrix.shape == (len(VOCABULARY), 3) and found.matrix.dtype == np.float32
    for token, source in (("the", "the"), ("Paris", "paris"), ("gréve", "gréve")):
        assert found.matrix[VOCABULARY.ids[token]] == pytest.approx(NUMBERS[source])
    assert [VOCABULARY.tokens[k] for k in np.flatnonzero(found.known)] == ["the", "Paris", "gréve"]
    assert not found.matrix[~found.known].any()
    assert found.note == "3 of 5 tokens have a vector in the file"


@pytest.mark.parametrize("order", [("Paris", "paris", "PARIS"), ("PARIS", "paris", "Paris")])
def test_a_token_itself_goes_before_its_lower_case_form(order: tuple[str, ...], tmp_path: Path) -> None:
    numbers = {"Paris": [1.0, 2.0], "paris": [3.0, 4.0], "PARIS": [5.0, 6.0]}
    content = lines({token: numbers[token] for token in order})
    assert read_vectors(file(tmp_path, content), VOCABULARY).matrix[VOCABULARY.ids["Paris"]].tolist() == [1, 2]


def test_a_token_may_hold_spaces_and_unk_may_have_a_vector(tmp_path: Path) -> None:
    content = "the 1 2\nin spite 3 4\n<unk> 5 6\n. . . 7 8\n\n"
    found = read_vectors(file(tmp_path, content), VOCABULARY)
    assert found.matrix[VOCABULARY.ids["in spite"]].tolist() == [3, 4] and found.matrix[1].tolist() == [5, 6]
    assert found.note.startswith("2 of 5")


def test_none_of_the_tokens(tmp_path: Path) -> None:
    found = read_vectors(file(tmp_path, "zebra 1 2 3\n"), VOCABULARY)
    assert not found.known.any() and found.matrix.shape == (len(VOCABULARY), 3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["vectors.txt", "no vectors"]),
        ("5 3\n", ["no vectors"]),
        ("the 1 2 3\nother 1 2\n", ["row 2", "2 numbers where 3 must stand"]),
        ("the 1 2 3\nother 1 2 3 4\n", ["row 2", "4 numbers where 3 must stand"]),
        ("2 4\nthe 1 2 3\n", ["row 2", "3 numbers where 4"]),
        ("the 1 2 3\nparis 1 nan 3\n", ["row 2", "finite numbers"]),
        ("the 1 2 3\nparis 1 x 3\n", ["row 2", "finite numbers"]),
        ("the\n", ["row 1", "0 numbers"]),
        (b"the 1 2 3\n\xff\xfe\x00 1 2 3\n", ["row 2", "UTF-8", "not the binary one"]),
        (b"5 3\nthe \x00\x00\x80\x3f\x8f\n", ["row 2", "binary"]),
        (b"\x1f\x8b\x08\0\0\0\0", ["vectors.txt", "gzip", "unpack"]),
    ],
)
def test_a_broken_file_is_named_with_its_row(content: str | bytes, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_vectors(file(tmp_path, content), VOCABULARY)
    assert all(word in str(caught.value) for word in words), caught.value


def test_no_such_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(UsageError, match="embeddings=.*neither learned, nor one-hot, nor a file"):
            read_vectors(path, VOCABULARY)
