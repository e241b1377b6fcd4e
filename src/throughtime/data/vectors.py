"""Pretrained vectors from text files in the form of GloVe or word2vec: a token and its numbers a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.data.vocabulary import Vocabulary
from throughtime.errors import DataError, Place, UsageError


@dataclass(frozen=True)
class Vectors:
    """``matrix (V, D)`` float32 in the order of the vocabulary; rows that the file did not have are 0, and not ``known (V,)``."""

    matrix: np.ndarray
    known: np.ndarray

    @property
    def note(self) -> str:
        """How much of the vocabulary was found, in words."""
        return f"{int(self.known.sum()):,} of {len(self.known) - 4:,} tokens have a vector in the file"


def read_vectors(path: str | Path, vocabulary: Vocabulary) -> Vectors:
    """Read the vectors of the vocabulary's tokens; a token that is missing is looked up in lower case too.

    A first line of two numbers (word2vec) is passed over. Raises UsageError if there is no such file, DataError with
    the row for a line of another size or with something that is not a number.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise UsageError(f"embeddings {path}: it is neither learned, nor one-hot, nor a file that is there")
    wanted: dict[str, list[int]] = {}
    for token, index in vocabulary.ids.items():
        wanted.setdefault(token.lower(), []).append(index)
    matrix, exact = None, np.zeros(len(vocabulary), dtype=bool)
    known = np.zeros(len(vocabulary), dtype=bool)
    with path.open("rb") as lines:
        for row, line in enumerate(lines, start=1):
            token, *numbers = _parts(line, path, row)
            if row == 1 and len(numbers) == 1 and token.isdigit():
                continue
            if matrix is None:
                matrix = np.zeros((len(vocabulary), len(numbers)), dtype=np.float32)
            if len(numbers) != matrix.shape[1] or not numbers:
                raise DataError(
                    f"{len(numbers)} numbers, where the rows before have {matrix.shape[1]}", place=Place(str(path), row), mend="fix or remove the row"
                )
            for index in wanted.get(token.lower(), ()):
                same = vocabulary.ids.get(token) == index
                if same or not exact[index] and not known[index]:
                    matrix[index] = _numbers(numbers, path, row)
                    known[index], exact[index] = True, exact[index] or same
    if matrix is None:
        raise DataError("the file holds no vectors", place=Place(str(path)), mend="give a text file with a token and its numbers a line")
    return Vectors(matrix, known)


def _parts(line: bytes, path: Path, row: int) -> list[str]:
    try:
        return line.decode("utf-8").rstrip().split(" ")
    except UnicodeDecodeError:
        raise DataError("this is not text in UTF-8", place=Place(str(path), row), mend="give the text form of the vectors, not the binary one") from None


def _numbers(texts: list[str], path: Path, row: int) -> np.ndarray:
    try:
        found = np.array(texts, dtype=np.float32)
    except ValueError:
        found = np.array([np.nan])
    if not np.isfinite(found).all():
        raise DataError("not all entries are finite numbers", place=Place(str(path), row), mend="fix or remove the row")
    return found
