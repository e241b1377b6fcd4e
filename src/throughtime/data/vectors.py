"""Pretrained vectors from text files in the form of GloVe or word2vec: a token and its numbers a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from throughtime.data.files.decoding import refuse_binary
from throughtime.data.values import is_number
from throughtime.data.vocabulary import SPECIALS, Vocabulary
from throughtime.errors import DataError, Place, UsageError

HEAD_BYTES = 1 << 12


@dataclass(frozen=True)
class Vectors:
    """``matrix (V, D)`` float32 in the order of the vocabulary, ``known (V,)`` whether the file had the token.

    Rows of tokens that it did not have are 0.
    """

    matrix: np.ndarray
    known: np.ndarray

    @property
    def note(self) -> str:
        """How much of the vocabulary was found, in words."""
        known = self.known[len(SPECIALS) :]
        return f"{int(known.sum()):,} of {len(known):,} tokens have a vector in the file"


def read_vectors(path: str | Path, vocabulary: Vocabulary) -> Vectors:
    """Read the vectors of the vocabulary's tokens; a token that is missing is looked up in lower case.

    A first line of two whole numbers, as word2vec writes it, says how many there are and their size. Raises UsageError
    if there is no such file; DataError, with the row, for a line of another size or with something that is no number.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise UsageError(f"--set embeddings={path}: it is neither learned, nor one-hot, nor a file that is there")
    lowered: dict[str, list[int]] = {}
    for token, index in vocabulary.ids.items():
        lowered.setdefault(token.lower(), []).append(index)
    exact: dict[int, np.ndarray] = {}
    by_lower: dict[int, np.ndarray] = {}
    size, empty = None, True
    for row, parts in _lines(path):
        if row == 1 and len(parts) == 2 and all(part.isdecimal() for part in parts):
            size = int(parts[1])
            continue
        size = _size(parts) if size is None else size
        empty = False
        token, numbers = _cut(parts, size, Place(path.name, row))
        same = vocabulary.ids.get(token)
        wanted = lowered.get(token, [])
        if same is None and not wanted:
            continue
        vector = _vector(numbers, Place(path.name, row))
        if same is not None:
            exact.setdefault(same, vector)
        for index in wanted:
            by_lower.setdefault(index, vector)
    if size is None or empty:
        raise DataError(
            "the file holds no vectors",
            place=Place(path.name),
            mend="give a text file with a token and its numbers a line",
        )
    matrix, known = np.zeros((len(vocabulary), size), dtype=np.float32), np.zeros(len(vocabulary), dtype=bool)
    for index, vector in {**by_lower, **exact}.items():
        matrix[index], known[index] = vector, True
    return Vectors(matrix, known)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Row and parts of each line that is not blank."""
    try:
        with path.open("rb") as lines:
            refuse_binary(lines.read(HEAD_BYTES), path.name)
            lines.seek(0)
            for row, line in enumerate(lines, start=1):
                # only spaces and line ends: a token may be another blank of Unicode
                parts = _decoded(line, Place(path.name, row)).strip("\ufeff \r\n").split(" ")
                if parts != [""]:
                    yield row, parts
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"cannot be read ({reason})", place=Place(path.name), mend="check its permissions") from None


def _decoded(line: bytes, place: Place) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise DataError(
            "this is not text in UTF-8", place=place, mend="give the text form of the vectors, not the binary one"
        ) from None


def _size(parts: list[str]) -> int:
    """How many numbers the first line has; a token in front of them may hold spaces."""
    numbers = 0
    for part in reversed(parts[1:]):
        if not is_number(part):
            break
        numbers += 1
    return numbers or len(parts) - 1


def _cut(parts: list[str], size: int, place: Place) -> tuple[str, list[str]]:
    """The token, which may hold spaces, and its numbers."""
    first = max(1, len(parts) - size)
    numbers = parts[first:]
    more = [part for part in parts[1:first] if is_number(part)]
    if len(numbers) != size or size == 0 or more:
        found = len(numbers) + len(more)
        raise DataError(
            f"{found} {'number' if found == 1 else 'numbers'} where {max(size, 1)} must stand, a token before them",
            place=place,
            mend="fix or remove the row, or give a text file of vectors",
        )
    return " ".join(parts[:first]), numbers


def _vector(texts: list[str], place: Place) -> np.ndarray:
    if not all(map(is_number, texts)):
        raise DataError("not all entries are finite numbers", place=place, mend="fix or remove the row")
    return np.array(texts, dtype=np.float32)
