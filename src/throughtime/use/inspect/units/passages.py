"""A corpus in two halves: by one units are chosen, the other is held out. A token has the value of a character."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.order import permutation
from throughtime.data.streams.document import Document
from throughtime.data.streams.store import EOS_ID, tokeniser
from throughtime.data.tokenisation import WORD
from throughtime.data.vocabulary import SOS
from throughtime.errors import UsageError
from throughtime.use.inspect.units.annotations import Annotation

LEAST = 64  # tokens of a half
LONG_WORD = 8  # characters of a word with what parts it from the next, generously
BEFORE = 512  # tokens that are read before a half that begins in the midst of a text
BOTH = 1  # key of the order in which files are dealt out


@dataclass(frozen=True)
class Passage:
    """A text or a part of it: from which file and line, its tokens ``ids (n,)``, and its values by annotation.

    ``last (n,)`` is where in the text each token's last character stands; ``values`` are one a character.
    """

    name: str
    row: int
    text: str
    ids: np.ndarray
    last: np.ndarray
    values: Mapping[str, np.ndarray]

    def cut(self, begin: int, end: int) -> Passage:
        """The tokens from ``begin`` to ``end``, and the text from behind the one before them to the last of them."""
        first = int(self.last[begin - 1]) + 1 if begin else 0
        behind = int(self.last[end - 1]) + 1 if end < len(self.ids) else len(self.text)
        return Passage(
            self.name,
            self.row + self.text.count("\n", 0, first),
            self.text[first:behind],
            self.ids[begin:end],
            self.last[begin:end] - first,
            {name: values[first:behind] for name, values in self.values.items()},
        )


@dataclass(frozen=True)
class Half:
    """Passages that are read one after the other; ``before`` are the tokens that are read first."""

    passages: tuple[Passage, ...]
    before: np.ndarray

    def __len__(self) -> int:
        return sum(len(passage.ids) for passage in self.passages)

    @property
    def characters(self) -> int:
        return sum(len(passage.text) for passage in self.passages)

    @cached_property
    def ids(self) -> np.ndarray:
        """All tokens (N,), with ``<eos>`` behind each passage."""
        return np.concatenate([np.append(passage.ids, EOS_ID) for passage in self.passages])

    @cached_property
    def places(self) -> np.ndarray:
        """Which of :attr:`ids` are of a text, (n,)."""
        ends = np.cumsum([len(passage.ids) + 1 for passage in self.passages]) - 1
        return np.delete(np.arange(len(self.ids)), ends)

    def truth(self, name: str) -> np.ndarray:
        """What an annotation says of each token of a text (n,): its value at the token's last character."""
        return np.concatenate([passage.values[name][passage.last] for passage in self.passages])


def halves(
    documents: Sequence[Document], field: Tokens, annotations: Iterable[Annotation], most: int
) -> tuple[Half, Half]:
    """``most`` tokens of each half at most; whole files on either side, or one text cut in the middle.

    Files are dealt out in an order that depends on their number alone, each to the half that has less. Raises
    UsageError where a half would have hardly any tokens.
    """
    annotations = list(annotations)
    if len(documents) == 1:
        pair = _cut_in_two(_passage(documents[0], field, annotations, 2 * most), field, most)
    else:
        first, second = (_read(side, field, annotations, most) for side in _dealt_out(documents))
        pair = first, second
    for half in pair:
        if len(half) < LEAST:
            raise UsageError(f"one half of the text has {len(half)} tokens, at least {LEAST} are needed; give more")
    return pair


def _dealt_out(documents: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    sides: tuple[list[Document], list[Document]] = ([], [])
    sizes = [0, 0]
    for k in permutation(len(documents), BOTH).tolist():
        less = int(sizes[1] < sizes[0])
        sides[less].append(documents[k])
        sizes[less] += documents[k].size
    return sides


def _read(documents: Sequence[Document], field: Tokens, annotations: Sequence[Annotation], most: int) -> Half:
    found: list[Passage] = []
    left = most
    for document in documents:
        passage = _passage(document, field, annotations, left)
        if len(passage.ids):
            found.append(passage.cut(0, min(left, len(passage.ids))))
            left -= len(found[-1].ids)
        if left <= 0:
            break
    return _begun(found, field)


def _cut_in_two(passage: Passage, field: Tokens, most: int) -> tuple[Half, Half]:
    """Where the first line behind the middle begins, if one does before the last quarter."""
    size = min(len(passage.ids), 2 * most)
    middle, latest = size // 2, size - size // 4
    if middle == 0:
        return _begun((), field), _begun((), field)
    newlines = (field.vocabulary.ids.get("\n", EOS_ID), EOS_ID)
    ends = np.flatnonzero(np.isin(passage.ids[middle - 1 : latest], newlines))
    middle += int(ends[0]) if len(ends) else 0
    second = passage.cut(middle, min(size, middle + most))
    before = passage.ids[max(0, middle - BEFORE) : middle]
    return _begun((passage.cut(0, min(middle, most)),), field), Half((second,), before)


def _begun(passages: Sequence[Passage], field: Tokens) -> Half:
    """Passages that are read as the run's own texts are: after the end of another."""
    return Half(tuple(passages), field.vocabulary.encode(field.start or (SOS,)))


def _passage(document: Document, field: Tokens, annotations: Sequence[Annotation], most: int) -> Passage:
    """A document as far as it may be needed, annotated before it is cut: what a cut leaves open would be lost."""
    wanted = most if field.unit in LETTERS else LONG_WORD * most
    text = ""
    for piece in document.pieces():
        text += piece
        if len(text) >= wanted:
            break
    values = {annotation.name: annotation.of(text) for annotation in annotations}
    row = 1 + sum(piece.count("\n") for piece in document.part(0, document.begin).pieces())
    return Passage(document.name, row, text, tokeniser(field)(text), last_characters(text, field), values)


def last_characters(text: str, field: Tokens) -> np.ndarray:
    """Where the last character of each token stands in the text, (n,); ``<eos>`` is the end of a line.

    >>> from throughtime.data.vocabulary import Vocabulary
    >>> last_characters("To be,\\nor", Tokens("text", Vocabulary(()), "words", True, None))
    array([1, 4, 5, 6, 8])
    """
    own = np.arange(len(text))
    if field.lower and len(text.lower()) != len(text):  # of a few letters two are made
        own = np.repeat(own, [len(character.lower()) for character in text])
    lowered = text.lower() if field.lower else text
    if field.unit == "characters":
        return own
    if field.unit == "bytes":
        return np.repeat(own, [len(character.encode("utf-8", "surrogatepass")) for character in lowered])
    token = WORD.pattern if field.unit == "words" else r"\S+"
    ends = [match.end() for match in re.finditer(rf"\n|{token}", lowered, WORD.flags)]
    return own[np.array(ends, dtype=int) - 1]
