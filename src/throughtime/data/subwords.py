"""Subwords: pieces of words, learnt from the training texts by merging bytes that often stand together.

Byte pair encoding (Sennrich, Haddow and Birch 2016) over the bytes of UTF-8, by the library ``tokenizers``. Text is
taken as it stands: nothing is normalised, and pieces join to the very same text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from throughtime.errors import UsageError

BYTES = 256
TWICE = 2  # what stands together once is learnt by heart
FEWEST, MOST = 500, 8_000
WORDS_A_PIECE = 40  # spaced words of training text for each piece, where no number is set
SINGLE = re.compile(r"(?:<0x[0-9A-F]{2}>)+")


@dataclass(frozen=True)
class Subwords:
    """What was learnt: pairs of pieces, in the order in which they merge.

    A piece is its text, with the space before it; a piece that is no whole character is its bytes, as ``<0xC3>``. No
    piece of a text looks like this, because a piece holds either letters, digits or other signs.

    >>> subwords = Subwords.fit(["low lower lowest er"] * 9, size=260)
    >>> subwords.cut("lower €"), subwords.merges[:2]
    (['low', 'er', ' ', '<0xE2>', '<0x82>', '<0xAC>'], (('l', 'o'), ('lo', 'w')))
    >>> subwords_joined(subwords.cut("lower €"))
    'lower €'
    """

    merges: tuple[tuple[str, str], ...]

    @classmethod
    def fit(cls, texts: Iterable[str], size: int) -> Subwords:
        """Learn from these texts at most ``size`` pieces, the 256 bytes among them; the same texts, the same pieces.

        Bytes that stand together once are not merged. Raises UsageError where the library is not installed.
        """
        library = _library()
        learner = library.Tokenizer(library.models.BPE())
        learner.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = sorted(library.pre_tokenizers.ByteLevel.alphabet())
        trainer = library.trainers.BpeTrainer(
            vocab_size=size, min_frequency=TWICE, initial_alphabet=alphabet, show_progress=False
        )
        learner.train_from_iterator(texts, trainer)
        return cls(tuple((_shown(first), _shown(second)) for first, second in _merges(learner)))

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """All pieces: the bytes, then what merges."""
        return tuple(dict.fromkeys([*map(_shown, _SIGNS), *(_merged(first, second) for first, second in self.merges)]))

    def cut(self, text: str) -> list[str]:
        """The pieces of a text. Raises UsageError where the library is not installed."""
        return [_shown(piece) for piece in self._cutter.encode(text).tokens]

    @cached_property
    def _cutter(self) -> Any:
        library = _library()
        merges = [(_hidden(first), _hidden(second)) for first, second in self.merges]
        ids = {piece: k for k, piece in enumerate(dict.fromkeys([*_SIGNS, *map("".join, merges)]))}
        cutter = library.Tokenizer(library.models.BPE(vocab=ids, merges=merges))
        cutter.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        return cutter

    def to_json(self) -> list[list[str]]:
        """Plain JSON, read back by :meth:`from_json`."""
        return [list(pair) for pair in self.merges]

    @classmethod
    def from_json(cls, saved: Sequence[Sequence[str]]) -> Subwords:
        return cls(tuple((first, second) for first, second in saved))


def proposed_size(texts: Iterable[str]) -> int:
    """How many pieces suit so much text.

    >>> proposed_size(["a b c"]), proposed_size(["one two three four"] * 10_000)
    (500, 1000)
    """
    return min(max(sum(len(text.split()) for text in texts) // WORDS_A_PIECE, FEWEST), MOST)


def subwords_joined(pieces: Iterable[str]) -> str:
    """The text of some pieces; bytes that are no character, as a network may write them, become U+FFFD."""
    return b"".join(map(_bytes, pieces)).decode("utf-8", "replace")


def _signs() -> tuple[str, ...]:
    """The sign that stands for each byte within the library: itself where it can be seen, else one from U+0100 on."""
    seen = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = (chr(0x100 + k) for k in range(BYTES))
    return tuple(chr(byte) if byte in seen else next(hidden) for byte in range(BYTES))


_SIGNS = _signs()
_BYTE_OF = {sign: byte for byte, sign in enumerate(_SIGNS)}


def _shown(piece: str) -> str:
    """A piece of the library as it is shown and saved."""
    content = bytes(_BYTE_OF[sign] for sign in piece)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in content)


def _bytes(piece: str) -> bytes:
    if SINGLE.fullmatch(piece):
        return bytes(int(byte, 16) for byte in re.findall("0x(..)", piece))
    return piece.encode("utf-8", "surrogatepass")


def _hidden(piece: str) -> str:
    return "".join(_SIGNS[byte] for byte in _bytes(piece))


def _merged(first: str, second: str) -> str:
    return _shown(_hidden(first) + _hidden(second))


def _merges(learner: Any) -> list[tuple[str, str]]:
    return [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]


def _library() -> Any:
    """The library, imported only where it is used."""
    try:
        return import_module("tokenizers")
    except ImportError:
        problem = "--set tokens=subwords: the library tokenizers is not installed"
        raise UsageError(f"{problem}; say pip install throughtime[text]") from None
