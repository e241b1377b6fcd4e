"""Tokens in a file: a text of any length is tokenised once, and then read where it lies on the disk."""

from __future__ import annotations

import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np

from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.streams.document import Document
from throughtime.data.tokenisation import cut
from throughtime.data.vocabulary import EOS, SPECIALS, UNK, Vocabulary

MANY = 10_000  # tokens, from which on words seen once are <unk>
MOST_WORDS = 500_000  # different words that are counted at a time, in some 80 MB
REMEMBERED = 100_000  # different parts of a text
EOS_ID, UNK_ID = SPECIALS.index(EOS), SPECIALS.index(UNK)


@dataclass(frozen=True)
class Stream:
    """The tokens of a split, one after the other: ``ids (N,)``, of so many ``characters`` of text.

    ``digest`` is that of the text. Lines end with ``<eos>`` where tokens are words, and so do documents where there are
    several. ``ids`` may be a map of ``file``, of which a part is best read by :meth:`read`.
    """

    ids: np.ndarray
    characters: int
    digest: str
    file: IO[bytes] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def read(self, begin: int, end: int) -> np.ndarray:
        """``ids[begin:end]``, from the file: pages of a map would stay, and count as memory of the process."""
        if self.file is None:
            return self.ids[begin:end]
        size = self.ids.dtype.itemsize
        self.file.seek(begin * size)
        return np.frombuffer(self.file.read((end - begin) * size), dtype=self.ids.dtype)


Tokenise = Callable[[str], np.ndarray]


def stored(documents: Sequence[Document], field: Tokens, room: Path | None, *, several: bool) -> Stream:
    """Tokenise the documents; ``several``: each ends with ``<eos>``.

    The tokens lie in a file of the folder ``room``, or where temporary files lie, which nobody else sees and which goes
    with the stream, whatever becomes of the process.
    """
    dtype = smallest_type(len(field.vocabulary))
    characters, digest = 0, sha256()
    file = tempfile.TemporaryFile(dir=room, buffering=0)  # noqa: SIM115 - it is closed with the stream
    try:
        for text, ids in _tokenised(documents, field, several):
            characters += len(text)
            digest.update(text.encode("utf-8", "surrogatepass"))
            file.write(ids.astype(dtype).tobytes())
        ids = np.memmap(file, dtype=dtype, mode="r") if file.tell() else np.zeros(0, dtype=dtype)
    except BaseException:
        file.close()
        raise
    stream = Stream(ids, characters, digest.hexdigest(), file)
    weakref.finalize(stream, file.close)
    return stream


def _tokenised(documents: Sequence[Document], field: Tokens, several: bool) -> Iterator[tuple[str, np.ndarray]]:
    """Pieces of text and their tokens (n,)."""
    tokenise = tokeniser(field)
    for document in documents:
        last = ""
        for piece in uncut(document.pieces(), field):
            yield piece, tokenise(piece)
            last = piece[-1:] or last
        unfinished = several if field.unit in LETTERS else last not in ("", "\n")
        if unfinished:
            yield "", np.array([EOS_ID])


def smallest_type(vocabulary_size: int) -> np.dtype:
    """The smallest whole numbers that hold every id."""
    return np.dtype(np.uint8 if vocabulary_size <= 256 else np.uint16 if vocabulary_size <= 65536 else np.uint32)


def tokeniser(field: Tokens) -> Tokenise:
    """From a piece of text that cuts no token apart to ids (n,); where they are words, lines end with ``<eos>``."""
    return _letters(field) if field.unit in LETTERS else _words(field)


def _words(field: Tokens) -> Tokenise:
    """What stands between spaces is cut once and remembered: three times as fast as to cut it again and again."""
    ids, remembered = field.vocabulary.ids, dict[str, tuple[int, ...]]()

    def words(piece: str) -> np.ndarray:
        if len(remembered) > REMEMBERED:
            remembered.clear()
        remembered["\n"] = (EOS_ID,)
        parts = piece.replace("\n", " \n ").split(" ")
        for part in set(parts) - remembered.keys():
            remembered[part] = tuple(ids.get(word, UNK_ID) for word in cut(part, field.unit, field.lower))
        return np.fromiter(chain.from_iterable(map(remembered.__getitem__, parts)), dtype=np.int64)

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


def uncut(pieces: Iterator[str], field: Tokens) -> Iterator[str]:
    """The same text in pieces that end behind white space, where a cut might change a token or its lower case."""
    if field.unit in LETTERS and not field.lower:
        yield from pieces
        return
    kept: list[str] = []
    for piece in pieces:
        end = max(piece.rfind("\n"), piece.rfind(" ")) + 1
        if end:
            yield "".join([*kept, piece[:end]])
            kept = []
        kept.append(piece[end:])
    yield "".join(kept)


def vocabulary_of(
    documents: Sequence[Document], empty: Tokens, least: int | None, most: int | None
) -> tuple[Vocabulary, int, int]:
    """The vocabulary of the documents, how many tokens they have, and how many of these it does not know.

    Only tokens seen ``least`` times are known, and of these the ``most`` frequent; by default, words of a text that is
    not short must be seen twice.
    """
    counts, total = (_letter_counts if empty.unit in LETTERS else _word_counts)(documents, empty)
    unknown = counts.pop(UNK, 0)  # a text may hold it as a word of its own
    least = least or (2 if empty.unit not in LETTERS and total >= MANY else 1)
    vocabulary = Vocabulary.from_counts(counts, least, most)
    return vocabulary, total, total - unknown - sum(counts[token] for token in vocabulary.tokens)


def _letter_counts(documents: Sequence[Document], empty: Tokens) -> tuple[Counter[str], int]:
    table = np.zeros(256 if empty.unit == "bytes" else 0x110000, dtype=np.int64)
    for document in documents:
        for piece in uncut(document.pieces(), empty):
            found = np.bincount(code_points(piece, empty))
            table[: len(found)] += found
    return Counter({chr(k): int(table[k]) for k in np.flatnonzero(table)}), int(table.sum())


def _word_counts(documents: Sequence[Document], empty: Tokens) -> tuple[Counter[str], int]:
    """How often each word occurs; of very many different ones, the rarer half is forgotten on the way."""
    counts: Counter[str] = Counter()
    total = 0
    for document in documents:
        for piece in uncut(document.pieces(), empty):
            for part, times in Counter(piece.split()).items():
                for word in cut(part, empty.unit, empty.lower):
                    counts[word] += times
                    total += times
            if len(counts) > MOST_WORDS:
                rare = np.median(np.fromiter(counts.values(), dtype=np.int64))
                counts = Counter({word: count for word, count in counts.items() if count > rare})
    return counts, total
