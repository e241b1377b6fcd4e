"""Tokens in a file: a text of any length is tokenised once, and then read where it lies on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.streams.texts import Document
from throughtime.data.tokenisation import cut
from throughtime.data.vocabulary import SPECIALS, UNK, Vocabulary

MANY = 10_000  # tokens, from which on words seen once are <unk>
MOST_WORDS = 1_000_000  # different words that are counted at a time; above it those seen once are forgotten
EOS_ID, UNK_ID = SPECIALS.index("<eos>"), SPECIALS.index(UNK)


@dataclass(frozen=True)
class Stream:
    """The tokens of a split, one after the other: ``ids (N,)``, of so many ``characters`` of text.

    ``digest`` is that of the text. Documents end with ``<eos>`` where there are several, and lines do where tokens are
    words.
    """

    ids: np.ndarray
    characters: int
    digest: str

    def __len__(self) -> int:
        return len(self.ids)


Tokenise = Callable[[str], np.ndarray]


def stored(documents: Sequence[Document], field: Tokens, encoding: str, file: Path, *, several: bool) -> Stream:
    """Tokenise the documents into ``file``; ``several``: each ends with ``<eos>``."""
    tokenise, dtype = tokeniser(field), smallest_type(len(field.vocabulary))
    characters, digest = 0, sha256()
    with file.open("wb") as out:
        for document in documents:
            for piece in (
                whole_lines(document.pieces(encoding)) if field.unit not in LETTERS else document.pieces(encoding)
            ):
                characters += len(piece)
                digest.update(piece.encode("utf-8", "surrogatepass"))
                tokenise(piece).astype(dtype).tofile(out)
            if several and field.unit in LETTERS:
                np.array([EOS_ID], dtype=dtype).tofile(out)
    empty = file.stat().st_size == 0
    ids = np.zeros(0, dtype=dtype) if empty else np.memmap(file, dtype=dtype, mode="r")
    return Stream(ids, characters, digest.hexdigest())


def smallest_type(vocabulary_size: int) -> np.dtype:
    """The smallest whole numbers that hold every id."""
    return np.dtype(np.uint8 if vocabulary_size <= 256 else np.uint16 if vocabulary_size <= 65536 else np.uint32)


def tokeniser(field: Tokens) -> Tokenise:
    """From a piece of text, whole lines where tokens are words, to ids (n,)."""
    vocabulary = field.vocabulary
    if field.unit in LETTERS:
        return _letters(field)

    def words(piece: str) -> np.ndarray:
        ids: list[np.ndarray] = []
        for line in piece.splitlines():
            ids += [vocabulary.encode(cut(line, field.unit, field.lower)), np.array([EOS_ID])]
        return np.concatenate(ids) if ids else np.zeros(0, dtype=np.int64)

    return words


def _letters(field: Tokens) -> Tokenise:
    """By a table from code points, or bytes, to ids: a hundred million characters take a second."""
    table = np.full(256 if field.unit == "bytes" else 0x110000, UNK_ID, dtype=np.int32)
    for token, number in field.vocabulary.ids.items():
        if len(token) == 1:
            table[ord(token)] = number

    def letters(piece: str) -> np.ndarray:
        return table[code_points(piece, field)]

    return letters


def code_points(piece: str, field: Tokens) -> np.ndarray:
    """The numbers of the characters, or of the bytes, of a text."""
    text = piece.lower() if field.lower else piece
    if field.unit == "bytes":
        return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def whole_lines(pieces: Iterator[str]) -> Iterator[str]:
    """The same text in pieces that end where a line ends."""
    rest = ""
    for piece in pieces:
        text = rest + piece
        end = text.rfind("\n") + 1
        if end:
            yield text[:end]
        rest = text[end:]
    if rest:
        yield rest


def vocabulary_of(
    documents: Sequence[Document], empty: Tokens, encoding: str, settings_min: int | None, most: int | None
) -> tuple[Vocabulary, int, int]:
    """The vocabulary of the documents, how many tokens they have, and how many of these it does not know."""
    counts = (
        _letter_counts(documents, empty, encoding)
        if empty.unit in LETTERS
        else _word_counts(documents, empty, encoding)
    )
    total = sum(counts.values())
    already = counts.pop(UNK, 0)  # a text may hold it as a word of its own
    least = settings_min or (2 if empty.unit not in LETTERS and total >= MANY else 1)
    vocabulary = Vocabulary.from_counts(Counter(counts), least, most)
    known = sum(counts.get(token, 0) for token in vocabulary.tokens)
    return vocabulary, total, total - known - already


def _letter_counts(documents: Sequence[Document], empty: Tokens, encoding: str) -> dict[str, int]:
    table = np.zeros(256 if empty.unit == "bytes" else 0x110000, dtype=np.int64)
    for document in documents:
        for piece in document.pieces(encoding):
            found = np.bincount(code_points(piece, empty))
            table[: len(found)] += found
    return {chr(k): int(table[k]) for k in np.flatnonzero(table)}


def _word_counts(documents: Sequence[Document], empty: Tokens, encoding: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for document in documents:
        for piece in whole_lines(document.pieces(encoding)):
            counts.update(cut(piece, empty.unit, empty.lower))
            if len(counts) > MOST_WORDS:
                counts = Counter({word: count for word, count in counts.items() if count > 1})
    return counts
